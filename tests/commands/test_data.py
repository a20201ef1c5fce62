"""genlab data list and fetch, as typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from genlab.cli import main
from genlab.data import catalog


def test_the_list_shows_every_data_set_and_what_is_here(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    (tmp_path / "mnist" / "files").mkdir(parents=True)
    (tmp_path / "mnist" / "files" / "x").write_bytes(bytes(3_000_000))
    assert main(["data", "list", f"paths.data_dir={tmp_path}"]) == 0
    printed = capsys.readouterr().out
    lines = {line.split()[0]: line for line in printed.splitlines() if line.strip()}
    assert {"mnist", "fashion_mnist", "emoji", "digits", "image_folder", "hub"} <= set(lines)
    assert "70,000" in lines["mnist"]
    assert "here, 3 MB" in lines["mnist"]
    assert "not fetched (31 MB)" in lines["fashion_mnist"]


def test_the_data_folder_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENLAB_DATA_DIR", str(tmp_path))
    assert catalog.default_data_dir() == tmp_path
    monkeypatch.delenv("GENLAB_DATA_DIR")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert catalog.default_data_dir() == Path("/home/somebody/.cache/genlab/data")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fetch", "mnits"], r"no data set 'mnits'; did you mean 'mnist'"),
        (["fetch", "zzzz"], r"no data set 'zzzz'; known: mnist, fashion_mnist, emoji"),
        (["fetch"], r"the name of the data set is missing"),
        (["fetch", "mnist", "emoji"], r"must stand alone"),
        (["lst"], r"no 'lst'; did you mean 'list'"),
        (["list", "data_dir=x"], r"takes paths.data_dir=DIR, not 'data_dir=x'"),
    ],
)
def test_a_request_that_makes_no_sense_is_one_sentence(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", *words]) == 2
    said = capsys.readouterr().err
    assert re.search(message, said)
    assert said.count("\n") == 1


def test_a_data_set_that_cannot_be_had_ends_with_status_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    monkeypatch.setitem(catalog.ENTRIES, "mnist", replace(catalog.MNIST, origins=()))
    assert main(["data", "fetch", "mnist", f"paths.data_dir={tmp_path}"]) == 1
    assert "could not be fetched; tried:" in capsys.readouterr().err


def test_data_that_come_along_need_no_fetching(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "fetch", "digits"]) == 0
    assert "nothing to fetch" in capsys.readouterr().out


def test_help_names_both_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "--help"]) == 0
    assert {"list", "fetch"} <= set(capsys.readouterr().out.split())
