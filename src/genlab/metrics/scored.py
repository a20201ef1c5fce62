"""The result of an evaluation: scores, and why some metrics have none."""

from __future__ import annotations

import math
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genlab.failures import is_of_memory
from genlab.finite import NotFinite
from genlab.metrics.evaluation import Evaluation
from genlab.metrics.score import Score
from genlab.notice import Notice

_OF_ONE_METRIC = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What goes wrong within a metric. Signals, a full disk and too little memory end the whole evaluation: another time,
or on another machine, the same metric has a value."""


class Scored(dict[str, Score]):
    """Scores by name; `unscored` says why a metric (by its handle) or a score (by its name) is not there."""

    def __init__(self) -> None:
        super().__init__()
        self.unscored: dict[str, str] = {}

    def leave_out(self, name: str, why: str) -> None:
        """Keep why there is no `name`, and say it."""
        self.unscored[name] = why
        warnings.warn(f"{name} is left out of the scores: {why}", Notice, stacklevel=3)


def compute(metrics: Mapping[str, Any], evaluation: Evaluation) -> Scored:
    """What each of `metrics` makes of one evaluation; one that fails costs no other its scores.

    Raises:
        NotFinite: the model gave something that is no number.
        ValueError: every metric failed.
        Exception: the model cannot draw, or a metric met an error that is not its own (a full disk, no memory).
    """
    scored = Scored()
    for handle, metric in metrics.items():
        try:
            scores = metric.scores(evaluation)
        except NotFinite:
            raise
        except _OF_ONE_METRIC as error:
            if error is evaluation.broken or len(metrics) == 1 or is_of_memory(error):
                raise
            scored.leave_out(handle, _reason(error))
            continue
        for name, score in scores.items():
            if math.isfinite(score.value):
                scored[name] = score
            else:
                scored.leave_out(name, f"its value is {score.value}")
    if scored.unscored and not scored:
        raise ValueError("; ".join(f"{name} has no value: {why}" for name, why in scored.unscored.items()))
    return scored


def _reason(error: Exception) -> str:
    """The first line of an error, with its type and place unless it is a sentence for a person."""
    message = next(iter(str(error).strip().splitlines()), "")
    if isinstance(error, ValueError) and message:
        return message
    place = traceback.extract_tb(error.__traceback__)[-1]
    kind = type(error).__name__.lstrip("_")
    return f"{kind}{': ' if message else ''}{message} ({Path(place.filename).name}, line {place.lineno})"
