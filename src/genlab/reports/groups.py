"""Runs that differ by their seed alone become one row: the mean of each score, and its interval over the seeds."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genlab.config.keys import decides
from genlab.metrics.score import made_of, measured_of
from genlab.reports.collect import Collected
from genlab.reports.ranking import measured_alike, metric_names, number
from genlab.reports.sweep_keys import ABSENT, swept_keys


@dataclass(frozen=True)
class Group:
    """The runs of a row, and the row as a record (as record.json, with means for scores)."""

    members: list[int]
    """Indices into the collected runs."""
    record: dict[str, Any]


def varied_keys(runs: Sequence[Collected]) -> list[str]:
    """The swept keys of the runs without the seed. A key that only some override counts if its value differs."""
    keys = [key for key in swept_keys([run.record for run in runs]) if key != "seed"]
    return [key for key in keys if len({run.value(key) for run in runs}) > 1]


def group(runs: Sequence[Collected], keys: Sequence[str]) -> list[Group]:
    """One group for each setting of `keys`, in order of appearance; never two configs in one."""
    alike: dict[tuple[str, ...], list[int]] = {}
    for i, run in enumerate(runs):
        settings = tuple(run.value(key) or ABSENT for key in keys)
        again = str("evaluation" in run.record)  # scored again: no other seed of the run
        alike.setdefault((*settings, _deciding(run), again), []).append(i)
    members = [of for candidates in alike.values() for of in _by_own_seeds(runs, candidates)]
    return [Group(of, _row([runs[i] for i in of], keys)) for of in sorted(members)]


def mean_score(scores: Sequence[Mapping[str, Any]], expected: int) -> dict[str, Any]:
    """The mean of one metric over runs, with a 95 % interval by Student's t over the runs.

    A single run keeps its own interval. Only scores that were measured alike are averaged (most of them, or the
    first); a remark says how many of the `expected` runs are in the mean when not all are.
    """
    finite = [score for score in scores if number(score, "value") is not None]
    if not finite:
        return {**scores[0], "value": None, "low": None, "high": None, "remark": "not finite in any run"}
    kinds = [measured_alike(score) for score in finite]
    main = Counter(kinds).most_common(1)[0][0]
    used = [score for score, kind in zip(finite, kinds, strict=True) if kind == main]
    result = dict(used[0])
    if len(used) > 1:
        values = [float(score["value"]) for score in used]
        mean = math.fsum(values) / len(values)
        half = _t_half_width(values, mean)
        result |= {"value": mean, "low": mean - half, "high": mean + half}
        result.pop("provenance", None)
        result["measured"] = measured_of(used[0])
        result["made"] = {**made_of(used[0]), "interval": f"Student t over {len(values)} runs"}
    if len(used) < expected:
        told = f"{len(used)} of {expected} runs: the others have no such score or were measured otherwise"
        result["remark"] = "; ".join(filter(None, [result.get("remark"), told]))
    return result


def _row(runs: list[Collected], keys: Sequence[str]) -> dict[str, Any]:
    records = [run.record for run in runs]
    metrics = {}
    for name in metric_names(records):
        scores = [record["metrics"][name] for record in records if name in (record.get("metrics") or {})]
        metrics[name] = mean_score(scores, len(runs))
    seconds = [record["seconds"] for record in records if isinstance(record.get("seconds"), int | float)]
    return {
        "fingerprint": str(records[0].get("fingerprint", "")),
        "overrides": [f"{key}={value}" for key in keys if (value := runs[0].value(key)) is not None],
        "status": _status([str(record.get("status", "")) for record in records]),
        "seconds": math.fsum(seconds) / len(seconds) if seconds else None,
        "metrics": metrics,
        "unscored": {name: why for record in records for name, why in (record.get("unscored") or {}).items()},
        "seeds": sorted({int(record.get("seed", 0)) for record in records}),
    }


def _status(all_of_them: list[str]) -> str:
    """ "completed", or "2 of 3 completed, 1 failed"."""
    counts = Counter(all_of_them)
    if len(counts) == 1:
        return all_of_them[0]
    others = [f"{n} {status}" for status, n in counts.items() if status != "completed"]
    return ", ".join([f"{counts['completed']} of {len(all_of_them)} completed", *others])


def _deciding(run: Collected) -> str:
    """What two runs of one row share: the task, and all that decides a result but seeds and what follows from them."""
    shared = {name: value for name, value in _leaves(run.config) if not _is_of_the_seed(name)}
    return json.dumps(shared, sort_keys=True, default=str) + str(run.record.get("task_name"))


def _by_own_seeds(runs: Sequence[Collected], candidates: list[int]) -> list[list[int]]:
    """The candidates, apart where a seed within them is another one and not the run's own: a split of the data's."""
    seeds = {i: {k: v for k, v in _leaves(runs[i].config) if k.endswith(".seed")} for i in candidates}
    follows = {
        name for name in {k for of in seeds.values() for k in of}
        if all(seeds[i].get(name) == runs[i].config.get("seed", 0) for i in candidates)
    }  # fmt: skip
    apart: dict[str, list[int]] = {}
    for i in candidates:
        fixed = {name: value for name, value in seeds[i].items() if name not in follows}
        apart.setdefault(json.dumps(fixed, sort_keys=True, default=str), []).append(i)
    return list(apart.values())


def _is_of_the_seed(name: str) -> bool:
    """A key `seed`, at any depth, and the names of the models that a run stands on, which have seeds of their own."""
    above, _, last = name.rpartition(".")
    return last == "seed" or (last == "fingerprint" and above.startswith(("first_stage", "init_from")))


def _leaves(node: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of all that decides a result."""
    for key, value in node.items():
        path = f"{name}.{key}" if name else str(key)
        if decides(path) == "nothing":
            continue
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, path)
        else:
            yield path, value


def _t_half_width(values: list[float], mean: float) -> float:
    from scipy.stats import t

    n = len(values)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    return float(t.ppf(0.975, n - 1)) * deviation / math.sqrt(n)
