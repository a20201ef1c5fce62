"""Weights of regions: which pixels have them, in which batches, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

from composing import composed
from genlab.config.check import check
from genlab.config.files import conf_dir
from genlab.data.image_datamodule import ImageDataModule
from genlab.data.region_weights import pixel_weights
from genlab.data.source import Images
from genlab.errors import ConfigError
from genlab.objectives.rules import region_weights_are_used

LEFT, TOP = np.zeros((2, 40, 4, 6), bool)
LEFT[:, :, :2] = True
TOP[1::2, :1] = True  # of every second picture


@dataclass(frozen=True)
class Numbered:
    """Pictures whose pixels are all their number."""

    name = "numbered"

    def identity(self) -> str:
        return "numbered"

    def load(self, channels: int, size: Any) -> Images:
        pixels = np.arange(40, dtype=np.uint8)[:, None, None, None] * np.ones((1, channels, 4, 6), np.uint8)
        return Images(pixels, regions={"left": LEFT, "top": TOP})


def data(**changes: Any) -> ImageDataModule:
    settings = {"channels": 1, "size": (4, 6), "num_classes": None, "batch_size": 8, "val_size": 8, "test_size": 8}
    return ImageDataModule(Numbered(), **settings | {"region_weights": {"left": 2, "top": 5.5}} | changes)


def numbers(x: torch.Tensor) -> list[int]:
    return ((x[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()


def test_where_regions_overlap_the_largest_weight_counts_and_one_is_everywhere_else() -> None:
    region, values = pixel_weights({"left": LEFT, "top": TOP}, {"top": 5, "left": 2}, "numbered")
    weights = values[region.int()]
    assert weights.shape == (40, 1, 4, 6)
    assert weights[1, 0].tolist() == [[5.0] * 6] + [[2.0, 2.0, 1.0, 1.0, 1.0, 1.0]] * 3
    assert weights[0, 0].tolist() == [[2.0, 2.0, 1.0, 1.0, 1.0, 1.0]] * 4


def test_a_training_batch_has_the_weights_of_its_pictures_mirrored_with_them() -> None:
    whole = pixel_weights({"left": LEFT, "top": TOP}, {"left": 2, "top": 5.5}, "numbered")
    mirrored = 0
    for batch in data(flip=True).train_dataloader():
        assert batch.weight is not None
        for number, weight in zip(numbers(batch.x), batch.weight, strict=True):
            own = whole.values[whole.region[number].int()]
            assert torch.equal(weight, own) or torch.equal(weight, own.flip(-1))
            mirrored += torch.equal(weight, own.flip(-1))
    assert 0 < mirrored < 24


def test_pictures_and_their_order_are_those_without_weights_and_scores_have_none() -> None:
    weighted, plain = data(flip=True), data(flip=True, region_weights=None)
    assert weighted.checksum == plain.checksum
    for one, other in zip(weighted.train_dataloader(), plain.train_dataloader(), strict=True):
        assert torch.equal(one.x, other.x)
        assert other.weight is None
    for loader in (weighted.val_dataloader(), weighted.test_dataloader()):
        assert all(batch.weight is None for batch in loader)


def test_an_unknown_region_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^dataset.region_weights.nose: the regions of numbered are left, top$"):
        data(region_weights={"nose": 3}).part("train")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["model=ddpm", "dataset=critters", "dataset.region_weights={eyse: 5}"],
            "dataset.region_weights.eyse: the regions that Critters knows are eyes and mouth; did you mean 'eyes'?",
        ),
        (
            ["model=ddpm", "dataset=digits", "+dataset.region_weights={eyes: 5}"],
            "dataset.region_weights.eyes: Digits knows no regions of its pictures: take dataset.region_weights=null",
        ),
        (
            ["model=ddpm", "dataset=critters", "dataset.region_weights={eyes: 0}"],
            "dataset.region_weights.eyes = 0 must be greater than 0",
        ),
        (
            ["model=vae", "dataset=critters", "dataset.region_weights={eyes: 5}"],
            "dataset.region_weights: VAE does not weigh the error by places: take a diffusion model with "
            "objective=denoising, flow or another of their kind, or dataset.region_weights=null",
        ),
    ],
)
def test_weights_that_cannot_count_are_one_sentence(words: list[str], sentence: str) -> None:
    with pytest.raises(ConfigError) as raised:
        check(composed(*words))
    assert raised.value.problems == [sentence]


@pytest.mark.parametrize(
    ("objective", "takes"),
    [(name, True) for name in ("denoising", "flow", "edm", "min_snr", "p2", "sigmoid", "stratified", "importance")]
    + [(name, False) for name in ("reflow", "consistency", "progressive", "restoration", "hybrid", "score_denoising")],
)
def test_denoising_in_all_its_kinds_takes_them_and_no_other_objective(objective: str, takes: bool) -> None:
    model = {"objective": OmegaConf.load(conf_dir() / "objective" / f"{objective}.yaml")}
    cfg = OmegaConf.create({"dataset": {"region_weights": {"mouth": 5}}, "model": model})
    assert len(list(region_weights_are_used(cfg))) == (not takes)
