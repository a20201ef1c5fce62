"""The report of a sweep as one run of W&B: its table, the last pictures of every run, and a saved view of the sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genlab.atomic import write_json
from genlab.reports.collect import Collected
from genlab.reports.groups import Group
from genlab.reports.leaderboard import Leaderboard

if TYPE_CHECKING:
    from genlab.interop.wandb_workspace import Shown

_MOST = 100
"""Pictures of one kind that W&B shows side by side without trouble."""


def publish(
    title: str, runs: Sequence[Collected], groups: Sequence[Group], board: Leaderboard, folder: Path, project: str,
    group: str | None,
) -> None:  # fmt: skip
    """Send table and pictures to W&B, or keep them in `folder` while there is no server.

    Publishing into the same folder again continues the same W&B run. Where there is a server, a sweep gets a saved
    view of its runs too.
    """
    from genlab.interop.loggers import finish, log_files
    from genlab.interop.wandb import log_table, wandb_logger

    write_json(folder / "config.yaml", {"title": title, "runs": len(runs), "rows": len(board.rows), "keys": board.keys})
    logger = wandb_logger(folder, project, group=group, job_type="report", name=title)
    status = "failed"
    try:
        log_table(logger, "leaderboard", *_table(board))
        for kind, shown in _captioned(runs, groups, board).items():
            log_files(logger, kind, shown)
        status = "completed"
        if group is not None and not logger.experiment.offline:
            print(_view(_shown(title, group, runs, board), project, logger.experiment.entity))
    finally:
        finish(logger, status)


def _captioned(
    runs: Sequence[Collected], groups: Sequence[Group], board: Leaderboard
) -> dict[str, list[tuple[Path, str]]]:
    """Kind -> the last picture of each row with its settings as the caption: one panel for each kind."""
    by_kind: dict[str, list[tuple[Path, str]]] = {}
    for row, each in list(zip(board.rows, groups, strict=True))[:_MOST]:
        label = ", ".join(f"{k} {v}" for k, v in zip(board.settings, row.settings, strict=True)) or row.name
        for kind, by_step in runs[each.members[0]].pictures().items():
            step = max(by_step)
            by_kind.setdefault(kind, []).append((by_step[step], f"{label}, step {step}"))
    return by_kind


def _view(shown: Shown, project: str, entity: str) -> str:
    from genlab.interop.wandb_workspace import save

    try:
        return f"W&B view of the sweep: {save(shown, project, entity)}"
    except ModuleNotFoundError:
        return 'there is no W&B view of the sweep: it needs the extra "workspace" (pip install "genlab[workspace]")'


def _shown(title: str, sweep: str, runs: Sequence[Collected], board: Leaderboard) -> Shown:
    """What the view of a sweep shows."""
    from genlab.interop.wandb_workspace import Shown
    from genlab.reports.curves import curves
    from genlab.runs import history

    terms = dict.fromkeys(curve.name for run in runs for curve in curves(history.read(run.run.history_file)))
    kinds = dict.fromkeys(kind for run in runs for kind in run.pictures())
    return Shown(title, sweep, board.keys, board.names, list(terms), list(kinds))


def _table(board: Leaderboard) -> tuple[list[str], list[list[str | float | None]]]:
    """Columns and rows; numbers are not rounded."""
    columns = ["run", "seeds", *board.keys]
    columns += [f"{name}{part}" for name in board.names for part in ("", "_low", "_high")]
    rows: list[list[str | float | None]] = []
    for row in board.rows:
        numbers = [number for cell in row.cells for number in (cell.number, cell.low, cell.high)]
        rows.append([row.name, row.seeds, *row.settings, *numbers, row.seconds, row.status])
    return [*columns, "seconds", "status"], rows
