"""Reads the numbers of a study's columns from the runs of its rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from genlab.config.instantiate import build
from genlab.reports.collect import Collected
from genlab.reports.groups import mean_score
from genlab.reports.studies.study import Column
from genlab.runs import history


def cell(column: Column, runs: Mapping[int, Sequence[Collected]]) -> dict[str, Any] | None:
    """A row's number: mean and interval over seeds, and the number of each seed.

    Args:
        runs: seed -> the row's runs of that seed (several when the study runs each row for each of some values).

    Returns:
        {"value", "low", "high", "unit", "better", "provenance", "seeds": {seed: number}}, or None without any run
        that has the number. A single seed keeps its own interval; several have Student's t over the seeds.
    """
    scores = {seed: _mean(found) for seed, of in runs.items() if (found := [s for r in of if (s := score(column, r))])
              and len(found) == len(of)}  # fmt: skip
    if not scores:
        return None
    result = dict(mean_score(list(scores.values()), len(runs)))
    result["seeds"] = {str(seed): entry["value"] for seed, entry in scores.items()}
    return result


def _mean(scores: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean over the runs of one seed, which has no interval of its own."""
    if len(scores) == 1:
        return scores[0]
    return {**scores[0], "value": math.fsum(s["value"] for s in scores) / len(scores), "low": None, "high": None}


def score(column: Column, run: Collected) -> dict[str, Any] | None:
    """The column's number of one run, as an entry of record.json's metrics; None when the run does not have it."""
    if column.kind == "metric":
        found = (run.record.get("metrics") or {}).get(column.key)
        return found if found and _finite(found.get("value")) else None
    value = {"history": _of_history, "record": _of_record, "signal": _of_signal}[column.kind](column, run)
    if not _finite(value):
        return None
    return {"value": float(value), "low": None, "high": None, "n": column.last, "unit": column.unit,
            "better": column.better, "provenance": {"source": f"{column.kind} {column.key}"}}  # fmt: skip


def _of_history(column: Column, run: Collected) -> Any:
    """The statistic of a term over the last steps of an epoch."""
    lines = [line for line in history.read(run.run.history_file) if _finite(line.get(column.key))]
    epochs = {line["epoch"] for line in lines}
    epoch = max(epochs, default=None) if column.epoch == "last" else column.epoch
    values = [float(line[column.key]) for line in lines if epoch is not None and line["epoch"] <= epoch]
    if epoch not in epochs:
        return None
    used = values[-column.last :]
    mean = math.fsum(used) / len(used)
    if column.statistic == "mean":
        return mean
    return math.sqrt(math.fsum((v - mean) ** 2 for v in used) / (len(used) - 1)) if len(used) > 1 else None


def _of_record(column: Column, run: Collected) -> Any:
    node: Any = run.record
    for part in column.key.split("."):
        node = node.get(part) if isinstance(node, Mapping) else None
    return node


def _of_signal(column: Column, run: Collected) -> Any:
    """sqrt(alpha_bar) at a fraction of the way to noise, from the run's own schedule."""
    import torch
    from omegaconf import OmegaConf

    schedule = build(OmegaConf.create({"scheduler": run.config["scheduler"]}).scheduler)
    return float(schedule(schedule.at(torch.tensor(float(column.key), dtype=torch.float64))).alpha)


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
