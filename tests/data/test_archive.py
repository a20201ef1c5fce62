"""Only what was asked for leaves an archive, and only into its folder."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from genlab.data.archive import ArchiveError, extract_tar


def tar(*members: tuple[str, bytes | None], kind: bytes = tarfile.REGTYPE, mode: str = "w:gz") -> io.BytesIO:
    """An archive of (name, content); without content, a link to /etc/passwd of the given kind."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content or b"")
            info.type = kind if content is None else tarfile.REGTYPE
            info.linkname = "/etc/passwd" if content is None else ""
            archive.addfile(info, io.BytesIO(content or b""))
    stream.seek(0)
    return stream


def everything(name: str) -> str:
    return name


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_chosen_members_are_written_and_others_left(mode: str, tmp_path: Path) -> None:
    archive = tar(("./a/one", b"1"), ("a/two", b"22"), ("b", b"333"), mode=mode)
    written = extract_tar(archive, {"a/one": "first", "b": "deep/third"}.get, tmp_path, 1000)
    assert written == ["first", "deep/third"]
    assert files(tmp_path) == {"first": b"1", "deep/third": b"333"}


@pytest.mark.parametrize("name", ["../out", "a/../../out", "/out", "..", ""])
def test_nothing_is_written_outside_the_folder(name: str, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(ArchiveError, match="outside its folder"):
        extract_tar(tar(("harmless", b"x")), lambda _: name, inside, 1000)
    assert files(tmp_path) == {}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_special_files_are_refused(kind: bytes, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="link or no plain file"):
        extract_tar(tar(("passwords", None), kind=kind), everything, tmp_path, 1000)
    assert not list(tmp_path.iterdir())


def test_an_entry_of_a_folder_is_passed_over(tmp_path: Path) -> None:
    """Debian's packages have one before the files of each folder."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        folder, file = tarfile.TarInfo("./kits/"), tarfile.TarInfo("./kits/one")
        folder.type, file.size = tarfile.DIRTYPE, 1
        archive.addfile(folder)
        archive.addfile(file, io.BytesIO(b"1"))
    stream.seek(0)
    assert extract_tar(stream, everything, tmp_path, 1000) == ["kits/one"]
    assert files(tmp_path) == {"kits/one": b"1"}


def test_a_link_that_nobody_asked_for_does_no_harm(tmp_path: Path) -> None:
    archive = tar(("link", None), ("a", b"1"), kind=tarfile.SYMTYPE)
    assert extract_tar(archive, {"a": "a"}.get, tmp_path, 1000) == ["a"]


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="more than"):
        extract_tar(tar(("zeros", bytes(10_000_000))), everything, tmp_path, 1_000_000)
    assert not list(tmp_path.iterdir())


def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="twice"):
        extract_tar(tar(("a", b"good"), ("a", b"evil")), everything, tmp_path, 1000)
    assert files(tmp_path) == {"a": b"good"}


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9])
def test_a_damaged_archive_is_named_so(keep: float, tmp_path: Path) -> None:
    whole = tar(("a", bytes(range(256)) * 500), mode="w:gz").getvalue()
    with pytest.raises(ArchiveError, match="damaged"):
        extract_tar(io.BytesIO(whole[: int(keep * len(whole))]), everything, tmp_path, 1_000_000)
