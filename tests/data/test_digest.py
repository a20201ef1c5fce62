"""Digests of files and folders, and what is remembered of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from genlab.data import digest_memory
from genlab.data.digest import file_digest, folder_digest, mismatch
from genlab.data.digest_memory import remembered_digests

from .tiny import put


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return put({"a": b"1", "deep/b": b"2"}, tmp_path / "folder")


def test_a_files_digest_is_that_of_its_content(folder: Path) -> None:
    assert file_digest(folder / "a") == hashlib.sha256(b"1").hexdigest()


def test_a_folders_digest_follows_names_and_contents(folder: Path, tmp_path: Path) -> None:
    same = put({"deep/b": b"2", "a": b"1"}, tmp_path / "same")
    content = put({"a": b"1", "deep/b": b"3"}, tmp_path / "content")
    name = put({"a": b"1", "deep/c": b"2"}, tmp_path / "name")
    more = put({"a": b"1", "deep/b": b"2", "c": b""}, tmp_path / "more")
    assert folder_digest(same) == folder_digest(folder)
    assert len({folder_digest(path) for path in (folder, content, name, more)}) == 4


def test_a_mismatch_is_told_by_name(folder: Path) -> None:
    expected = {"a": file_digest(folder / "a"), "deep/": folder_digest(folder / "deep")}
    assert mismatch(folder, expected) is None
    assert mismatch(folder, expected | {"c": "0"}) == "c is missing"
    (folder / "deep" / "b").write_bytes(b"x")
    assert str(mismatch(folder, expected)).startswith("deep/ has the SHA-256")


def test_an_unchanged_file_is_read_once(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counting(path: Path) -> str:
        read.append(path.name)
        return file_digest(path)

    monkeypatch.setattr(digest_memory, "file_digest", counting)
    names = ["a", "deep/b"]
    first = remembered_digests(folder, names, tmp_path / "memory")
    assert first == {name: file_digest(folder / name) for name in names}
    assert remembered_digests(folder, names, tmp_path / "memory") == first
    assert read == ["a", "b"]
    (folder / "a").write_bytes(b"longer")
    assert remembered_digests(folder, names, tmp_path / "memory")["a"] == hashlib.sha256(b"longer").hexdigest()
    assert read == ["a", "b", "a"]


def test_a_damaged_memory_is_forgotten(folder: Path, tmp_path: Path) -> None:
    first = remembered_digests(folder, ["a"], tmp_path / "memory")
    next((tmp_path / "memory").iterdir()).write_text("{broken")
    assert remembered_digests(folder, ["a"], tmp_path / "memory") == first
