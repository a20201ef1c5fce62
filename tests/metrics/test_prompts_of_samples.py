"""What a model that goes by texts is asked for when it is scored."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from genlab.conditions import ConditionInput
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


def test_without_a_negative_prompt_nothing_is_said_of_it(data: Any) -> None:
    model = Reads()
    source = Generated(model, 2, 0, Captioned(data))
    list(source.batches(2))
    assert model.conditions[0].negative_prompt is None
    assert "negative_prompt" not in source.provenance()


def test_a_model_without_texts_takes_no_negative_prompt(data: Any, cache_dir: str, copying: type) -> None:
    suite = Suite({"psnr": PSNR()}, 20, 10, 0, "test", cache_dir, negative_prompt="a blot")
    with pytest.raises(ValueError, match=r"metrics.negative_prompt='a blot': this model does not go by texts"):
        suite.evaluate(copying(data), data)
