"""Cheap scores while a model trains: labelled as such, and the best checkpoint by one of them."""

from __future__ import annotations

import pytest

from genlab.callbacks.scores import Scores
from genlab.cli import main
from genlab.metrics.score import Better, Score
from genlab.metrics.suite import Suite
from genlab.runs import checkpoint_io, history
from genlab.runs.store import Run, Store

WORDS = [
    "experiment=diffusion/class_conditional_digits", "dataset.train_size=256", "sampler.steps=3",
    "metrics.n_samples=50",
    "logger=none", "callbacks=scored", "callbacks.previews=null", "callbacks.scores.every_n_epochs=1",
    "callbacks.scores.n_samples=40", "extractor.steps=150", "extractor.n_features=16", "trainer.max_epochs=3",
]  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("store")
    assert main(["train", *WORDS, "callbacks.scores.monitor=fid_digits", f"paths.output_dir={root}"]) == 0
    return next(iter(Store(root)))


def test_the_name_says_the_split_and_the_number_of_samples(run):
    lines = [line for line in history.read(run.history_file) if "val/fid_digits_n40" in line]
    assert [line["epoch"] for line in lines] == [0, 1, 2]
    assert all("val/inception_score_digits_n40" in line for line in lines)
    assert run.record().metrics["fid_digits"]["n"] == 50  # the run's own score is another one, by another name
    assert run.record().metrics["fid_digits"]["measured"]["reference"] == "digits/test"


def test_the_best_checkpoint_is_that_of_the_best_score(run):
    lines = [line for line in history.read(run.history_file) if "val/fid_digits_n40" in line]
    best = min(lines, key=lambda line: line["val/fid_digits_n40"])
    kept = checkpoint_io.load(run.checkpoints / "best.ckpt")
    assert kept["global_step"] == best["step"]
    (state,) = [value for name, value in kept["callbacks"].items() if name.startswith("Scores")]
    assert state["best"]["value"] == best["val/fid_digits_n40"]
    assert state["best"]["measured"]["reference"] == "digits/val"


def test_the_best_checkpoint_can_be_sampled_and_scored(run, tmp_path, capsys):
    words = [f"run={run.path}", "checkpoint=best", "n=4", f"out={tmp_path}/a.png"]
    assert main(["sample", *words]) == 0
    (run.checkpoints / "best.ckpt").write_bytes(b"torn")
    assert main(["sample", *words]) == 2
    assert "best.ckpt is damaged" in capsys.readouterr().err


def test_an_unknown_score_is_named(tmp_path, capsys):
    assert main(["train", *WORDS, "callbacks.scores.monitor=fid_digitz", f"paths.output_dir={tmp_path}"]) == 2
    assert "fid_digitz' is none of the scores: fid_digits, inception_score_digits" in capsys.readouterr().err


def score(value: float, better: Better = "lower", n: int = 40, **measured: object) -> Score:
    return Score(value, value - 1, value + 1, n, "", better, {"extractor": "digits", "n": n, **measured})


@pytest.fixture
def callback(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints/best.ckpt").touch()
    return Scores(Run(tmp_path), Suite({}, 10, 10, 0, "test", str(tmp_path)), monitor="fid_digits")


@pytest.mark.parametrize(("better", "improves", "worsens"), [("lower", 4.0, 6.0), ("higher", 6.0, 4.0)])
def test_better_is_what_the_metric_says_it_is(callback, better, improves, worsens):
    assert callback.improves(score(5, better))
    callback.load_state_dict({"best": score(5, better).to_json()})
    assert callback.improves(score(improves, better))
    assert not callback.improves(score(worsens, better))
    assert not callback.improves(score(float("nan"), better))


@pytest.mark.parametrize("other", [score(50, n=4000), score(50, extractor="inception")])
def test_a_best_that_was_measured_otherwise_is_no_best(callback, other):
    callback.load_state_dict({"best": score(5).to_json()})
    with pytest.warns(UserWarning, match="was measured with another"):
        assert callback.improves(other)


def test_the_best_of_another_run_is_no_best(callback, tmp_path):
    (tmp_path / "checkpoints/best.ckpt").unlink()
    callback.load_state_dict({"best": score(5).to_json()})
    assert callback.improves(score(50))
