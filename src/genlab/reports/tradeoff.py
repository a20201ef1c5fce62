"""Many ways to sample from one checkpoint: how good samples are, against how much of the data they cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genlab.metrics.score import Score
from genlab.modalities.figures import pixels_of
from genlab.modalities.grids import save_png
from genlab.reports.curves import COLOURS
from genlab.reports.formats import escaped
from genlab.reports.numbers import metric_title, score_text
from genlab.reports.sweep_keys import overrides, swept_keys

Records = Sequence[Mapping[str, Any]]


def names_of(records: Records) -> list[str] | None:
    """The names of FID, recall and precision through one extractor, which all of several records have; else None."""
    everywhere = (
        [name for name in records[0]["metrics"] if all(name in r["metrics"] for r in records)] if records else []
    )
    for name in everywhere:
        extractor = name.removeprefix("fid_")
        names = [name, f"recall_{extractor}", f"precision_{extractor}"]
        if extractor != name and len(records) > 1 and set(names) <= set(everywhere):
            return names
    return None


def table(records: Records, names: Sequence[str]) -> str:
    """The swept values and the scores, in Markdown."""
    keys, rows = swept_keys(records), [[_score(r, name) for name in names] for r in records]
    titles = [
        *(key.rpartition(".")[2] for key in keys),
        *(metric_title(name, score.better) for name, score in zip(names, rows[0], strict=True)),
    ]
    lines = [f"| {' | '.join(map(escaped, titles))} |", f"|{' --- |' * len(keys)}{' ---: |' * len(names)}"]
    for record, scores in zip(records, rows, strict=True):
        given = overrides(record)
        texts = [" ".join(score_text(score.to_json())) for score in scores]
        lines.append(f"| {' | '.join([*(escaped(given.get(key, '')) for key in keys), *texts])} |")
    return "\n".join([*lines, "", "Intervals: 95 %."]) + "\n"


def draw(records: Records, names: Sequence[str], path: Path) -> Path:
    """FID against recall, to a PNG file: a line through the records in their order, each with what was swept."""
    from matplotlib.figure import Figure  # no pyplot: no window, no global state

    quality, recall = ([_score(r, name) for r in records] for name in names[:2])
    keys = swept_keys(records)
    figure = Figure(figsize=(5.2, 4.0), dpi=110, layout="constrained")
    axes = figure.subplots()
    x, y = [score.value for score in recall], [score.value for score in quality]
    axes.errorbar(x, y, _bars(quality), _bars(recall), color=COLOURS[0], marker="o", markersize=4, capsize=2)
    for record, place in zip(records, zip(x, y, strict=True), strict=True):
        given = overrides(record)
        text = " ".join(str(given.get(key, "")) for key in keys)
        axes.annotate(text, place, xytext=(5, 5), textcoords="offset points", fontsize=9)
    axes.set_xlabel(metric_title(names[1], recall[0].better))
    axes.set_ylabel(metric_title(names[0], quality[0].better))
    axes.set_title(", ".join(keys), fontsize=9)
    axes.grid(visible=True, color="#d0d0d0", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    save_png(path, pixels_of(figure))
    return path


def _bars(scores: Sequence[Score]) -> list[list[float]]:
    return [[max(0.0, s.value - s.low) for s in scores], [max(0.0, s.high - s.value) for s in scores]]


def _score(record: Mapping[str, Any], name: str) -> Score:
    return Score.from_json(record["metrics"][name])
