"""Reads the numbers of a study's columns from the runs of its rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

from genlab.config.instantiate import build
from genlab.metrics.score import provenance_of
from genlab.reports.collect import Collected, collect
from genlab.reports.groups import mean_score
from genlab.reports.studies.study import Column, Row, Study
from genlab.runs import history
from genlab.runs.reading import or_noted, read_json
from genlab.runs.store import Run


def cell(study: Study, column: Column, row: Row, runs: Mapping[int, Sequence[Collected]]) -> dict[str, Any] | None:
    """A row's number: mean and interval over seeds, and the number of each seed.

    Args:
        runs: seed -> the row's runs of that seed, one for each of the study's `each`.

    Returns:
        {"value", "low", "high", "unit", "better", "measured", "made", "seeds": {seed: number}}, or None without any
        seed that has the number. A single seed keeps its own interval; several have Student's t over the seeds.
    """
    scores: dict[int, dict[str, Any]] = {}
    for seed, of_seed in runs.items():
        entries = [score(column, row, of_seed[i]) for i in _used(study, column)]
        whole = [entry for entry in entries if entry is not None]
        if entries and len(whole) == len(entries):
            scores[seed] = _mean(whole)
    if not scores:
        return None
    result = dict(mean_score(list(scores.values()), len(runs)))
    result["seeds"] = {str(seed): entry["value"] for seed, entry in scores.items()}
    return result


def _used(study: Study, column: Column) -> list[int]:
    """The runs of one seed that a column is about, as positions among the combinations of `each`."""
    combinations = [dict(zip(study.each, values, strict=True)) for values in product(*study.each.values())]
    return [i for i, each in enumerate(combinations) if all(each[k] in of for k, of in column.where.items())]


def _mean(scores: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean over the runs of one seed, which has no interval of its own."""
    if len(scores) == 1:
        return scores[0]
    return {**scores[0], "value": math.fsum(s["value"] for s in scores) / len(scores), "low": None, "high": None}


def score(column: Column, row: Row, run: Collected) -> dict[str, Any] | None:
    """The column's number of one run, as an entry of record.json's metrics; None when the run does not have it."""
    if column.stage == "first":
        run = _first_stage(run)
    if column.kind == "metric":
        entry = (run.record.get("metrics") or {}).get(column.key)
        return entry if entry and _finite(entry.get("value")) else None
    read = _READERS[column.kind](column, row, run)
    value, n = read if isinstance(read, _Window) else (read, 1)
    if column.equals is not None and value is not None:
        value = int(value == column.equals)
    if not _finite(value):
        return None
    entry = {"value": float(value), "low": None, "high": None, "n": n, "unit": column.unit,
             "better": column.better, "made": {"source": f"{column.kind} {column.key}"}}  # fmt: skip
    if column.last != "epoch" and n < column.last:
        entry["remark"] = short_window(column.statistic, n, column.last)
    return entry


def short_window(statistic: str, n: int, last: int) -> str:
    """The remark on a number over fewer steps than its column names."""
    return f"{statistic} over all of the {n} steps that there are, not over the last {last}"


def _first_stage(run: Collected) -> Collected:
    """The run that this one stands on; the run itself has no such number when there is none."""
    fingerprint = (run.config.get("first_stage") or {}).get("fingerprint")
    folder = run.run.path.parent / str(fingerprint)
    return collect([folder])[0] if fingerprint and folder.is_dir() else replace(run, record={}, run=Run(folder))


class _Window(NamedTuple):
    """A statistic over steps, and over how many."""

    value: float
    n: int


def _of_history(column: Column, row: Row, run: Collected) -> Any:
    """The statistic of a term over the last steps of an epoch."""
    read = or_noted(lambda: history.read(run.run.history_file)) or []
    lines = [line for line in read if _finite(line.get(column.key)) and "epoch" in line]
    epochs = {line["epoch"] for line in lines}
    epoch = {"last": max(epochs, default=None), "row": row.epoch}.get(str(column.epoch), column.epoch)
    if epoch not in epochs:
        return None
    first = epoch if column.last == "epoch" else 0
    values = [float(line[column.key]) for line in lines if first <= line["epoch"] <= epoch]
    used = values if column.last == "epoch" else values[-column.last :]
    mean = math.fsum(used) / len(used)
    if column.statistic == "mean":
        return _Window(mean, len(used))
    if len(used) < 2:
        return None
    return _Window(math.sqrt(math.fsum((v - mean) ** 2 for v in used) / (len(used) - 1)), len(used))


def _of_record(column: Column, row: Row, run: Collected) -> Any:
    """The value at a dotted key; `metrics.NAME.provenance` holds all that a record has of a score, old or new."""
    metrics = run.record.get("metrics") or {}
    scores = {name: {**entry, "provenance": provenance_of(entry)} for name, entry in metrics.items()}
    return _at({**run.record, "metrics": scores}, column.key)


def _of_latent(column: Column, row: Row, run: Collected) -> Any:
    return _at(or_noted(lambda: read_json(run.run.path / "latent.json", "score the run again")), column.key)


def _at(node: Any, key: str) -> Any:
    """The value at a dotted key."""
    for part in key.split("."):
        node = node.get(part) if isinstance(node, Mapping) else None
    return node


def _of_signal(column: Column, row: Row, run: Collected) -> Any:
    """sqrt(alpha_bar) at a fraction of the way to noise, from the run's own schedule."""
    import torch
    from omegaconf import OmegaConf

    schedule = build(OmegaConf.create({"scheduler": run.config["scheduler"]}).scheduler)
    return float(schedule(schedule.at(torch.tensor(float(column.key), dtype=torch.float64))).alpha)


_READERS = {"history": _of_history, "record": _of_record, "latent": _of_latent, "signal": _of_signal}


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
