"""What the parts of the page say: curves, costs, importance, galleries, provenance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from genlab.metrics.score import made_of, provenance_of
from genlab.reports.collect import Collected
from genlab.reports.downsample import downsample_history
from genlab.reports.gallery import Gallery
from genlab.reports.groups import Group
from genlab.reports.importance import importance
from genlab.reports.leaderboard import Leaderboard
from genlab.reports.numbers import duration
from genlab.reports.ranking import number


def shares(
    board: Leaderboard, runs: Sequence[Collected], groups: Sequence[Group]
) -> list[tuple[str, list[float | None]]]:
    """The importance of each key for each metric, the most important key first; empty where none has a number."""
    columns = []
    for m, name in enumerate(board.names):
        settings, values = [], []
        for row, group in zip(board.rows, groups, strict=True):
            for member in group.members if not row.cells[m].apart else ():
                score = (runs[member].record.get("metrics") or {}).get(name)
                if (value := number(score, "value")) is not None:
                    settings.append(row.settings)
                    values.append(value)
        columns.append(importance(settings, values) if values else [None] * len(board.settings))
    by_key = [(key, [column[k] for column in columns]) for k, key in enumerate(board.settings)]
    if all(value is None for _, values in by_key for value in values):
        return []
    return sorted(by_key, key=lambda share: -max((v for v in share[1] if v is not None), default=-1.0))


def curves(
    runs: Sequence[Collected], row_of: Mapping[int, int], labels: Sequence[str]
) -> dict[str, list[tuple[int, str, list[float], list[float]]]]:
    by_term: dict[str, list[tuple[int, str, list[float], list[float]]]] = {}
    for i, run in enumerate(runs):
        if run.is_again:
            continue
        label = f"{labels[row_of[i]]}, seed {run.record.get('seed')}"
        for name, (steps, values) in downsample_history(run.run.history_file).items():
            by_term.setdefault(name, []).append((row_of[i], label, steps, values))
    return dict(sorted(by_term.items(), key=lambda item: (item[0] != "loss", item[0])))


def costs(runs: Sequence[Collected], groups: Sequence[Group]) -> dict[str, list[float | None]]:
    """What each row costs, by unit; only units that some row knows. Each has one meaning: the seconds of a training and
    those of scoring it again are two."""
    first = [runs[group.members[0]].record for group in groups]
    training = [record.get("training") or {} for record in first]
    made = [next((made_of(s) for s in (r.get("metrics") or {}).values()), {}) for r in first]
    seconds = [group.record["seconds"] for group in groups]
    again = ["evaluation" in record for record in first]
    per_sample = [(group.record["metrics"].get("seconds_per_image") or {}).get("value") for group in groups]
    columns = {
        "seconds of the run": [None if later else value for value, later in zip(seconds, again, strict=True)],
        "seconds of scoring again": [value if later else None for value, later in zip(seconds, again, strict=True)],
        "seconds a sample": per_sample,
        "parameters": [each.get("parameters") for each in training],
        "training images": [each.get("images") for each in training],
        "network evaluations a sample": [each.get("nfe") for each in made],
    }
    plain = {name: [_finite(value) for value in values] for name, values in columns.items()}
    return {name: values for name, values in plain.items() if any(value is not None for value in values)}


def gallery_data(
    gallery: Gallery, runs: Sequence[Collected], row_of: Mapping[int, int], labels: Sequence[str]
) -> dict[str, Any]:
    steps = sorted({step for strip in gallery.strips for step in strip.pictures})
    strips = [
        {"row": row_of[s.run], "label": f"{labels[row_of[s.run]]}, seed {runs[s.run].record.get('seed')}",
         "pictures": s.pictures} for s in gallery.strips
    ]  # fmt: skip
    return {"kind": gallery.kind, "steps": steps, "strips": strips}


def left_out(shown: Sequence[Gallery]) -> str:
    n = sum(gallery.left_out for gallery in shown)
    return f"{n} more pictures are in the run folders: this page has no room for them." if n else ""


def facts(runs: Sequence[Collected]) -> list[str]:
    """Counts, hardware, versions: what all runs share, or how many kinds there are."""
    records = [run.record for run in runs if not run.is_again]
    texts = [f"{len(records)} runs"]
    if later := len(runs) - len(records):
        texts.append(f"{later} later evaluations")
    for title, where in (
        ("data", "data"),
        ("device", "environment"),
        ("torch", "environment"),
        ("commit", "environment"),
    ):
        key = "name" if title == "data" else title
        values = {str(v) for record in records if (v := (record.get(where) or {}).get(key)) is not None}
        if values:
            texts.append(f"{title} {values.pop()}" if len(values) == 1 else f"{len(values)} kinds of {title}")
    texts.append(f"{duration(math.fsum(float(record.get('seconds') or 0) for record in records))} of computing")
    finished = max((str(record.get("finished") or "") for record in records), default="")
    return [*texts, *([f"finished {finished[:16].replace('T', ' ')}"] if finished else [])]


def provenance(board: Leaderboard, groups: Sequence[Group]) -> list[dict[str, Any]]:
    """Of each metric, how it was made and measured; keys with several values over the rows say so."""
    items = []
    for name, title in zip(board.names, board.metrics, strict=True):
        scores = [score for group in groups if (score := group.record["metrics"].get(name))]
        everything = [{"n": s.get("n"), "unit": s.get("unit"), **provenance_of(s)} for s in scores]
        facts = []
        for key in dict.fromkeys(key for one in everything for key in one):
            values = list(dict.fromkeys(str(one[key]) for one in everything if one.get(key) not in (None, "")))
            if values:
                facts.append(
                    (key, values[0] if len(values) == 1 else f"{len(values)} values: " + "; ".join(values[:6]))
                )
        items.append({"title": title, "facts": facts})
    return items


def _finite(value: Any) -> float | None:
    is_finite = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_finite else None
