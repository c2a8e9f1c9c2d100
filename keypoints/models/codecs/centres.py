"""Faces as maps that a detector learns: "objects as points" (CenterNet, Zhou et al., 2019).

A face is represented by its axis, two points (`landmarks.AXIS`). So the detector's prediction for one face is
measured and drawn like any other part's, while `find` returns all faces.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from keypoints.errors import UserError
from keypoints.models.codecs.codec import Codec, OutputSpec
from keypoints.settings import recipes

STRIDE = 4  # pixels per side of a cell
MAPS = 6  # score; offset within the cell, right and down; log of the side; the direction up, x and y
RARE = 4.0  # subtracted from the score's logits, so that an untrained net sees a face in 2 % of the cells
NEAR = 0.6  # height of the bump around a face above which offset, side and direction are learned
# Faces in the background of the photographs are not annotated. So where the labels have no face (heat below
# EMPTY) and the net's score is above TRUSTED, the cell is left out of the loss.
EMPTY, TRUSTED = 0.01, 0.9
REACH = 0.6  # sides: around the middle of a face that does not count, nothing is learned


class Centres(Codec):
    """Targets are (N, 8, h, w): the six maps, a mask of the cells near faces, and a mask of those that count.

    `sigma` of the recipe is the width of the Gaussian bump around a face's middle, in sides of its box.
    """

    def __init__(self, config: recipes.Codec, points: int, size: tuple[int, int]) -> None:
        if points != 2 or config.sigma <= 0:
            raise UserError("codec: centres needs the points axis2 and a sigma above 0")
        self.sigma, self.weight = config.sigma, config.weight
        self.map_size = math.ceil(size[1] / STRIDE), math.ceil(size[0] / STRIDE)
        self.output_spec = OutputSpec(MAPS, self.map_size)

    def encode(self, points: Tensor) -> Tensor:
        """One face per crop (N, 2, 2), or several (N, F, 5) -> the target.

        The five numbers are x, y of the axis' two points, pixels, and 1, or 0 for a face that does not count
        because much of it is hidden. Rows are NaN where a crop has fewer than F faces.
        """
        if points.shape[1:] == (2, 2):
            points = F.pad(points.flatten(1), (0, 1), value=1.0)[:, None]
        there = points[..., 4].nan_to_num(-1)
        top, bottom = points[..., :2].nan_to_num(0), points[..., 2:4].nan_to_num(0)
        middle = ((top + bottom) / 2 + 0.5) / STRIDE - 0.5  # in cells
        up = top - bottom
        side = up.norm(dim=-1).clamp_min(1e-3)

        rows, columns = (torch.arange(n, device=points.device) for n in self.map_size)
        grid = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), -1)  # (h, w, 2) x, y
        cell = middle.round()[..., None, None, :]
        away = (grid - cell).square().sum(-1)  # (N, F, h, w)
        width = (self.sigma * side / STRIDE).clamp_min(0.7)[..., None, None]
        bumps = torch.exp(-away / (2 * width**2)) * (there == 1)[..., None, None]
        heat, nearest = bumps.max(dim=1, keepdim=True)
        near = (heat > NEAR).float()

        log_side = (side / STRIDE).log()[..., None]
        values = torch.cat([middle, log_side, F.normalize(up, dim=-1)], -1)  # (N, F, 5)
        values = values[..., None, None].expand(-1, -1, -1, *self.map_size)
        chosen = values.gather(1, nearest[:, :, None].expand(-1, -1, 5, -1, -1))[:, 0]
        place = chosen[:, :2] - grid.permute(2, 0, 1)
        reach = (REACH * side / STRIDE)[..., None, None] ** 2
        passed_over = ((away < reach) & (there == 0)[..., None, None]).any(1, keepdim=True) & (heat < NEAR)
        return torch.cat([heat, place, chosen[:, 2:], near, (~passed_over).float()], 1)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """The focal loss of the first map (Law & Deng, 2018), and L1 of the others around faces."""
        heat, near, counted = target[:, 0], target[:, -2], target[:, -1]
        logits = output[:, 0] - RARE
        sure = logits.sigmoid()
        hit = heat == 1
        missed = -((1 - sure) ** 2) * F.logsigmoid(logits)
        false = -((1 - heat) ** 4) * sure**2 * F.logsigmoid(-logits)
        counted = counted * ~((heat < EMPTY) & (sure.detach() > TRUSTED))
        focal = (torch.where(hit, missed, false) * counted).sum() / hit.sum().clamp_min(1)
        away = (output[:, 1:] - target[:, 1:MAPS]).abs().sum(1)
        return self.weight * (focal + (away * near).sum() / near.sum().clamp_min(1))

    def perfect(self, target: Tensor) -> Tensor:
        sure = target[:, :1].clamp(1e-4, 1 - 1e-4)
        return torch.cat([sure.logit() + RARE, target[:, 1:MAPS]], 1)

    def find(self, output: Tensor, most: int) -> Tensor:
        """The `most` best faces (N, most, 5): x, y of the axis' two points, pixels, and the score, 0…1.

        Only cells whose score is the highest among their neighbours; one face may still be found twice.
        """
        n, _, _, w = output.shape
        sure = (output[:, :1] - RARE).sigmoid()
        sure = (sure * (F.max_pool2d(sure, 3, 1, 1) == sure)).flatten(1)
        score, cell = sure.topk(most, dim=1)
        values = output[:, 1:].flatten(2).gather(2, cell[:, None].expand(n, MAPS - 1, most))
        row = cell // w
        column = cell - row * w  # ONNX lacks a remainder by a width that is not known yet
        middle = (torch.stack([column + values[:, 0], row + values[:, 1]], -1) + 0.5) * STRIDE - 0.5
        half = F.normalize(values[:, 3:5], dim=1).mT * (values[:, 2].exp() * STRIDE / 2)[..., None]
        return torch.cat([middle + half, middle - half, score[..., None]], -1)

    def decode(self, output: Tensor) -> Tensor:
        return self.find(output, 1)[:, 0, :4].unflatten(1, (2, 2))
