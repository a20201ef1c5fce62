"""Annotations are understood as Python means them, aliases of other libraries included, without any import."""

import math

import pytest

from genlab.annotations.misfits import misfits
from genlab.annotations.values import Scalar, kinds

MODULE = """
from __future__ import annotations
import typing
from typing import Callable, Literal, Optional, TypeVar, Union
from annotated_elsewhere import Level as Depth, Unknown
from genlab.ranges import PositiveInt
from nowhere import Missing

Name = Union[str, Literal[1, 2]]
Names = list[Name]
Loop = Union["Loop", int]
T = TypeVar("T")
class Engine: ...
"""
ELSEWHERE = 'from typing import Literal\nLevel = Literal["low", "high"] | None\n'


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "annotated.py").write_text(MODULE)
    (tmp_path / "annotated_elsewhere.py").write_text(ELSEWHERE)
    monkeypatch.syspath_prepend(tmp_path)
    return "annotated"


PART = {"_target_": "x.Y"}


@pytest.mark.parametrize(
    ("annotation", "fit", "misfit"),
    [
        ("int", [3, -3, 10**30], ["3", 3.0, True, None, [3], PART]),
        ("float", [3, 3.5], ["3", math.nan, math.inf, -math.inf, 10**400, True, None]),
        ("bool", [True], [1, "yes", None]),
        ("str", ["", "x"], [1, None, ["x"]]),
        ("Optional[Union[int, float]]", [None, 1, 0.5], ["1", math.nan, True, [1]]),
        ("typing.Optional[int]", [None, 1], [0.5]),
        ("int | float | None", [None, 1, 0.5], ["1", math.inf]),
        ("'int | None'", [None, 1], [0.5]),
        ("Literal['a', 1]", ["a", 1], ["1", 2, True, None]),
        ("Depth", ["low", None], ["middle", 1]),
        ("Name", ["x", 1, 2], [3, None]),
        ("Names", [["x", 1], []], ["x", [3], [None]]),
        ("PositiveInt | None", [1, None], [0, -1, math.nan]),
        ("Loop", [1], []),
        ("T", [1, "x", None], []),
        ("Missing", [1, "x"], []),
        ("Unknown", [1, "x"], []),
        ("Engine", [PART], [1, "x", None, [PART], {}]),
        ("Engine | None", [PART, None], [1]),
        ("Callable[[int], int]", [PART], [1, "x"]),
        ("list[Engine]", [[PART]], [PART, ["x"]]),
        ("tuple[int, str]", [[1, "x"]], [[1], ["x", 1], 1]),
        ("tuple[int, ...]", [[], [1, 2, 3]], [["x"], 1]),
        ("dict[str, int]", [{"a": 1}, {}], [{"a": "x"}, [1], 1]),
        ("dict", [{"a": "x"}], [1]),
        ("", [1, "x", None], []),
    ],
)
def test_what_fits_an_annotation(module, annotation, fit, misfit):
    for value in fit:
        assert not list(misfits(value, annotation, module, "key")), value
    for value in misfit:
        assert list(misfits(value, annotation, module, "key")), value


@pytest.mark.parametrize(
    ("value", "annotation", "sentence"),
    [
        (0, "PositiveInt | None", "key = 0 must be 1 or more, or null"),
        ("x", "PositiveInt | None", "key = 'x' must be a whole number of 1 or more, or null"),
        (0, "PositiveInt | Literal[-1]", "key = 0 must be 1 or more, or -1"),
        (None, "PositiveInt", "key must not be null: it is a whole number of 1 or more"),
        (math.nan, "PositiveFloat", "key = nan must be finite: a number greater than 0"),
        ([1, -2], "list[PositiveInt]", "key[1] = -2 must be 1 or more"),
        ({"a": -2}, "dict[str, PositiveInt]", "key.a = -2 must be 1 or more"),
        ("hihg", "Literal['low', 'high']", "key = 'hihg' must be low or high; did you mean 'high'?"),
        (2.5, "PositiveInt | Fraction", "key = 2.5 must be a whole number of 1 or more, or a number in (0, 1)"),
    ],
)
def test_a_misfit_says_what_would_fit(value, annotation, sentence):
    ((where, what),) = misfits(value, annotation, "genlab.ranges", "key")
    assert f"{where} {what}" == sentence


def test_aliases_of_other_libraries_are_followed_to_their_source():
    trainer = "pytorch_lightning.trainer.trainer"
    assert not list(misfits("bf16-mixed", "Optional[_PRECISION_INPUT]", trainer, "precision"))
    assert list(misfits("fp16", "Optional[_PRECISION_INPUT]", trainer, "precision"))
    assert not list(misfits("warn", "Optional[Union[bool, _LITERAL_WARN]]", trainer, "deterministic"))
    assert list(misfits("maybe", "Optional[Union[bool, _LITERAL_WARN]]", trainer, "deterministic"))
    assert Scalar(str) in kinds("Optional[_PATH]", trainer)
