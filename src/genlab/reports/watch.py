"""What `genlab runs --watch` draws: counts, the running runs with their progress, and the table of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from genlab.reports.numbers import duration
from genlab.reports.sweep_keys import ABSENT, short_names, swept_keys, value_of
from genlab.reports.table import runs_table

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

    from genlab.runs.progress import Progress

_ORDER = ("completed", "running", "failed", "pruned", "interrupted")


def live_view(records: Sequence[Mapping[str, Any]], running: Mapping[str, Progress], waiting: int) -> Group:
    """The view of a moment.

    Args:
        records: of all runs, running ones among them.
        running: path of a run -> how far it is.
        waiting: runs of the sweep that have not begun.
    """
    from rich.console import Group
    from rich.text import Text

    parts: list[Any] = [Text(headline(records, running, waiting), "bold")]
    if running:
        parts.append(_progress_table([r for r in records if r["path"] in running], running, swept_keys(records)))
    finished = [record for record in records if record["path"] not in running]
    if finished:
        parts.append(runs_table(finished, swept_keys(records)))
    return Group(*parts)


def headline(records: Sequence[Mapping[str, Any]], running: Mapping[str, Progress], waiting: int) -> str:
    """ "12 runs: 5 completed, 2 running, 5 waiting; about 4 min left": the estimate needs a completed run."""
    counts = Counter(record["status"] for record in records)
    parts = [f"{counts[status]} {status}" for status in _ORDER if counts[status]]
    parts += [f"{waiting} waiting"] if waiting else []
    text = f"{len(records) + waiting} runs: {', '.join(parts) or 'none has begun'}"
    done = [float(record["seconds"]) for record in records if record["status"] == "completed"]
    if not running or not done:
        return text
    each = sum(done) / len(done)
    left = [progress.seconds_left for progress in running.values()]
    total = sum(each / 2 if seconds is None else seconds for seconds in left) + waiting * each
    return f"{text}; about {duration(total / len(running))} left"


def _progress_table(records: Sequence[Mapping[str, Any]], running: Mapping[str, Progress], keys: list[str]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    names = short_names(keys)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("running", no_wrap=True)
    for key in keys:
        table.add_column(names[key])
    for heading in ("progress", "step", "loss", "steps/s", "left"):
        table.add_column(heading, justify="left" if heading == "progress" else "right", no_wrap=True)
    for record in records:
        now = running[record["path"]]
        bar = ProgressBar(total=now.steps, completed=now.step, width=16) if now.steps else Text("starting", "dim")
        table.add_row(
            Text(record["fingerprint"][:8], "dim"), *(Text(value_of(record, key)) for key in keys),
            bar if now.steps or not now.step else Text("first epoch", "dim"),
            f"{now.step}/{now.steps}" if now.steps else f"{now.step}",
            ABSENT if now.loss is None else f"{now.loss:.4g}", f"{now.rate:.1f}" if now.rate else ABSENT,
            ABSENT if now.seconds_left is None else duration(now.seconds_left),
        )  # fmt: skip
    return table
