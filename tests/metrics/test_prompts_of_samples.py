"""What a model that goes by texts is asked for when it is scored."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch

from genlab.conditions import ConditionInput
from genlab.metrics.cost import Cost
from genlab.metrics.psnr import PSNR
from genlab.metrics.source import Generated
from genlab.metrics.suite import Suite

CAPTIONS = ["a zero", "a one", "a two"]


class Reads:
    """Goes by texts, and notes them."""

    num_classes = None
    asks = frozenset({"prompt", "negative_prompt"})

    def __init__(self) -> None:
        self.conditions: list[ConditionInput] = []

    def sample(self, n: int, condition: Any = None, *, generator: Any = None) -> torch.Tensor:
        self.conditions.append(condition)
        return torch.zeros(n, 1, 8, 8)


class Captioned:
    name = "captioned"

    def __init__(self, data: Any) -> None:
        self.modality = data.modality

    def conditions(self, split: str, n: int) -> ConditionInput:
        return ConditionInput(prompt=[CAPTIONS[i % len(CAPTIONS)] for i in range(n)])


def test_samples_are_asked_for_the_captions_of_the_split_and_led_away_from_one_text(data: Any) -> None:
    model = Reads()
    source = Generated(model, 5, 0, Captioned(data), "test", "a blot")
    list(source.batches(2))
    assert [c.prompt for c in model.conditions] == [["a zero", "a one"], ["a two", "a zero"], ["a one"]]
    assert [c.negative_prompt for c in model.conditions] == [["a blot"] * 2, ["a blot"] * 2, ["a blot"]]
    assert source.provenance()["negative_prompt"] == "a blot"


class Edits(Reads):
    """Goes by a text and a picture."""

    asks = frozenset({"prompt", "picture"})


class Pairs(Captioned):
    def conditions(self, split: str, n: int) -> ConditionInput:
        return super().conditions(split, n)._replace(picture=torch.arange(n).reshape(n, 1, 1, 1))


def test_prompts_take_the_place_of_captions_and_all_else_is_the_data_s(data: Any) -> None:
    model = Edits()
    source = Generated(model, 3, 0, Pairs(data), prompts=["make it red", "make it blue"])
    list(source.batches(3))
    assert model.conditions[0].prompt == source.captions == ["make it red", "make it blue", "make it red"]
    assert model.conditions[0].picture.flatten().tolist() == [0, 1, 2]


def test_what_the_data_lack_is_told_before_anything_is_drawn(data: Any, cache_dir: str, tmp_path: Path) -> None:
    (tmp_path / "prompts.txt").write_text("make it red")
    captioned = copy.copy(data)
    captioned.conditions = Captioned(data).conditions
    for prompts in (None, str(tmp_path / "prompts.txt")):
        suite = Suite({"cost": Cost()}, 20, 10, 0, "test", cache_dir, prompts=prompts)
        suite.check(Reads(), captioned)
        with pytest.raises(ValueError, match=r"is asked for a picture, and .* has no pictures of conditions"):
            suite.check(Edits(), captioned)


def test_without_a_negative_prompt_nothing_is_said_of_it(data: Any) -> None:
    model = Reads()
    source = Generated(model, 2, 0, Captioned(data))
    list(source.batches(2))
    assert model.conditions[0].negative_prompt is None
    assert "negative_prompt" not in source.provenance()


class AnySize:
    """Draws flat pictures of the size that it is asked for, with sides that are even; it was trained on 8 x 8."""

    num_classes, picture_size = None, (8, 8)

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def shape_of(self, size: tuple[int, int]) -> tuple[int, ...]:
        if any(side % 2 for side in size):
            raise ValueError(f"size = {size[0]}x{size[1]}: both sides must be multiples of 2")
        return (1, *size)

    def sample(self, n: int, condition: Any = None, *, generator: Any = None, **asked: Any) -> torch.Tensor:
        self.asked.append(asked)
        return torch.zeros(n, 1, *asked.get("size", (8, 8)))


def test_samples_have_the_size_of_the_data(data: Any, cache_dir: str) -> None:
    model, wide = AnySize(), copy.copy(data)
    wide.shape = (1, 8, 12)
    for of, asked in ((data, {}), (wide, {"size": (8, 12)})):
        source = Generated(model, 1, 0, of)
        assert next(source.batches(1)).pixels.shape[1:] == of.shape
        assert model.asked[-1] == asked
        assert source.provenance().get("size") == (list(asked["size"]) if asked else None)
    wide.shape = (1, 8, 11)
    with pytest.raises(ValueError, match="size = 8x11: both sides must be multiples of 2"):
        Suite({"cost": Cost()}, 20, 10, 0, "test", cache_dir).check(model, wide)


def test_a_model_without_texts_takes_no_negative_prompt(data: Any, cache_dir: str, copying: type) -> None:
    suite = Suite({"psnr": PSNR()}, 20, 10, 0, "test", cache_dir, negative_prompt="a blot")
    with pytest.raises(ValueError, match=r"metrics.negative_prompt='a blot': this model does not go by texts"):
        suite.evaluate(copying(data), data)
