"""What a logger is told at the end of a run is what the record says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from genlab.cli import main
from genlab.interop import loggers
from genlab.runs.record import Record
from genlab.runs.store import Store


def test_the_seconds_of_a_run_are_known_while_it_runs_and_are_those_of_all_its_parts() -> None:
    record = Record("a", "train", "autoencoder", None, 0, [], seconds=100.0)
    assert record.elapsed == 100.0
    record.begin()
    assert record.elapsed >= 100.0
    record._watch._start -= 50  # as if it had begun 50 s ago
    assert 150 <= record.elapsed < 151
    record.end("completed", 50.0)
    assert record.elapsed == record.seconds == 150.0
    assert "_watch" not in record.to_json()


def test_the_summary_has_the_seconds_that_the_record_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(loggers, "log_summary", lambda logger, record, steps: told.append(dict(record)))
    words = ["trainer.max_epochs=1", "dataset.train_size=64", "metrics=none", "callbacks.previews=null", "logger=csv"]
    assert main(["train", *words, f"paths.output_dir={tmp_path}"]) == 0
    record = next(iter(Store(tmp_path))).record()
    assert record is not None
    (summary,) = told
    assert 0 < summary["seconds"] <= record.seconds
    assert summary["status"] == record.status == "completed"
