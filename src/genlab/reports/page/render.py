"""Fills the page's template: a table that is complete without scripts, and the data its scripts draw from."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from genlab.reports.collect import Collected
from genlab.reports.formats import INTERVALS
from genlab.reports.gallery import galleries
from genlab.reports.groups import Group
from genlab.reports.leaderboard import Leaderboard, Row
from genlab.reports.numbers import duration
from genlab.reports.page import parts
from genlab.reports.sweep_keys import ABSENT

_SCRIPTS = ("core.js", "board.js", "charts.js", "gallery.js")
_MAX_CHOICES = 16
"""Settings with at most so many values get a menu in the filter."""


def page(title: str, runs: Sequence[Collected], groups: Sequence[Group], board: Leaderboard) -> str:
    """The whole page as HTML. `groups` are the rows of `board`, with their runs."""
    import jinja2
    from markupsafe import Markup

    labels = [_label(board, row) for row in board.rows]
    row_of = {member: i for i, group in enumerate(groups) for member in group.members}
    shown = galleries([run.own_pictures() for run in runs])
    curves = parts.curves(runs, row_of, labels)
    sections = {"leaderboard": "Leaderboard", "importance": "What mattered", "charts": "Settings, quality, cost",
             "curves": "Curves", "gallery": "Gallery", "provenance": "How the numbers were made"}  # fmt: skip
    shares = parts.shares(board, runs, groups)
    empty = {"importance": not shares, "charts": not board.metrics, "curves": not curves, "gallery": not shown}
    data = {
        "names": labels, "keys": board.settings, "settings": [row.settings for row in board.rows],
        "said": [" ".join([label, row.name, row.status]) for label, row in zip(labels, board.rows, strict=True)],
        "metrics": board.metrics, "better": board.better, "costs": parts.costs(runs, groups),
        "cells": [[[c.number, c.low, c.high] if c.number is not None else None for c in r.cells] for r in board.rows],
        "curves": curves, "galleries": [parts.gallery_data(gallery, runs, row_of, labels) for gallery in shown],
    }  # fmt: skip
    here = files("genlab.reports.page")
    script = "\n".join((here / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string((here / "page.html").read_text(encoding="utf-8"))
    return template.render(
        title=title,
        css=Markup((here / "page.css").read_text(encoding="utf-8")),
        script=Markup(f'"use strict";(() => {{\n{script}}})();'),
        data=Markup(_json(data)),
        facts=parts.facts(runs),
        parts=[(key, name) for key, name in sections.items() if not empty.get(key)],
        filters=_filters(board),
        intervals=INTERVALS,
        counted="A row with several seeds shows their mean." if any(row.seeds > 1 for row in board.rows) else "",
        heads=[
            {"text": "run", "number": False},
            *({"text": name, "number": False} for name in board.settings),
            *({"text": name, "number": True} for name in board.metrics),
            {"text": "time", "number": True},
            {"text": "status", "number": False},
        ],
        rows=[_row(row) for row in board.rows],
        notes=board.notes,
        errors=[
            {"run": run.record["fingerprint"], "text": f"{error.get('type', '')}: {error.get('message', '')}"}
            for run in runs
            if (error := run.record.get("error"))
        ],
        shares=shares,
        metrics=board.metrics,
        terms=list(curves),
        kinds=[gallery.kind for gallery in shown],
        left_out=parts.left_out(shown),
        provenance=parts.provenance(board, groups),
    )


def _row(row: Row) -> dict[str, Any]:
    name = row.name[:8] + (f" · {row.seeds} seeds" if row.seeds > 1 else "")
    statuses = ("completed", "failed", "interrupted", "pruned", "running")
    return {
        "name": name, "settings": row.settings, "cells": row.cells, "seconds": row.seconds,
        "time": duration(row.seconds), "status": row.status, "kind": row.status if row.status in statuses else "mixed",
    }  # fmt: skip


def _label(board: Leaderboard, row: Row) -> str:
    """ "coding_size 2, lr 0.001", or the run's name where nothing varies."""
    pairs = zip(board.settings, row.settings, strict=True)
    return ", ".join(f"{name} {value}" for name, value in pairs if value != ABSENT) or row.name


def _filters(board: Leaderboard) -> list[dict[str, Any]]:
    filters = []
    for i, name in enumerate([*board.settings, "status"]):
        values = [row.settings[i] if i < len(board.settings) else row.status for row in board.rows]
        choices = list(dict.fromkeys(values))
        if 1 < len(choices) <= _MAX_CHOICES:
            column = i + 1 if i < len(board.settings) else i + 2 + len(board.metrics)
            filters.append({"name": name, "column": column, "choices": choices})
    return filters


def _json(data: Any) -> str:
    """JSON that stands inside a script element: no `<`, so that nothing in it ends the element."""
    text = json.dumps(_plain(data), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _plain(node: Any) -> Any:
    if isinstance(node, float):
        return node if math.isfinite(node) else None
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_plain(item) for item in node]
    return node
