"""Ours and torch-fidelity's numbers on the same pictures and the same weight file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import Dataset

from genlab.metrics.extractors.inception import Inception
from genlab.metrics.frechet import DistanceTo, estimate_distance
from genlab.metrics.inception_score import inception_score
from genlab.metrics.kid import kid_of_subsets
from genlab.metrics.moments import moments
from genlab.metrics.prdc import prdc


class Pictures(Dataset):
    def __init__(self, pixels: torch.Tensor) -> None:
        self.pixels = pixels

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, i: int) -> torch.Tensor:
        return self.pixels[i]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weight file of torch-fidelity's own format: the state dict of its network, with random values."""
    from torch_fidelity import feature_extractor_inceptionv3 as theirs

    class Unloaded(theirs.FeatureExtractorInceptionV3):
        def load_state_dict(self, *args: Any, **kwargs: Any) -> None:
            """Keep the random initial weights."""

    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save({}, path)  # its constructor reads a file whatever happens
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Unloaded("random", ["2048"], str(path))
        for module in network.modules():
            if isinstance(module, torch.nn.Conv2d):
                torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        network.fc.weight.data.mul_(20)
    torch.save(network.state_dict(), path)
    return path


def pictures(n: int, seed: int, contrast: float) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(n, 3, 4, 4, generator=generator) - 0.5
    smooth = torch.nn.functional.interpolate(coarse, (32, 32), mode="bilinear")
    return (127 + 255 * contrast * smooth).clamp(0, 255).round().to(torch.uint8)


def test_fid_kid_inception_score_precision_and_recall_equal_torch_fidelity(weights: Path) -> None:
    import torch_fidelity

    samples, real = pictures(12, 0, 0.9), pictures(9, 1, 0.4)
    theirs = torch_fidelity.calculate_metrics(
        input1=Pictures(samples), input2=Pictures(real), cuda=False, fid=True, isc=True, isc_splits=3, verbose=False,
        kid=True, kid_subsets=10, kid_subset_size=8, prc=True, prc_neighborhood=3,
        feature_extractor="inception-v3-compat", feature_extractor_weights_path=str(weights), cache=False, batch_size=8,
        save_cpu_ram=True,
    )  # fmt: skip
    extractor = Inception("unused", str(weights))
    extractor.prepare(None)
    seen, real_features = extractor(samples), extractor.features(real)
    fid = estimate_distance(seen.features, DistanceTo(moments(real_features))).value
    assert fid == pytest.approx(theirs["frechet_inception_distance"], rel=1e-4)
    assert inception_score(seen.logits, splits=3)[0] == pytest.approx(theirs["inception_score_mean"], rel=1e-4)
    kernel = kid_of_subsets(seen.features, real_features, subsets=10, subset_size=8)
    assert kernel == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-4)
    found = prdc(seen.features, real_features)
    assert found.precision.value == pytest.approx(theirs["precision"])
    assert found.recall.value == pytest.approx(theirs["recall"])
    assert min(fid, kernel) > 0
    assert theirs["inception_score_mean"] > 1.01  # no comparison is of zeros
