"""RESULTS.md: the page of a study. Our numbers beside the report's, its claims and their verdicts, pictures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from genlab.reports.formats import code, escaped
from genlab.reports.numbers import duration, score_text
from genlab.reports.studies.results import Results, moved
from genlab.reports.sweep_keys import short_names


def page(results: Results, pictures: Mapping[str, Mapping[str, str]]) -> str:
    """The Markdown of a study's page.

    Args:
        pictures: kind -> row -> path of the picture, relative to the page.
    """
    parts = [
        f"# {escaped(results['title'])}", f"Source: {escaped(results['source'])}.", _scale(results),
        _note(results), table(results), _missing(results), _claims(results), _moved(results), _pictures(pictures),
        _how(results),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def table(results: Results) -> str:
    """Rows by settings and columns; where the report prints a number, it stands behind ours.

    A setting that most rows have is a column. One that few have would be a column of gaps: it is told below.
    """
    shares = Counter(key for row in results["rows"].values() for key in row["settings"])
    keys = [key for key, n in shares.items() if 2 * n >= len(results["rows"])]
    titles = [f"{c['title']}{', ' + c['unit'] if c['unit'] else ''}" for c in results["columns"].values()]
    heads = ["row", *_settings(keys)]
    for title, column in zip(titles, results["columns"].values(), strict=True):
        heads += [title, "report"] if column["report"] else [title]
    lines = [_line(map(escaped, heads)), _line("---" for _ in heads)]
    notes: list[str] = []
    for name, row in results["rows"].items():
        cells = [name, *(str(row["settings"].get(key, "")) for key in keys)]
        cells = [escaped(cell) for cell in cells]
        for key, column in results["columns"].items():
            cells.append(_number(column, row["cells"].get(key)) + _mark(row["cells"].get(key), notes))
            if column["report"]:
                cells.append(f"{column['report'][name]:g}" if name in column["report"] else "–")
        lines.append(_line(cells))
    caption = _caption(results["seeds"], results.get("seeds_of"))
    footnotes = [f"<sup>{i}</sup> {escaped(note)}." for i, note in enumerate(notes, start=1)]
    return "\n\n".join(["\n".join(lines), caption, *_rare_settings(results, keys), *footnotes])


def _rare_settings(results: Results, columns: Sequence[str]) -> list[str]:
    """A sentence on the settings that are no `columns`, as words of a command; empty when all are."""
    told = []
    for name, row in results["rows"].items():
        own = [code(f"{key}={value}") for key, value in row["settings"].items() if key not in columns]
        if own:
            told.append(f"{escaped(name)} {', '.join(own)}")
    return [f"Further settings of single rows: {'; '.join(told)}."] if told else []


def _caption(n: int, seeds_of: str | None) -> str:
    if n == 1:
        return "One seed; intervals are those of the score."
    if seeds_of == "samples":
        return (
            f"Mean and 95 % interval over {n} seeds of the noise that samples are drawn from, all by one trained "
            "model: another training may give other numbers."
        )
    return f"Mean and 95 % interval over {n} seeds."


def _mark(cell: Mapping[str, Any] | None, notes: list[str]) -> str:
    """The mark of the remark on a number; a new remark is added to `notes`."""
    if not cell or not cell.get("remark"):
        return ""
    if cell["remark"] not in notes:
        notes.append(cell["remark"])
    return f"<sup>{notes.index(cell['remark']) + 1}</sup>"


def _settings(keys: Sequence[str]) -> list[str]:
    """Short names of keys; those of the first stage say so."""
    of_first = "first_stage.overrides."
    short = short_names(key for key in keys if not key.startswith(of_first))
    return [short[key] if key in short else f"first stage's {key.rpartition('.')[2]}" for key in keys]


def _number(column: Mapping[str, Any], cell: Mapping[str, Any] | None) -> str:
    """A mean with its interval; of a yes or no, how many of the seeds say yes."""
    if cell and column.get("counted"):
        return f"{round(sum(cell['seeds'].values()))} of {len(cell['seeds'])} seeds"
    return " ".join(score_text(cell)).strip()


def _scale(results: Results) -> str:
    if not results["says"]:
        return f"**Scale: {escaped(results['scale'])}**, the report's own settings."
    return f"**Scale: {escaped(results['scale'])}. These are not the report's settings:** {escaped(results['says'])}"


def _note(results: Results) -> str:
    return escaped(results["note"])


def _missing(results: Results) -> str:
    lines = [f"- Row {escaped(name)}: {escaped(row['missing'])}."
            for name, row in results["rows"].items() if row["missing"]]  # fmt: skip
    return "\n".join(["What is missing:", "", *lines]) if lines else ""


def _claims(results: Results) -> str:
    if not results["claims"]:
        return ""
    test = results["test"]
    lines = [
        "## Claims of the report",
        "",
        _line(("claim", "verdict", "test", "difference [95 %]")),
        _line(["---"] * 4),
    ]
    for claim in results["claims"]:
        parts = claim["parts"]
        tests = "<br>".join(code(part["expression"], cell=True) for part in parts) or (
            code(claim["expression"], cell=True) if claim["expression"] else "none"
        )
        numbers = "<br>".join(" ".join(score_text({**part, "value": part["difference"]})) for part in parts)
        verdict = f"**{claim['verdict']}**" + (f": {escaped(claim['why'])}" if claim["why"] else "")
        lines.append(_line((escaped(claim["text"]), verdict, tests, numbers or "–")))
    lines += ["", f"{test['statistic']}; fewer than {test['min_seeds']} seeds decide nothing. "
              "A claim of several parts is reproduced when every part is."]  # fmt: skip
    if results["says"]:
        lines[-1] += " The verdicts are about the settings above, and not yet about the report's own."
    return "\n".join(lines)


def _moved(results: Results) -> str:
    moves = moved(results)
    return (
        "\n".join(["## Moved since the last results", "", *(f"- {escaped(text)}" for text in moves)]) if moves else ""
    )


def _pictures(pictures: Mapping[str, Mapping[str, str]]) -> str:
    lines = []
    for kind, by_row in pictures.items():
        lines += [f"## {kind.replace('_', ' ').capitalize()}", ""]
        lines += [_line(f"row {escaped(row)}" for row in by_row), _line("---" for _ in by_row)]
        lines += [_line(f"![{kind} of row {escaped(row)}]({quote(path)})" for row, path in by_row.items()), ""]
    return "\n".join(lines).rstrip()


def _how(results: Results) -> str:
    def several(key: str) -> str:
        return ", ".join(results[key]) or "unknown"

    settings = ", ".join(code(f"{key}={value}") for key, value in results["settings"].items())
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", results["command"])), default=0))
    settings = f" Every row has {settings}." if settings else ""
    return "\n".join((
        "## How it was run", "", fence, results["command"], fence, "",
        f"{results['runs']} runs, {duration(results['run_seconds'])} of computing in all, on {several('devices')} "
        f"({several('threads')} CPU threads each), PyTorch {several('torch')}, commit {several('commits')}, "
        f"finished {results['date'] or 'never'}.{settings}",
    ))  # fmt: skip


def _line(cells: Any) -> str:
    return "| " + " | ".join(cells) + " |"


def write(results: Results, pictures: Mapping[str, Mapping[str, str]], folder: Path) -> Path:
    """Write RESULTS.md into a folder."""
    from genlab.atomic import write_text

    write_text(folder / "RESULTS.md", page(results, pictures))
    return folder / "RESULTS.md"
