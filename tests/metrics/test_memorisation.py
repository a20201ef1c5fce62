"""Memorisation: copies of training pictures are flagged, unseen pictures are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from genlab.metrics.memorisation import Memorisation, nearest_in
from genlab.metrics.score import Score
from genlab.metrics.source import Fixed
from genlab.metrics.suite import Suite


def scored(pixels: torch.Tensor, data: Any, cache_dir: str, out_dir: Path | None = None) -> dict[str, Score]:
    suite = Suite({"memorisation": Memorisation()}, 1000, 100, 0, "test", cache_dir)
    return suite.evaluate_pictures(Fixed(pixels, None, "a test"), data, out_dir=out_dir)


def test_copies_are_flagged_and_unseen_pictures_are_not(data: Any, cache_dir: str) -> None:
    copies = scored(data.items("train")[0][:300], data, cache_dir)
    assert copies["memorised_share"].value > 0.99
    assert copies["memorised_share"].provenance["flagged"]
    assert copies["nearest_train_ratio"].value == 0
    unseen = scored(data.items("val")[0], data, cache_dir)
    assert unseen["memorised_share"].value < 0.05
    assert not unseen["memorised_share"].provenance["flagged"]
    assert unseen["nearest_train_ratio"].low < 1 < unseen["nearest_train_ratio"].high


def test_a_small_share_of_copies_is_found_too(data: Any, cache_dir: str) -> None:
    mixed = torch.cat([data.items("val")[0], data.items("train")[0][:25]])
    share = scored(mixed, data, cache_dir)["memorised_share"]
    assert share.low < 25 / 125 < share.high
    assert share.provenance["flagged"]


def test_the_nearest_picture_is_exact(data: Any) -> None:
    train, pictures = data.items("train")[0][:200], data.items("test")[0][:50]
    found = nearest_in(train, pictures, block=16)
    exact = torch.cdist(
        pictures.flatten(1).double(), train.flatten(1).double(), compute_mode="donot_use_mm_for_euclid_dist"
    )
    distance, index = exact.div(64**0.5).sort(1)
    assert torch.allclose(found.distance.double(), distance[:, :2], atol=1e-4)
    assert torch.equal(found.nearest, index[:, 0])


def test_the_closest_pairs_are_drawn(data: Any, cache_dir: str, tmp_path: Path) -> None:
    from PIL import Image

    scored(data.items("train")[0][:40], data, cache_dir, tmp_path)
    with Image.open(tmp_path / "closest_pairs.png") as picture:
        assert picture.size == (8 * 66 + 2, 4 * 66 + 2)
        pixels = torch.from_numpy(np.array(picture.convert("L")))
    assert torch.equal(pixels[2:66], pixels[68:132])  # a copy lies over its original


def test_large_pictures_are_compared_when_averaged_down() -> None:
    train = torch.randint(0, 256, (20, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    found = nearest_in(train, train[5:7])
    assert found.nearest.tolist() == [5, 6]
    assert found.distance[:, 0].tolist() == pytest.approx([0, 0], abs=1e-5)
