"""Nets by family. `build` makes a net whose output is what a codec needs.

A family is a class whose first arguments are the image's channels and the number of maps (or outputs); if it
needs the image's (width, height), it has an argument `size`. To add a family, write its file and a line in
FAMILIES.
"""

from __future__ import annotations

from dataclasses import fields
from importlib import import_module
from inspect import signature

from torch import nn

from keypoints.errors import UserError
from keypoints.models.blocks import output_shape
from keypoints.models.bounds import bounded
from keypoints.models.codecs.codec import Codec
from keypoints.models.codecs.coordinates import Coordinates, SoftArgmax
from keypoints.models.codecs.distribution import Distribution
from keypoints.settings.recipes import Model

# name -> module, class, and whether its output is maps or a vector; for codecs that need coordinates, a
# soft-argmax follows the maps.
FAMILIES: dict[str, tuple[str, str, str]] = {
    "pyramid": ("keypoints.models.pyramid", "Pyramid", "maps"),
    "plain": ("keypoints.models.plain", "Plain", "vector"),
    "plain_maps": ("keypoints.models.plain", "PlainMaps", "maps"),
    "backbone": ("keypoints.models.backbone", "Backbone", "vector"),
    "unet": ("keypoints.models.unet", "UNet", "maps"),
}


def build(model: Model, codec: Codec, channels: int, size: tuple[int, int], fresh: bool = True) -> nn.Module:
    """The net for crops (N, channels, height, width); `size` is (width, height).

    `fresh`: fetch the pretrained weights that the option names; not needed where other weights will be
    loaded. Raises `UserError` for an unknown family or option, where net and codec do not fit, and where
    pretrained weights cannot be fetched.
    """
    if model.family not in FAMILIES:
        raise UserError(f"model.family: {model.family!r} is none of {', '.join(FAMILIES)}")
    module, name, gives = FAMILIES[model.family]
    family = getattr(import_module(module), name)
    known = option_names(family)
    given = {"size": size} if "size" in known else {}
    known = [name for name in known if name not in given]
    if wrong := set(model.options) - set(known):
        raise UserError(f"model.options.{min(wrong)}: {model.family} knows {', '.join(known)}")
    spec = codec.output_spec
    coordinates = codec if gives == "maps" and isinstance(codec, Coordinates) else None
    needs_maps = spec.map_size is not None or isinstance(codec, Distribution)
    if coordinates is None and (gives == "maps") != needs_maps:
        raise UserError(f"model.family: {model.family} gives {gives}, which the codec cannot use")
    try:
        with bounded():
            net = family(
                channels, coordinates.points if coordinates else spec.count, **given, **model.options
            )
            if coordinates:
                net = nn.Sequential(net, SoftArgmax(coordinates))
            made = output_shape(net, (1, channels, size[1], size[0]))
    except (TypeError, ValueError, IndexError, ArithmeticError, RuntimeError) as error:
        raise UserError(f"model.options of {model.family}: {error}") from None
    needed = (1, spec.count, *(spec.map_size or ()))
    if made != needed:
        raise UserError(f"model: {model.family} gives {made} for a crop of {size}, the codec needs {needed}")
    if fresh and hasattr(net, "fetch"):
        net.fetch()
    return net


def option_names(family: type[nn.Module]) -> list[str]:
    """The arguments of a family's constructor after the first two; `columns` stands for its fields."""
    columns = [field.name for field in fields(family.columns)] if hasattr(family, "columns") else []
    names = [p.name for p in signature(family).parameters.values() if p.kind != p.VAR_KEYWORD]
    return columns + names[2:]
