"""Many ways to sample from one checkpoint: quality against cost, and which of them no other one beats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genlab.metrics.compare import footnotes, groups
from genlab.metrics.score import Score, made_of, measured_of
from genlab.modalities.figures import pixels_of
from genlab.modalities.grids import save_png
from genlab.reports.curves import COLOURS
from genlab.reports.formats import escaped
from genlab.reports.numbers import metric_title, score_text
from genlab.reports.sweep_keys import overrides, swept_keys

COSTS = {"nfe": "network evaluations", "seconds": "seconds per image"}
"""What may be paid: key -> title of the axis."""

_LENGTH = "sampler.steps"
"""The key along which one way becomes longer; the others tell the lines of the picture apart."""


@dataclass(frozen=True)
class Way:
    """One way of sampling: what it is, what it costs, how good its samples are."""

    settings: dict[str, str]
    """The swept keys and their values."""

    score: Score
    costs: dict[str, float]
    """Keys of COSTS; one that is not known is absent."""

    @property
    def line(self) -> str:
        """The settings without the number of steps."""
        return " ".join(value for key, value in self.settings.items() if key != _LENGTH) or "samples"


def quality_of(records: Sequence[Mapping[str, Any]]) -> str | None:
    """The first metric that all records have of samples against a reference (FID, where the suite begins with it)."""
    for name, entry in (records[0]["metrics"] if records else {}).items():
        of_samples = "reference" in measured_of(entry) and "nfe" in made_of(entry)
        if of_samples and all(name in record["metrics"] for record in records):
            return str(name)
    return None


def ways(records: Sequence[Mapping[str, Any]], quality: str) -> list[Way]:
    """The records of one checkpoint's evaluations, each as record.json, by their score of `quality`."""
    keys = swept_keys(records)
    timings = [_timing(record["metrics"]) for record in records]
    usual = Counter(timing for timing in timings if timing is not None).most_common(1)
    all_ways = []
    for record, timing in zip(records, timings, strict=True):
        given, scores = overrides(record), record["metrics"]
        score = Score.from_json(scores[quality])
        timed = scores["seconds_per_image"]["value"] if usual and timing == usual[0][0] else None
        costs = {"nfe": score.made.get("nfe"), "seconds": timed}
        settings = {key: given.get(key, "") for key in keys}
        all_ways.append(Way(settings, score, {name: float(cost) for name, cost in costs.items() if cost is not None}))
    return all_ways


def _timing(scores: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The machine and the batches on which a sample was timed: seconds on another machine are another cost."""
    if (timed := scores.get("seconds_per_image")) is None:
        return None
    return tuple(str(measured_of(timed).get(key)) for key in ("device", "batch_size"))


def pareto_set(ways: Sequence[Way], cost: str) -> set[int]:
    """Positions of the ways that no other one beats: none that costs no more is better, none as good costs less.

    Only ways that were measured alike are compared (the largest such group); the others are never in the set.
    """
    alike = groups({str(i): way.score for i, way in enumerate(ways) if cost in way.costs})
    members = [int(key) for key in (alike[0] if alike else [])]

    def rank(i: int) -> tuple[float, float]:
        sign = 1 if ways[i].score.better == "lower" else -1
        return ways[i].costs[cost], sign * ways[i].score.value

    ranks = {i: rank(i) for i in members}
    beaten = {i for i in members for j in members if ranks[j] != ranks[i] and all(map(_at_most, ranks[j], ranks[i]))}
    return set(members) - beaten


def _at_most(a: float, b: float) -> bool:
    return a <= b


def table(ways: Sequence[Way], quality: str) -> str:
    """The ways in Markdown: a star where one is in a Pareto set, a footnote where it was measured otherwise."""
    costs = [cost for cost in COSTS if all(cost in way.costs for way in ways)]
    fronts = {cost: pareto_set(ways, cost) for cost in costs}
    apart = footnotes({str(i): way.score for i, way in enumerate(ways)})
    notes = list(dict.fromkeys(apart.values()))
    keys = list(ways[0].settings) if ways else []
    better = ways[0].score.better if ways else None
    titles = [*(key.rpartition(".")[2] for key in keys), *(COSTS[cost] for cost in costs)]
    heads = [escaped(title) for title in (*titles, metric_title(quality, better))]
    lines = [f"| {' | '.join(heads)} |", f"| {' | '.join(['---'] * len(keys) + ['---:'] * (len(costs) + 1))} |"]
    for i, way in enumerate(ways):
        paid = [f"{way.costs[cost]:.3g}{' ★' if i in fronts[cost] else ''}" for cost in costs]
        value, ends = score_text(way.score.to_json())
        mark = f"<sup>{notes.index(apart[str(i)]) + 1}</sup>" if str(i) in apart else ""
        lines.append(f"| {' | '.join([*map(escaped, way.settings.values()), *paid, f'{value}{mark} {ends}'])} |")
    lines += ["", "★: nothing cheaper or as cheap is better. Intervals: 95 %."]
    return "\n".join([*lines, *(f"\n<sup>{i}</sup> {escaped(note)}" for i, note in enumerate(notes, start=1))]) + "\n"


def to_json(ways: Sequence[Way], quality: str) -> dict[str, Any]:
    """The same as plain data: nothing rounded, with how every score was made and measured."""
    fronts = {cost: pareto_set(ways, cost) for cost in COSTS}
    rows = [
        {
            "settings": way.settings, "costs": way.costs, "score": way.score.to_json(),
            "pareto": [cost for cost in COSTS if i in fronts[cost]],
        }
        for i, way in enumerate(ways)
    ]  # fmt: skip
    return {"quality": quality, "ways": rows}


def draw(ways: Sequence[Way], quality: str, path: Path) -> Path:
    """Quality against each cost that is known, to a PNG file: a line for each kind of way, rings on the Pareto set."""
    from matplotlib.figure import Figure  # no pyplot: no window, no global state

    costs = [cost for cost in COSTS if any(cost in way.costs for way in ways)]
    figure = Figure(figsize=(5.2 * len(costs), 4.0), dpi=110, layout="constrained")
    for axes, cost in zip(figure.subplots(1, len(costs), squeeze=False)[0], costs, strict=True):
        _panel(axes, ways, cost)
        axes.set_xlabel(COSTS[cost])
        axes.set_ylabel(metric_title(quality, ways[0].score.better))
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=9)
    save_png(path, pixels_of(figure))
    return path


def _panel(axes: Any, all_ways: Sequence[Way], cost: str) -> None:
    indices = [i for i, way in enumerate(all_ways) if cost in way.costs]
    for colour, line in zip(COLOURS * len(indices), dict.fromkeys(all_ways[i].line for i in indices), strict=False):
        rows = sorted((all_ways[i] for i in indices if all_ways[i].line == line), key=lambda way: way.costs[cost])
        x, y = [way.costs[cost] for way in rows], [way.score.value for way in rows]
        bars = [[w.score.value - w.score.low for w in rows], [w.score.high - w.score.value for w in rows]]
        axes.errorbar(x, y, bars, color=colour, marker="o", markersize=4, linewidth=1.3, capsize=2, label=line)
    front = sorted((all_ways[i] for i in pareto_set(all_ways, cost)), key=lambda way: way.costs[cost])
    axes.plot(
        [way.costs[cost] for way in front], [way.score.value for way in front], "o", markersize=10, fillstyle="none",
        color="#404040", label="Pareto set",
    )  # fmt: skip
    values = [all_ways[i].score.value for i in indices]
    _logarithmic(axes.xaxis)
    if min(values) > 0 and max(values) > 5 * min(values):
        _logarithmic(axes.yaxis)
    axes.grid(visible=True, which="major", color="#d0d0d0", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _logarithmic(axis: Any) -> None:
    """Ticks at 1, 2, 5, 10, ... written as plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
