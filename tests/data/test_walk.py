"""What lies in a folder of a user's own: every kind of file, link and name is either read or said to be left out."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genlab.data.digest import folder_digest, listing_digest
from genlab.data.digest_memory import remembered_digests
from genlab.data.folder import ImageFolder
from genlab.data.hub import HubImages
from genlab.data.walk import files_under, shown
from genlab.metrics.folder import folder_pictures

from .tiny import put

LATIN = os.fsdecode(b"caf\xe9.png")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three pictures of class a, two of class b."""
    for i, name in enumerate(("a/0.png", "a/1.png", "a/2.png", "b/0.png", "b/1.png")):
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), 40 * i, np.uint8)).save(path)
    return tmp_path / "root"


def named_pipe(root: Path) -> None:
    os.mkfifo(root / "a/x.png")


def bound_socket(root: Path) -> None:
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(root / "a/x.png"))


def closed_folder(root: Path) -> None:
    (root / "x").mkdir()
    (root / "x").chmod(0)


LEFT_OUT: dict[str, tuple[Callable[[Path], None], str]] = {
    "a link to nowhere": (lambda root: (root / "a/x.png").symlink_to("/nonexistent/x.png"), "link to nowhere"),
    "a class that is a link to nowhere": (lambda root: (root / "c").symlink_to("/nonexistent"), "link to nowhere"),
    "a link to itself": (lambda root: (root / "a/x.png").symlink_to("x.png"), "symbolic links"),
    "a link to the folder it lies in": (lambda root: (root / "a/x").symlink_to("."), "read already"),
    "a link to the folder above all": (lambda root: (root / "a/x").symlink_to("../.."), "read already"),
    "a named pipe": (named_pipe, "named pipe"),
    "a link to a device": (lambda root: (root / "a/x.png").symlink_to("/dev/zero"), "device"),
    "a socket": (bound_socket, "socket"),
    "a picture of a kind that is not read": (
        lambda root: put({"a/x.svg": b"<svg/>"}, root) and None,
        "svg is not read",
    ),
    "a file that is no picture": (lambda root: put({"a/x.png": b"no"}, root) and None, "no picture"),
}


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_what_cannot_be_read_is_left_out_and_said_in_one_notice(kind: str, root: Path, tmp_path: Path) -> None:
    before = ImageFolder(root, tmp_path / "data").identity()
    make, why = LEFT_OUT[kind]
    make(root)
    source = ImageFolder(root, tmp_path / "data")
    with pytest.warns(UserWarning, match=rf"1 of the 6 pictures in .* cannot be read .*{why}") as caught:
        images = source.load(1, 8)
    assert len(caught) == 1
    assert images.pixels[:, 0, 0, 0].tolist() == [0, 40, 80, 120, 160]
    assert images.labels is not None
    assert images.labels.tolist() == [0, 0, 0, 1, 1]
    if kind != "a file that is no picture":  # only converting tells
        assert source.identity() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_left_out_too(root: Path, tmp_path: Path) -> None:
    closed_folder(root)
    (root / "a/0.png").chmod(0)
    with pytest.warns(UserWarning, match=r"2 of the 6 pictures .* permission denied"):
        assert len(ImageFolder(root, tmp_path / "data").load(1, 8).pixels) == 4


def test_a_file_that_cannot_be_opened_is_left_out_with_its_reason(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path) -> str:
        if path.name == "1.png":
            raise PermissionError(13, "Permission denied", str(path))
        return "0" * 64

    monkeypatch.setattr("genlab.data.digest_memory.file_digest", denied)
    with pytest.warns(UserWarning, match=r"2 of the 5 pictures .* a/1.png \(permission denied\), b/1.png"):
        assert len(ImageFolder(root, tmp_path / "data").load(1, 8).pixels) == 3
    with pytest.raises(PermissionError):
        remembered_digests(root, ["a/1.png"], tmp_path / "memory")


def test_names_that_are_no_text_are_names(root: Path, tmp_path: Path) -> None:
    (root / "a/0.png").rename(root / "a" / LATIN)
    (root / "b").rename(root / os.fsdecode(b"b\xff"))
    source = ImageFolder(root, tmp_path / "data")
    assert source.names == ["a/1.png", "a/2.png", f"a/{LATIN}", "b\udcff/0.png", "b\udcff/1.png"]
    images = source.load(1, 8)
    assert len(images.pixels) == 5
    assert list(images.class_names or []) == ["a", r"b\xff"]
    "".join(images.class_names or []).encode()
    assert len(source.identity()) == 64
    assert shown(LATIN) == r"caf\xe9.png"


def test_a_file_of_such_a_name_that_is_broken_can_be_told(root: Path, tmp_path: Path) -> None:
    (root / "a" / LATIN).write_bytes(b"no")
    with pytest.warns(UserWarning, match=r"a/caf\\xe9.png \(no picture\)"):
        ImageFolder(root, tmp_path / "data").load(1, 8)


def test_digests_of_names_that_are_text_stay_what_they_were(root: Path) -> None:
    assert listing_digest([("é.png", "1"), ("a", "2")]) == (
        "c53666b645ad876f9e1cb8f3fe6e7c9e02a862fe89ab00fc28c388c8858cb5ad"
    )
    assert listing_digest([(LATIN, "1")]) != listing_digest([("café.png", "1")])


def test_linked_folders_are_read_as_classes_are(root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "linked"
    elsewhere.mkdir()
    (elsewhere / "a").symlink_to(root / "a")
    (elsewhere / "also a").symlink_to(root / "a")
    (elsewhere / "b").mkdir()
    (elsewhere / "b" / "deep").symlink_to(root / "b")
    images = ImageFolder(elsewhere, tmp_path / "data").load(1, 8)
    assert images.labels is not None
    assert list(images.class_names or []) == ["a", "also a", "b"]
    assert np.bincount(images.labels).tolist() == [3, 3, 2]


def test_links_that_lead_to_each_other_end(root: Path) -> None:
    for folder, other in (("a", "b"), ("b", "a")):
        (root / folder / "to").symlink_to(f"../{other}")
    listing = files_under(root)
    assert len(listing.files) == 10  # each class also holds the pictures of the other
    assert set(listing.passed_over.values()) == {"a link to a folder that is read already"}


def test_a_real_folder_keeps_its_name_whatever_leads_to_it(root: Path) -> None:
    (root / "a/deep/real").mkdir(parents=True)
    (root / "a/0.png").rename(root / "a/deep/real/0.png")
    (root / "a/alias").symlink_to("deep/real")
    assert "a/deep/real/0.png" in files_under(root).files
    assert "a/alias/0.png" not in files_under(root).files


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_every_reader_of_a_folder_lives_with_it(kind: str, root: Path, tmp_path: Path) -> None:
    LEFT_OUT[kind][0](root)
    (root / "a" / LATIN).write_bytes((root / "a/0.png").read_bytes())

    class Data:
        name, shape, class_names = "data", (1, 8, 8), None

    with pytest.warns(UserWarning, match="cannot be read"):
        assert folder_pictures(root, Data(), tmp_path / "data").n == 6
    assert len(folder_digest(root)) == 64
    assert len(HubImages(str(root), tmp_path / "data").identity()) == 64
