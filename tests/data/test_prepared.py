"""The cache of converted pictures: written once, whole or not at all, shared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from genlab.data.prepared import About, Write, notes, prepared
from genlab.data.source import Attribute

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 3, 4, 4), np.uint8)
SHAPE = (3, 4, 4)


class Maker:
    """Gives the pictures in two goes and counts how often it is asked."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, write: Write) -> About:
        self.calls += 1
        write(PIXELS[:5])
        write(PIXELS[5:])
        return About(np.arange(20), ["a", "b"], 4, np.arange(20) // 2, ["one was odd"])


def test_what_was_made_comes_back(tmp_path: Path) -> None:
    make = Maker()
    for _ in range(2):
        images = prepared(tmp_path / "new" / "cache", SHAPE, make)
        assert np.array_equal(images.pixels, PIXELS)
        assert images.labels is not None
        assert images.groups is not None
        assert images.labels.tolist() == list(range(20))
        assert images.groups.tolist() == [i // 2 for i in range(20)]
        assert (list(images.class_names or []), images.n_test) == (["a", "b"], 4)
    assert make.calls == 1
    assert notes(tmp_path / "new" / "cache") == ["one was odd"]


def test_captions_and_attributes_come_back(tmp_path: Path) -> None:
    captions = [[f"picture {i}", "a picture"] for i in range(20)]
    attributes = {
        "colour": Attribute(("red", "blue"), np.arange(20) % 2), "size": Attribute(("one",), np.zeros(20, np.int64)),
    }  # fmt: skip

    def make(write: Write) -> About:
        write(PIXELS)
        return About(captions=captions, attributes=attributes)

    images = prepared(tmp_path / "cache", SHAPE, make)
    assert images.captions == captions
    assert images.attributes is not None
    assert {name: (each.names, each.values.tolist()) for name, each in images.attributes.items()} == {
        name: (each.names, each.values.tolist()) for name, each in attributes.items()
    }


def test_pictures_are_mapped_and_the_file_cannot_be_changed_through_them(tmp_path: Path) -> None:
    images = prepared(tmp_path / "cache", SHAPE, Maker())
    assert isinstance(images.pixels, np.memmap)
    images.pixels[:] = 0
    assert np.array_equal(prepared(tmp_path / "cache", SHAPE, Maker()).pixels, PIXELS)


def test_a_conversion_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(write: Write) -> About:
        write(PIXELS)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepared(tmp_path / "cache", SHAPE, fail)
    assert [path.name for path in tmp_path.iterdir()] == ["cache.lock"]
    assert np.array_equal(prepared(tmp_path / "cache", SHAPE, Maker()).pixels, PIXELS)


def test_the_remains_of_a_killed_conversion_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".cache-x1" / "prepared").mkdir(parents=True)
    (tmp_path / ".cache-x1" / "prepared" / "pixels.bin").write_bytes(b"half")
    (tmp_path / ".another-x1").mkdir()  # in use by somebody else
    prepared(tmp_path / "cache", SHAPE, Maker())
    assert {path.name for path in tmp_path.iterdir()} == {"cache", "cache.lock", ".another-x1"}


def test_a_cache_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    prepared(tmp_path / "cache", SHAPE, Maker())
    with (tmp_path / "cache" / "pixels.bin").open("r+b") as file:
        file.truncate(100)
    make = Maker()
    assert np.array_equal(prepared(tmp_path / "cache", SHAPE, make).pixels, PIXELS)
    assert make.calls == 1


def test_no_picture_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no picture"):
        prepared(tmp_path / "cache", SHAPE, lambda write: About())


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ValueError, match=r"paths.data_dir: .*file"):
        prepared(tmp_path / "file" / "cache", SHAPE, Maker())


RACER = """
import sys, time
from pathlib import Path
import numpy as np
from genlab.data.prepared import About, prepared
folder = Path(sys.argv[1])
def make(write):
    (folder / f"made-{sys.argv[2]}").touch()
    time.sleep(0.5)
    write(np.full((10, 1, 2, 2), 7, np.uint8))
    return About()
assert (prepared(folder / "cache", (1, 2, 2), make).pixels == 7).all()
"""


def test_of_several_processes_one_converts_and_the_others_wait(tmp_path: Path) -> None:
    racers = [subprocess.Popen([sys.executable, "-c", RACER, str(tmp_path), str(i)]) for i in range(3)]
    assert [racer.wait(60) for racer in racers] == [0, 0, 0]
    assert len(list(tmp_path.glob("made-*"))) == 1
