"""LPIPS and the feature distance of reconstructions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from genlab.metrics.extractors.classifier import OwnClassifier
from genlab.metrics.feature_distance import FeatureDistance
from genlab.metrics.lpips import LPIPS, LPIPSDistance, distances, lpips_network
from genlab.metrics.suite import Suite
from genlab.modalities.pixels import to_model


@pytest.fixture(scope="module")
def trunk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """AlexNet's weights in torchvision's format, random."""
    from torchvision.models import alexnet

    path = tmp_path_factory.mktemp("weights") / "alexnet.pth"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        torch.save(alexnet().state_dict(), path)
    return path


def pictures(n: int, seed: int, channels: int = 3, side: int = 40) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, channels, side, side), dtype=torch.uint8, generator=generator)


def test_lpips_is_torchmetrics_over_the_same_trunk(trunk: Path) -> None:
    from torchmetrics.functional.image.lpips import _LPIPS
    from torchvision.models import alexnet

    model = alexnet()
    model.load_state_dict(torch.load(trunk, weights_only=True))
    theirs = _LPIPS(pretrained=True, net="alex", pnet_rand=True)
    parts = [range(2), range(2, 5), range(5, 8), range(8, 10), range(10, 12)]
    for number, layers in enumerate(parts, start=1):
        for layer in layers:
            getattr(theirs.net, f"slice{number}")._modules[str(layer)] = model.features[layer]
    a, b = pictures(3, 0), pictures(3, 1)
    with torch.no_grad():
        expected = theirs.eval()(a / 127.5 - 1, b / 127.5 - 1).flatten()
    assert distances(lpips_network(trunk), a, b).tolist() == pytest.approx(expected.tolist(), rel=1e-5)
    assert expected.min() > 0


def test_lpips_as_an_error_to_be_minimised_is_the_metric_with_a_gradient(trunk: Path) -> None:
    distance, a, b = LPIPSDistance("unused", str(trunk)), pictures(2, 0, channels=1), pictures(2, 1, channels=1)
    x = to_model(a).requires_grad_(True)
    found = distance(x, to_model(b))
    assert torch.allclose(found.detach(), distances(lpips_network(trunk), a, b), rtol=1e-5)
    found.sum().backward()
    assert bool((x.grad.abs().amax((1, 2, 3)) > 0).all())


def test_lpips_of_a_picture_with_itself_is_zero_and_grows_with_the_error(trunk: Path) -> None:
    network, real = lpips_network(trunk), pictures(2, 0, channels=1)
    noise = (pictures(2, 1, channels=1).int() - 128) // 8
    slightly, strongly = ((real.int() + k * noise).clamp(0, 255).to(torch.uint8) for k in (1, 6))
    assert distances(network, real, real).tolist() == pytest.approx([0, 0], abs=1e-6)
    assert (distances(network, real, slightly) < distances(network, real, strongly)).all()
    assert torch.allclose(distances(network, real, strongly), distances(network, strongly, real))


def test_alexnet_that_cannot_be_had_is_named_before_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"LPIPS: weights='.*absent.pth' is not a file"):
        LPIPS(str(tmp_path), str(tmp_path / "absent.pth")).check()
    (tmp_path / "alexnet-owt-7be5be79.pth").write_bytes(b"half a download")
    with pytest.raises(ValueError, match="is damaged"):
        LPIPS(str(tmp_path)).check()


def test_lpips_is_left_out_for_pictures_too_small_for_alexnet(
    data: Any, copying: type, trunk: Path, cache_dir: str
) -> None:
    suite = Suite({"lpips": LPIPS("unused", str(trunk))}, 20, 20, 0, "test", cache_dir)
    assert suite.applicable(copying(data), data) == {}


def test_the_feature_distance_has_its_extractors_name_and_is_zero_for_perfect_reconstructions(
    data: Any, copying: type, extractor: OwnClassifier, cache_dir: str
) -> None:
    class Perfect(copying):
        def reconstruct(self, x: torch.Tensor, condition: Any = None) -> torch.Tensor:
            return x

    class Inverting(copying):
        def reconstruct(self, x: torch.Tensor, condition: Any = None) -> torch.Tensor:
            return -x

    suite = Suite({"distance": FeatureDistance(extractor)}, 100, 50, 0, "test", cache_dir)
    found = [suite.evaluate(kind(data), data)["feature_distance_digits"] for kind in (Perfect, copying, Inverting)]
    assert found[0].value == pytest.approx(0, abs=1e-9)
    assert 0 < found[1].high < found[2].low <= 2
    assert found[1].provenance["extractor"] == "digits"
