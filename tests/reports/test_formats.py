"""The same table in Markdown, LaTeX and CSV, whatever the names in it are."""

import csv
import io
import shutil
import subprocess

import pytest

from genlab.reports.formats import comma_separated, latex, markdown
from genlab.reports.leaderboard import leaderboard

HOSTILE = r"a_b & 100% #1 $x^2$ {c} ~ \input{x} | <b> *d* `e` [f](g) " + '"q" ↓ …'


def board(make_score, hostile: str = "plain"):
    records = [
        {"fingerprint": "aa", "overrides": ["lr=1", f"name={hostile}"], "status": "completed", "seconds": 61,
         "metrics": {"fid_digits": make_score(12.25), "psnr": make_score(20, 0.1, "higher")}},
        {"fingerprint": "bb", "overrides": ["lr=2", "name=other"], "status": "completed", "seconds": 62,
         "metrics": {"fid_digits": make_score(12.5), "psnr": make_score(22, 0.1, "higher", n=5, biased_in_n=True)}},
        {"fingerprint": "cc", "overrides": ["lr=3", "name=third"], "status": "failed", "seconds": None,
         "metrics": {"psnr": make_score(21, 0.1, "higher")}},
    ]  # fmt: skip
    return leaderboard(records, ["lr", "name"])


def test_markdown(make_score):
    text = markdown(board(make_score), "A title")
    lines = text.splitlines()
    assert lines[0] == "# A title"
    assert lines[2] == "| lr | name | FID (digits) ↓ | PSNR ↑ | time | status |"
    assert lines[4] == r"| 1 | plain | **12.25** \[11.75, 12.75\] | 20.00 \[19.90, 20.10\] | 1 min 1 s | completed |"
    assert "**12.50**" in lines[5], "a tie is bold"
    assert "22.00<sup>1</sup>" in lines[5]
    assert "| – |" in lines[6]
    assert "<sup>1</sup> measured otherwise" in text


def test_every_row_of_markdown_has_every_column(make_score):
    lines = [line for line in markdown(board(make_score, HOSTILE), HOSTILE).splitlines() if line.startswith("|")]
    assert {line.replace(r"\|", "").count("|") for line in lines} == {7}
    assert r"\<b\>" in lines[2]


@pytest.mark.parametrize("name", ["plain", HOSTILE])
def test_latex_compiles(make_score, tmp_path, name):
    if shutil.which("pdflatex") is None or subprocess.run(["kpsewhich", "booktabs.sty"], check=False).returncode:
        pytest.skip("pdflatex with booktabs is not installed")
    table = latex(board(make_score, name), name)
    page = rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}{table}\end{{document}}"
    (tmp_path / "table.tex").write_text(page)
    done = subprocess.run(
        ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "-no-shell-escape", "table.tex"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "table.pdf").stat().st_size > 1000


def test_latex_marks_best_and_footnotes(make_score):
    table = latex(board(make_score), "T")
    assert r"\textbf{12.25} [11.75, 12.75]" in table
    assert r"22.00\textsuperscript{1}" in table
    assert r"\textsuperscript{1} measured otherwise" in table


def test_csv_reads_back_with_the_exact_numbers(make_score):
    rows = list(csv.DictReader(io.StringIO(comma_separated(board(make_score, HOSTILE)))))
    assert [row["fid_digits"] for row in rows] == ["12.25", "12.5", ""]
    assert (rows[0]["name"], rows[0]["seconds"], rows[2]["status"]) == (HOSTILE, "61", "failed")
    assert float(rows[0]["psnr_low"]) == 19.9
    assert rows[1]["psnr_note"].startswith("measured otherwise")


@pytest.mark.parametrize(("name", "shown"), [("=1+1", "'=1+1"), ("@x", "'@x"), ("-x", "'-x"), ("-1e-3", "-1e-3")])
def test_csv_cells_are_no_formulas(make_score, name, shown):
    rows = list(csv.DictReader(io.StringIO(comma_separated(board(make_score, name)))))
    assert rows[0]["name"] == shown
