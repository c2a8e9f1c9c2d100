"""Shapes as components, whole or with points that are not there."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from keypoints.errors import UserError
from keypoints.models import codecs
from keypoints.settings.recipes import Codec
from tests.models.codecs.samples import SIZE, draw, pca, quick, seeds


@quick
@given(seeds, st.floats(0.1, 100))
def test_all_components_give_training_shapes_back(seed: int, scale: float) -> None:
    faces = draw(seed, faces=20)
    codec = pca(faces, 8, scale=scale)
    target = codec.encode(faces)
    assert target.shape == (20, codec.output_spec.count) == (20, 8)
    torch.testing.assert_close(codec.decode(target), faces, atol=0.01, rtol=0)
    torch.testing.assert_close(target.mean(0), torch.zeros(8), atol=1e-3, rtol=0)
    torch.testing.assert_close(target.std(0), codec["deviation"], atol=1e-3 * scale, rtol=1e-3)


@quick
@given(seeds)
def test_more_components_hold_more(seed: int) -> None:
    faces = draw(seed, faces=20)
    made = [pca(faces, k) for k in range(1, 9)]
    shares = [float(codec["explained"]) for codec in made]
    errors = [float((codec.decode(codec.encode(faces)) - faces).square().mean()) for codec in made]
    assert all(0 < share <= 1 + 1e-6 for share in shares) and shares == sorted(shares)
    assert errors == sorted(errors, reverse=True)
    assert abs(shares[-1] - 1) < 1e-5


def test_pca_state_round_trip() -> None:
    faces = draw(0, faces=20)
    fitted = pca(faces, 3)
    other = codecs.build(Codec("pca", "mse", components=3), 4, SIZE)
    assert not torch.allclose(other.encode(faces), fitted.encode(faces))
    other.restore(fitted.state())
    torch.testing.assert_close(other.encode(faces), fitted.encode(faces), rtol=0, atol=0)
    assert all(isinstance(value, Tensor) for value in fitted.state().values())


def test_pca_wants_enough_faces() -> None:
    with pytest.raises(UserError, match="components"):
        pca(draw(0, faces=3), 4)
    with pytest.raises(UserError, match="components"):
        pca(draw(0, faces=30), 9)


def test_components_are_those_of_faces_with_all_points() -> None:
    config = Codec("pca", "mse", components=3)
    points = draw(0, faces=30)
    codec, whole = codecs.build(config, 4, SIZE), codecs.build(config, 4, SIZE)
    gapped = points.clone()
    gapped[20:, 1] = torch.nan
    codec.fit(gapped)
    whole.fit(points[:20])
    for name, values in whole.state().items():
        assert torch.equal(codec.state()[name], values)


def test_the_weights_of_a_face_that_lacks_a_point_are_those_that_the_others_tell() -> None:
    """Where shapes are made of the components alone, one point less tells as much."""
    config = Codec("pca", "mse", components=2)
    codec = codecs.build(config, 6, SIZE)
    generator = torch.Generator().manual_seed(0)
    modes = torch.rand((2, 12), generator=generator)
    shapes = torch.randn((40, 2), generator=generator) @ modes
    points = (0.5 + 0.1 * shapes).unflatten(1, (6, 2)) * torch.tensor(SIZE)
    codec.fit(points)
    gapped = points.clone()
    gapped[::2, 4] = torch.nan
    torch.testing.assert_close(codec.encode(gapped)[1::2], codec.encode(points)[1::2])
    torch.testing.assert_close(codec.encode(gapped), codec.encode(points), atol=2e-2, rtol=2e-2)
