"""A leaderboard as text for other programs: Markdown, LaTeX (booktabs), CSV."""

from __future__ import annotations

import re

from genlab.reports.leaderboard import Cell, Leaderboard, Row
from genlab.reports.numbers import duration
from genlab.reports.spreadsheet import csv_text

INTERVALS = "Intervals: 95 %. Bold: the best, and what its interval overlaps."

_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "''", "↓": r"$\downarrow$", "↑": r"$\uparrow$", "–": "--", "…": r"\dots{}",
}  # fmt: skip
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|#~$])")


def markdown(board: Leaderboard, title: str) -> str:
    """A GitHub table with footnotes below."""
    heads = [*map(escaped, (*_lead_heads(board), *board.metrics)), "time", "status"]
    align = ["---"] * len(_lead_heads(board)) + ["---:"] * (len(board.metrics) + 1) + ["---"]
    lines = [f"# {escaped(title)}", "", "| " + " | ".join(heads) + " |", "| " + " | ".join(align) + " |"]
    for row in board.rows:
        cells = [
            *map(escaped, _lead(board, row)),
            *map(_md_cell, row.cells),
            duration(row.seconds),
            escaped(row.status),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", INTERVALS]
    lines += [f"\n<sup>{i}</sup> {escaped(note)}" for i, note in enumerate(board.notes, start=1)]
    return "\n".join(lines) + "\n"


def latex(board: Leaderboard, title: str) -> str:
    """A table for `\\usepackage{booktabs}`; it needs no other package. Best scores are `\\textbf`."""
    columns = "l" * len(_lead_heads(board)) + "r" * (len(board.metrics) + 1) + "l"
    heads = [*map(_tex, (*_lead_heads(board), *board.metrics)), "time", "status"]
    lines = [r"\begin{table}", r"\centering", rf"\caption{{{_tex(title)}. {_tex(INTERVALS)}}}"]
    lines += [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", " & ".join(heads) + r" \\", r"\midrule"]
    for row in board.rows:
        cells = [*map(_tex, _lead(board, row)), *map(_tex_cell, row.cells), duration(row.seconds), _tex(row.status)]
        line = " & ".join(cells).replace("–", "--") + r" \\"
        lines.append(f"{{}}{line}" if line.startswith(("[", "*")) else line)  # else they belong to the \\\\ before
    lines += [r"\bottomrule", r"\end{tabular}"]
    if board.notes:
        notes = [rf"\textsuperscript{{{i}}} {_tex(note)}" for i, note in enumerate(board.notes, start=1)]
        lines += [r"\par\smallskip\footnotesize", "\n\\par ".join(notes)]
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def comma_separated(board: Leaderboard) -> str:
    """One line a row; each metric has columns for value, low, high and its footnotes. Numbers are not rounded."""
    heads = ["run", "seeds", *board.keys]
    for name in board.names:
        heads += [name, f"{name}_low", f"{name}_high", f"{name}_note"]
    rows = []
    for row in board.rows:
        numbers = [part for cell in row.cells for part in _csv_cell(board, cell)]
        rows.append([row.name, row.seeds, *row.settings, *numbers, row.seconds, row.status])
    return csv_text([*heads, "seconds", "status"], rows)


def _lead_heads(board: Leaderboard) -> list[str]:
    """Heads of the columns that say which run it is."""
    return [*(board.settings or ["run"]), *(["seeds"] if any(row.seeds > 1 for row in board.rows) else [])]


def _lead(board: Leaderboard, row: Row) -> list[str]:
    seeds = [str(row.seeds)] if "seeds" in _lead_heads(board)[-1:] else []
    return [*(row.settings if board.settings else [row.name]), *seeds]


def _csv_cell(board: Leaderboard, cell: Cell) -> list[float | str]:
    numbers = ["" if part is None else part for part in (cell.number, cell.low, cell.high)]
    return [*numbers, "; ".join(board.notes[mark - 1] for mark in cell.marks)]


def escaped(text: str) -> str:
    """Text that is nothing but text in Markdown."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def code(text: str, cell: bool = False) -> str:
    """Text as code in one line, in more backticks than it has in a row; in a table's cell its pipes are escaped."""
    text = " ".join(text.split())
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if "`" in text else ""
    return f"{fence}{space}{text.replace('|', chr(92) + '|') if cell else text}{space}{fence}"


def _md_cell(cell: Cell) -> str:
    marks = "".join(f"<sup>{mark}</sup>" for mark in cell.marks)
    value = f"**{cell.value}**" if cell.best else cell.value
    return f"{value}{marks} {escaped(cell.interval)}".strip()


def _tex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in " ".join(text.split()))


def _tex_cell(cell: Cell) -> str:
    value = rf"\textbf{{{cell.value}}}" if cell.best else _tex(cell.value)
    marks = ",".join(map(str, cell.marks))
    superscript = rf"\textsuperscript{{{marks}}}" if marks else ""
    return f"{value}{superscript} {_tex(cell.interval)}".strip()
