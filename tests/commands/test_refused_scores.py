"""A score that cannot be had is refused before training, or told of: it is no number, and costs no other its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from genlab.cli import main
from genlab.runs import checkpoint_io
from genlab.runs.store import Run, Store

QUICK = ["trainer.max_epochs=1", "dataset.train_size=64", "extractor.steps=5", "logger=none", "callbacks.previews=null"]


def test_too_few_samples_are_refused_before_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [*QUICK, "metrics=all", "metrics.n_samples=10", f"paths.output_dir={tmp_path}"]
    assert main(["train", *words, f"paths.data_dir={tmp_path}/data"]) == 2
    (run,) = Store(tmp_path)
    assert not run.history_file.exists()
    assert not (tmp_path / "data").exists()  # no extractor was trained either
    record = run.record()
    assert record is not None
    assert record.error is not None
    assert record.error["message"].startswith("metrics.n_samples = 10 on digits: fid_jackknife needs 20 samples")


@pytest.fixture
def broken(digits_run: Run, tmp_path: Path) -> Run:
    """The run with a weight that is NaN in its checkpoint."""
    copy = Run(tmp_path / "store" / "train" / digits_run.path.name)
    shutil.copytree(digits_run.path, copy.path)
    checkpoint = copy.checkpoint()
    assert checkpoint is not None
    content = checkpoint_io.load(checkpoint)
    for weights in (content["state_dict"], content.get("ema", {})):
        for tensor in [part for part in weights.values() if torch.is_tensor(part)][-1:]:
            tensor.fill_(torch.nan)
    checkpoint_io.AtomicCheckpointIO().save_checkpoint(content, checkpoint)
    return copy


@pytest.mark.parametrize("verb", ["sample", "evaluate"])
def test_a_model_of_nan_is_refused_by_every_verb(
    verb: str, broken: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(path for path in broken.path.rglob("*") if path.suffix in (".png", ".json"))
    asked = ["metrics=image", "metrics.n_samples=20"] if verb == "evaluate" else ["n=4"]
    assert main([verb, f"run={broken.path}", *asked, f"paths.output_dir={tmp_path}"]) == 2
    said = capsys.readouterr().err
    assert "tensors of weights are not finite (NaN or infinite): it has diverged" in said
    assert "Traceback" not in said
    assert sorted(path for path in broken.path.rglob("*") if path.suffix in (".png", ".json")) == before


def test_samples_of_a_sampler_that_diverges_are_refused(
    digits_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wild = ["guidance=classifier_free", "guidance.scale=1e38", "model.clip=null", "sampler.steps=3"]
    assert main(["sample", f"run={digits_run.path}", "n=4", *wild, f"out={tmp_path}/x.png"]) == 2
    assert "4 of 4 samples are not finite (NaN or infinite)" in capsys.readouterr().err
    assert not (tmp_path / "x.png").exists()


def test_the_record_says_which_metric_failed_and_keeps_the_scores_of_the_others(
    digits_run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from genlab.metrics.kid import KID

    def failing(*_: object) -> None:
        raise RuntimeError("no convergence")

    monkeypatch.setattr(KID, "scores", failing)
    words = ["metrics=all", "metrics.only=[fid,kid]", "metrics.n_samples=20", "sampler.steps=2", "extractor.steps=5"]
    assert main(["evaluate", f"run={digits_run.path}", *words]) == 0
    found = [json.loads(file.read_text()) for file in (digits_run.path / "evaluations").glob("*.json")]
    (record,) = [record for record in found if record["unscored"]]
    assert set(record["metrics"]) == {"fid_digits"}
    assert record["unscored"]["kid"].startswith("RuntimeError: no convergence")
    captured = capsys.readouterr()
    assert "note: kid is left out of the scores: RuntimeError: no convergence" in captured.err
