"""A model of NaN is neither scored nor drawn: whatever it gives that is no number is counted, and said."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch

from composing import composed
from genlab.config.files import conf_dir
from genlab.config.instantiate import build
from genlab.errors import ConfigError
from genlab.finite import NotFinite, finite
from genlab.metrics.evaluation import Evaluation
from genlab.metrics.score import Score
from genlab.metrics.suite import Suite
from genlab.modalities.image import Image
from genlab.modalities.pixels import to_uint8
from genlab.modalities.points import Points
from genlab.notice import Notice
from genlab.reports.pictures import draw_all
from genlab.reports.samples import write_all, write_folder

MODELS = [file.stem for file in sorted((conf_dir() / "model").glob("*.yaml"))]
SUITES = [file.stem for file in sorted((conf_dir() / "metrics").glob("*.yaml")) if file.stem != "none"]


@cache
def digits() -> Any:
    return build(composed().dataset)


@cache
def suite(name: str, cache_dir: str) -> Suite:
    """A suite on few samples, of those metrics whose extractor is the digits' own."""
    words = ["metrics.n_samples=40", "extractor.steps=2", f"paths.data_dir={cache_dir}"]
    try:
        found: Suite = build(composed(f"metrics={name}", *words).metrics)
    except ConfigError as error:
        if "and its extractor digits reads image" not in str(error):
            raise
        pytest.skip(f"{name} is of another modality than digits")
    for handle, metric in list(found.metrics.items()):
        if hasattr(metric, "weights") or getattr(getattr(metric, "extractor", None), "name", "digits") != "digits":
            del found.metrics[handle]  # its weights are a download
    return found


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_numbers_pass_and_others_are_counted(value: float) -> None:
    x = torch.zeros(5, 1, 2, 2)
    assert finite(x, "samples") is x
    x[1, 0, 1, 1] = x[3, 0, 0, 0] = value
    with pytest.raises(NotFinite, match=r"^2 of 5 samples are not finite \(NaN or infinite\)"):
        finite(x, "samples")
    with pytest.raises(NotFinite, match="2 of 5 pictures"):
        to_uint8(x)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_every_family_whose_weights_are_nan_is_neither_scored_nor_drawn(
    name: str, cache_dir: str, tmp_path: Any
) -> None:
    cfg = composed(f"model={name}", "metrics=none")
    if cfg.first_stage is not None or "checkpoint" in (cfg.get("codec") or {}):
        pytest.skip("a family of another file, over a first stage that must be trained")
    module = build(cfg.model).eval()
    with torch.no_grad():
        next(reversed(list(module.parameters()))).fill_(torch.nan)
    with pytest.raises(NotFinite, match=r"1 of the model's \d+ tensors of weights are not finite"):
        suite("all", cache_dir).evaluate(module, digits())
    with pytest.warns(Notice, match="no picture of the model: 1 of the model's"):
        assert draw_all(module, digits(), tmp_path, "it", "cpu") == {}
    assert list(tmp_path.iterdir()) == []


class Broken:
    """Does all that metrics of pictures ask for; one thing of it gives NaN, for one picture of each batch."""

    num_classes = 10
    device = torch.device("cpu")

    def __init__(self, broken: str) -> None:
        self.broken = broken

    def _given(self, what: str, x: torch.Tensor) -> torch.Tensor:
        if what == self.broken:
            x[0] = torch.nan
        return x

    def sample(self, n: int, condition: Any = None, *, generator: Any = None) -> torch.Tensor:
        return self._given("samples", generator.uniform((n, 1, 8, 8)) * 2 - 1)

    def reconstruct(self, x: torch.Tensor, condition: Any = None) -> torch.Tensor:
        return self._given("reconstructions", 0.9 * x)

    def encode(self, x: torch.Tensor, condition: Any = None) -> torch.Tensor:
        return self._given("codes", x.flatten(1)[:, 20:24].clone())

    def nll(self, x: torch.Tensor, condition: Any = None) -> torch.Tensor:
        return self._given("likelihoods", x.flatten(1).sum(1))


NEEDS = {"samples": "samples", "reconstructions": "reconstructions", "codes": "codes", "likelihoods": "likelihood"}


@pytest.mark.parametrize("what", NEEDS)
@pytest.mark.parametrize("name", SUITES)
def test_what_is_no_number_refuses_every_suite_that_looks_at_it(name: str, what: str, cache_dir: str) -> None:
    asked = suite(name, cache_dir)
    module = Broken(what)
    used = {need for metric in asked.applicable(module, digits()).values() for need in metric.needs}
    if NEEDS[what] not in used:
        pytest.skip(f"{name} does not look at {what}")
    with pytest.raises(NotFinite, match=rf"1 of 40 {what} are not finite \(NaN or infinite\)"):
        asked.evaluate(module, digits())


WRITERS: dict[str, Callable[[Any, torch.Tensor], Any]] = {
    "a grid": lambda folder, x: write_all(folder / "x.png", [x], Image(), None),
    "a folder": lambda folder, x: write_folder(folder / "x", [x], Image()),
    "points": lambda folder, x: write_all(folder / "x.png", [x[:, 0, 0]], Points(), None),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_samples_that_are_no_numbers_become_no_file(writer: str, tmp_path: Any) -> None:
    x = torch.zeros(6, 1, 2, 2)
    x[4] = torch.nan
    with pytest.raises(NotFinite, match="1 of 6 samples"):
        WRITERS[writer](tmp_path, x)
    assert list(tmp_path.rglob("*.*")) == []


@pytest.mark.parametrize("what", ["samples", "reconstructions"])
def test_a_picture_of_what_is_no_number_is_left_out_and_the_others_are_drawn(what: str, tmp_path: Any) -> None:
    whole = draw_all(Broken("nothing"), digits(), tmp_path / "whole", "it", "cpu")
    with pytest.warns(Notice, match=f"no picture of {what}: 1 of"):
        drawn = draw_all(Broken(what), digits(), tmp_path / "broken", "it", "cpu")
    assert set(drawn) == set(whole) - {what}


class Gives:
    """A metric with one score of a given value."""

    needs = frozenset({"samples"})

    def __init__(self, name: str, value: float | BaseException) -> None:
        self.name, self.value = name, value

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        if isinstance(self.value, BaseException):
            raise self.value
        return {self.name: Score(self.value, self.value, self.value, 4, "", "lower")}


def scored(cache_dir: str, *metrics: Gives) -> Any:
    asked = Suite({f"the {m.name}": m for m in metrics}, 40, 20, 0, "test", cache_dir)
    return asked.evaluate(Broken("nothing"), digits())


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_a_score_that_is_no_number_is_left_out_with_a_word(value: float, cache_dir: str) -> None:
    with pytest.warns(Notice, match="bad is left out of the scores: its value is"):
        found = scored(cache_dir, Gives("good", 1.0), Gives("bad", value))
    assert set(found) == {"good"}
    assert found.unscored == {"bad": f"its value is {value}"}
    with pytest.warns(Notice), pytest.raises(ValueError, match="bad has no value: its value is"):
        scored(cache_dir, Gives("bad", value))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("too few features\nand more"), "too few features"),
        (TypeError("of one's own"), "TypeError: of one's own (test_finite.py, line"),
        (torch.linalg.LinAlgError("no convergence"), "LinAlgError: no convergence"),
    ],
    ids=["a sentence", "a mistake", "a library's"],
)
def test_a_metric_that_fails_costs_no_other_its_scores(error: Exception, said: str, cache_dir: str) -> None:
    with pytest.warns(Notice, match="the bad is left out"):
        found = scored(cache_dir, Gives("bad", error), Gives("good", 1.0))
    assert set(found) == {"good"}
    assert found.unscored["the bad"].startswith(said)


NOT_ITS_FAULT = {
    "Ctrl-C": KeyboardInterrupt(),
    "a full disk": OSError(28, "no room"),
    "memory": MemoryError(),
    "memory of torch": RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
    "memory of a GPU": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
}


@pytest.mark.parametrize("error", NOT_ITS_FAULT.values(), ids=NOT_ITS_FAULT.keys())
def test_what_is_no_fault_of_a_metric_ends_the_evaluation(error: BaseException, cache_dir: str) -> None:
    with pytest.raises(type(error)):
        scored(cache_dir, Gives("bad", error), Gives("good", 1.0))


def test_a_model_that_cannot_draw_is_asked_once(cache_dir: str) -> None:
    class Fails(Broken):
        asked = 0

        def sample(self, n: int, condition: Any = None, *, generator: Any = None) -> torch.Tensor:
            self.asked += 1
            raise RuntimeError("CUDA error")

    module = Fails("nothing")
    with pytest.raises(RuntimeError, match="CUDA error"):
        suite("all", cache_dir).evaluate(module, digits())
    assert module.asked == 1
