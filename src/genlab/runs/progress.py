"""How far the running runs are, read from their histories alone: nothing of the training is asked or disturbed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from genlab.errors import ConfigError
from genlab.runs import history
from genlab.runs.reading import or_noted
from genlab.runs.store import Run

_RECENT = 50


@dataclass(frozen=True)
class Progress:
    """How far one run is.

    Args:
        steps: of the whole training; None until its first epoch is over, or where it has no end.
        loss: the mean of the last 50 steps; None before the first.
        rate: steps a second.
    """

    step: int = 0
    steps: int | None = None
    loss: float | None = None
    rate: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """What is left of the training, at the speed so far."""
        return (self.steps - self.step) / self.rate if self.steps is not None and self.rate else None


def progress(run: Run) -> Progress:
    """How far a run is; nothing done yet where it has no history, or one that cannot be read."""
    read = or_noted(lambda: history.read(run.history_file)) or []
    lines = [line for line in read if line.get("loss") is not None]
    if not lines:
        return Progress()
    recent, last = lines[-_RECENT:], lines[-1]
    loss = sum(float(line["loss"]) for line in recent) / len(recent)
    rate = last["step"] / last["seconds"] if last.get("seconds") else 0.0
    return Progress(last["step"], _steps(run, lines), loss, rate)


def waiting(rows: Sequence[Mapping[str, Any]], records: Sequence[Mapping[str, Any]], root: Path) -> int:
    """How many rows of a sweep's manifest have no record yet."""
    begun = {record["path"] for record in records}
    return sum(str(root / row["run"]) not in begun for row in rows)


def _steps(run: Run, lines: Sequence[Mapping[str, Any]]) -> int | None:
    try:
        trainer = run.config().trainer
    except (ConfigError, OmegaConfBaseException, AttributeError):
        return None
    most = OmegaConf.select(trainer, "max_steps") or -1
    epochs = OmegaConf.select(trainer, "max_epochs") or -1
    batches = next((line["step"] - 1 for line in lines if line.get("epoch") == 1), None)
    if epochs > 0 and batches is not None:
        return min(batches * epochs, most) if most > 0 else batches * epochs
    return most if most > 0 and epochs < 0 else None
