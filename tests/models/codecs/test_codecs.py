"""Of every codec: the loss is least at the truth, and a point that is not there adds nothing."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings

from keypoints.errors import UserError
from keypoints.models import codecs
from keypoints.settings.recipes import Codec
from tests.models.codecs.samples import SIZE, draw, heatmap, pca, seeds


def every_codec() -> dict[str, codecs.Codec]:
    made = {
        f"coordinates {loss}": codecs.build(Codec("coordinates", loss, scale=100.0), 4, SIZE)
        for loss in codecs.ELEMENTWISE
    }
    for loss in ("cross_entropy", "squared"):
        made[f"heatmap {loss}"] = heatmap(loss=loss)
        made[f"heatmap {loss} weighted"] = heatmap(loss=loss, weight=1.0)
    return made | {"pca": pca(draw(9, faces=20), 3)}


@pytest.mark.parametrize("name, codec", every_codec().items())
@settings(max_examples=5, deadline=None)
@given(seed=seeds)
def test_the_loss_is_least_at_the_truth(name: str, codec: codecs.Codec, seed: int) -> None:
    target = codec.encode(draw(seed, low=0.1, high=0.9))
    truth = target.clamp_min(1e-30).log() if "heatmap" in name else target
    least = codec.loss(truth, target)
    assert torch.isfinite(least)
    if "cross_entropy" not in name:
        assert float(least) < 1e-5
    noise = torch.randn(truth.shape, generator=torch.Generator().manual_seed(seed))
    output = (truth + noise).requires_grad_()
    loss = codec.loss(output, target)
    loss.backward()
    assert loss > least
    assert torch.isfinite(output.grad).all() and output.grad.abs().max() > 0


@pytest.mark.parametrize(
    "config, words",
    [
        (Codec("coordinates", "cross_entropy"), "codec.loss"),
        (Codec("pca", "squared"), "codec.loss"),
        (Codec("heatmap", "l1", sigma=0.1, map_size=[8, 8]), "codec.loss"),
        (Codec("heatmap", "squared", sigma=0.1), "map_size"),
        (Codec("heatmap", "squared", map_size=[8, 8]), "sigma"),
        (Codec("distribution", "l1", sigma=0.01), "codec.loss"),
        (Codec("distribution", "laplace"), "sigma"),
    ],
)
def test_combinations_without_sense_are_refused(config: Codec, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        codecs.build(config, 4, SIZE)
    assert "\n" not in str(caught.value)


GAPPED = {
    **{loss: Codec("coordinates", loss, scale=50.0) for loss in ("mse", "l1", "smooth_l1", "wing")},
    "maps": Codec("heatmap", "cross_entropy", sigma=0.04, map_size=[24, 16], coordinate_weight=1.0),
    "squared": Codec("heatmap", "squared", sigma=0.04, map_size=[24, 16]),
}


@pytest.mark.parametrize("config", GAPPED.values(), ids=GAPPED)
def test_a_point_that_a_face_lacks_adds_nothing_to_the_loss(config: Codec) -> None:
    """The loss of faces that lack their last point is that of the other points; so are gradients."""
    codec, fewer = codecs.build(config, 4, SIZE), codecs.build(config, 3, SIZE)
    points, found = draw(0, low=0.2, high=0.8), draw(1, low=0.2, high=0.8)
    points[:, 3] = torch.nan
    output = codec.encode(found).clamp_min(1e-6)
    output = output.log() if codec.output_spec.map_size else output
    output.requires_grad_()
    loss = codec.loss(output, codec.encode(points))
    cut = output.unflatten(1, (4, -1))[:, :3].flatten(1, 2) if output.ndim == 2 else output[:, :3]
    torch.testing.assert_close(loss, fewer.loss(cut, fewer.encode(points[:, :3])))
    (gradient,) = torch.autograd.grad(loss, output)
    assert gradient.isfinite().all()
    assert (gradient.reshape(3, 4, -1)[:, 3] == 0).all() and (gradient != 0).any()
