"""A known data set is taken from the first origin that has it, and only when every file is the right one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from genlab.data.fetch import DataUnavailableError, files_of
from genlab.data.mirrors import Folder, OriginError

from .tiny import Tiny, put


@dataclass
class Asked:
    """An origin that copies files and counts how often it is asked."""

    files: dict[str, bytes]
    name: str = "the counting origin"
    times: int = 0
    failure: str | None = None
    work: list[Path] = field(default_factory=list)

    def __str__(self) -> str:
        return self.name

    def bring(self, names: Sequence[str], into: Path, work: Path) -> None:
        self.times += 1
        if self.failure is not None:
            raise OriginError(self.failure)
        put({name: self.files[name] for name in names}, into)


@pytest.mark.parametrize("packed", [True, False])
def test_the_users_own_folder_comes_first(packed: bool, tiny_mnist: Tiny, tmp_path: Path) -> None:
    origin = Asked({})
    files = tiny_mnist(origin)
    found = files_of("mnist", tmp_path / "data", put(files, tmp_path / "own", packed))
    assert {path.name: path.read_bytes() for path in found.iterdir()} == files
    assert origin.times == 0


def test_files_that_the_user_put_into_the_data_folder_are_found(tiny_mnist: Tiny, tmp_path: Path) -> None:
    files = tiny_mnist()
    put(files, tmp_path / "mnist")
    assert {path.name: path.read_bytes() for path in files_of("mnist", tmp_path).iterdir()} == files


def test_what_was_fetched_is_not_fetched_again(tiny_mnist: Tiny, tmp_path: Path) -> None:
    origin = Asked({})
    origin.files = tiny_mnist(origin)
    assert files_of("mnist", tmp_path) == files_of("mnist", tmp_path)
    assert origin.times == 1


def test_a_file_that_was_changed_is_fetched_again(tiny_mnist: Tiny, tmp_path: Path) -> None:
    origin = Asked({})
    origin.files = tiny_mnist(origin)
    damaged = files_of("mnist", tmp_path) / "t10k-labels-idx1-ubyte"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\x07")
    files_of("mnist", tmp_path)
    assert origin.times == 2
    assert damaged.read_bytes() == origin.files[damaged.name]


def test_wrong_files_are_never_kept_and_the_next_origin_is_asked(tiny_mnist: Tiny, tmp_path: Path) -> None:
    liar, honest = Asked({}, "the liar"), Asked({}, "the honest one")
    honest.files = tiny_mnist(liar, honest)
    liar.files = honest.files | {"train-labels-idx1-ubyte": b"something else"}
    found = files_of("mnist", tmp_path)
    assert (found / "train-labels-idx1-ubyte").read_bytes() == honest.files["train-labels-idx1-ubyte"]
    assert (liar.times, honest.times) == (1, 1)


def test_when_all_fail_the_error_says_what_was_tried_why_it_failed_and_what_to_do(
    tiny_mnist: Tiny, tmp_path: Path
) -> None:
    liar, absent = Asked({}, "the liar"), Asked({}, "the closed shop", failure="it is closed today")
    files = tiny_mnist(liar, absent)
    liar.files = dict.fromkeys(files, b"lie")
    with pytest.raises(DataUnavailableError) as caught:
        files_of("mnist", tmp_path, tmp_path / "own")
    message = str(caught.value)
    assert f"the folder {tmp_path / 'own'}: it has no train-images-idx3-ubyte" in message
    assert "the liar: train-images-idx3-ubyte has the SHA-256" in message
    assert "the closed shop: it is closed today" in message
    assert f"put them into {tmp_path / 'mnist'}" in message
    assert not (tmp_path / "mnist" / "files").exists()
    assert not list((tmp_path / "mnist").glob(".new-*"))


def test_a_folder_origin_never_changes_the_users_files(tiny_mnist: Tiny, tmp_path: Path) -> None:
    own = put(tiny_mnist(), tmp_path / "own")
    for path in own.iterdir():
        os.chmod(path, 0o444)
    before = {path.name: path.stat().st_mtime_ns for path in own.iterdir()}
    files_of("mnist", tmp_path / "data", own)
    assert {path.name: path.stat().st_mtime_ns for path in own.iterdir()} == before


def test_a_folder_origin_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(OriginError, match=r"no a or a\.gz"):
        Folder(tmp_path).bring(["a"], tmp_path / "into", tmp_path)
