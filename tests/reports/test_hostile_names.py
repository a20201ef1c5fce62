"""Names are whatever a person or a stranger wrote: in every writer they are text, and nothing but text."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from genlab.commands.runs import main as runs
from genlab.interop.table import CSVTable
from genlab.metrics.difference import compared
from genlab.metrics.score import Score
from genlab.reports import comparison, pareto
from genlab.reports.collect import collect
from genlab.reports.formats import comma_separated, latex, markdown
from genlab.reports.groups import group
from genlab.reports.leaderboard import Leaderboard, leaderboard
from genlab.reports.page.render import page
from genlab.reports.spreadsheet import inert, original
from genlab.reports.studies import paper, readme

HOSTILE = [
    "=cmd", "+1+cmd|' /C calc'!A0", "-x", "@SUM(A1)", "\t=1+1", "\n=1+1", "a\nb", "<script>alert(1)</script>", "a|b",
    "$x^2$", r"\input{x}", "`code`", "[a](javascript:b)", '"q", \'r\'', "[x]", "\uff1d1+1", "# a", "a_b*c*", "```",
]  # fmt: skip


def score(value: float, device: str = "", **made: Any) -> dict[str, Any]:
    measured = {"reference": "x", "device": device}
    return Score(value, value - 1, value + 1, 10, "", "lower", measured, {"nfe": 1, **made}).to_json()


def records(name: str) -> list[dict[str, Any]]:
    return [
        {"fingerprint": f"aa{i}", "overrides": [f"name={name}{i}"], "status": "completed", "seconds": 1.0,
         "metrics": {f"{name}fid": score(float(i), warning=name)}} for i in range(2)
    ]  # fmt: skip


def board(name: str) -> Leaderboard:
    return leaderboard(records(name), ["name"])


def study(name: str) -> dict[str, Any]:
    claim = {"id": "a", "text": name, "verdict": "undecided", "expression": name, "parts": [], "why": name}
    cell = {**score(1.0), "seeds": {"0": 1.0}}
    return {
        "title": name, "source": name, "scale": name, "says": name, "note": name, "command": name,
        "seeds": 1, "runs": 1,
        "run_seconds": 1.0, "devices": ["cpu"], "threads": ["1"], "torch": ["2"], "commits": ["a"], "date": "",
        "settings": {"key": name}, "earlier": [], "test": {"statistic": "t", "min_seeds": 3},
        "columns": {"c": {"title": name, "unit": name, "report": {}, "counted": False}},
        "rows": {name: {"settings": {"key": name}, "missing": name, "cells": {"c": cell}}}, "claims": [claim],
    }  # fmt: skip


def study_in_readme(name: str, folder: Path) -> str:
    (folder / "table").mkdir()
    (folder / "table" / "results.json").write_text(json.dumps(study(name)))
    return readme.summary(folder)


def compared_text(name: str) -> str:
    a, b = (Score.from_json(score(value, device=name * i)) for i, value in ((1, 1.0), (2, 2.0)))
    return comparison.markdown(compared({name: a}, {name: b}), name, name)


MARKDOWN: dict[str, Callable[[str, Path], str]] = {
    "leaderboard": lambda name, _: markdown(board(name), name),
    "comparison": lambda name, _: compared_text(name),
    "ways to sample": lambda name, _: pareto.table(pareto.ways(records(name), f"{name}fid"), f"{name}fid"),
    "study": lambda name, _: paper.page(study(name), {"samples": {name: f"{name}.png"}}),
    "readme": study_in_readme,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("writer", MARKDOWN)
def test_markdown_holds_the_same_elements_whatever_the_names(writer: str, name: str, tmp_path: Path) -> None:
    for folder in ("plain", "hostile"):
        (tmp_path / folder).mkdir()
    plain = elements(MARKDOWN[writer]("plain", tmp_path / "plain"))
    hostile = elements(MARKDOWN[writer](name, tmp_path / "hostile"))
    assert hostile == plain


def elements(text: str) -> list[str]:
    """What a renderer makes of it: tags of blocks, tables and HTML, links' schemes; no text."""
    from markdown_it import MarkdownIt

    found = []
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(text):
        for part in [token, *(token.children or [])]:
            if part.type in ("html_inline", "html_block"):
                found.append(part.content)
            elif part.type not in ("text", "softbreak", "inline"):
                found.append(part.type)
    return found


@pytest.mark.parametrize("name", HOSTILE)
def test_latex_has_no_command_and_no_column_of_a_name(name: str) -> None:
    def shape(text: str) -> list[tuple[int, list[str]]]:
        commands = [re.findall(r"\\(?:input|\\\[|\\\*)", line) for line in text.splitlines()]
        return [(len(re.findall(r"(?<!\\)[&$]", line.replace(r"$\downarrow$", ""))), c) for line, c in
                zip(text.splitlines(), commands, strict=True)]  # fmt: skip

    assert shape(latex(board(name), name)) == shape(latex(board("plain"), "plain"))
    assert not re.search(r"\\\\\s*[\[*]", latex(board(name), name))


class Elements(HTMLParser):
    """The elements of a page that could do something, outside its own text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "a", "img", "iframe", "style") or any(name.startswith("on") for name, _ in attrs):
            self.found.append((tag, tuple(name for name, _ in attrs)))


@pytest.mark.parametrize("name", HOSTILE)
def test_html_has_the_same_active_elements_whatever_the_names(name: str, store: Any, make_score: Any) -> None:
    def shown(of: str) -> list[Any]:
        folder = store.run({f"{of}fid": make_score(1.0)}, f"name={of}", error={"type": of, "message": of})
        found = collect([folder])
        groups = group(found, ["name"])
        return Elements(page(of, found, groups, leaderboard([g.record for g in groups], ["name"]))).found

    assert shown(name) == shown("plain")


def of_leaderboard(name: str, folder: Path, capsys: Any) -> str:
    return comma_separated(board(name))


def of_runs(name: str, folder: Path, capsys: Any) -> str:
    run = folder / "train" / "abc"
    run.mkdir(parents=True)
    record = records(name)[0] | {
        "task_name": name, "experiment": name, "family": name, "seed": 0, "started": "2026",
        "error": {"type": name, "message": name, "traceback": ""},
    }  # fmt: skip
    (run / "record.json").write_text(json.dumps(record))
    assert runs(["--csv", f"paths.output_dir={folder}"]) == 0
    out: str = capsys.readouterr().out
    return out


def of_logger(name: str, folder: Path, capsys: Any) -> str:
    table = CSVTable(folder / "metrics.csv")
    table.log_metrics({name: 1.5}, 1)
    table.save()
    again = CSVTable(folder / "metrics.csv")
    again.log_metrics({name: 2.5}, 2)
    again.save()
    rows = list(csv.reader(io.StringIO((folder / "metrics.csv").read_text())))
    assert [row[1:] for row in rows[1:]] == [["1.5"], ["2.5"]]  # the column is found again, not doubled
    return (folder / "metrics.csv").read_text()


CSV = {"leaderboard": of_leaderboard, "runs": of_runs, "logger": of_logger}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("writer", CSV)
def test_no_cell_of_csv_is_a_formula(writer: str, name: str, tmp_path: Path, capsys: Any) -> None:
    rows = list(csv.reader(io.StringIO(CSV[writer](name, tmp_path, capsys), newline="")))
    assert len({len(row) for row in rows}) == 1
    cells = [cell for row in rows for cell in row]
    assert any(original(cell).startswith(name) for cell in cells)
    for cell in cells:
        assert cell == inert(original(cell))
        assert cell[:1] not in tuple("=+-@\t\r\n\uff1d") or float(cell) == float(cell)


def test_what_writes_csv_is_one_writer() -> None:
    import genlab

    source = Path(genlab.__file__).parent
    writers = {path.name for path in source.rglob("*.py") if re.search(r"csv\.(Dict)?[wW]riter", path.read_text())}
    assert writers == {"spreadsheet.py"}


@pytest.mark.parametrize(
    ("text", "written"),
    [("=1", "'=1"), ("-1e-3", "-1e-3"), ("-1+2", "'-1+2"), ("-inf", "-inf"), ("'=1", "'=1"), ("a", "a"), (None, "")],
)
def test_numbers_stay_numbers(text: str | None, written: str) -> None:
    assert inert(text) == written
