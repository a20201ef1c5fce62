"""The IDX format, and the data sets in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genlab.data.idx import IdxImages, read_idx

from .tiny import Tiny, idx, put


@pytest.mark.parametrize("shape", [(7,), (3, 4), (2, 5, 6)])
def test_an_array_survives_the_format(shape: tuple[int, ...], tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    (tmp_path / "file").write_bytes(idx(array))
    assert np.array_equal(read_idx(tmp_path / "file"), array)


@pytest.mark.parametrize("content", [b"", b"\0\0", b"PNG...", b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0"])
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError, match="no IDX file"):
        read_idx(tmp_path / "file")


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(idx(np.zeros((5, 5), np.uint8))[:-1])
    with pytest.raises(ValueError, match=r"24 bytes .* \(5, 5\)"):
        read_idx(tmp_path / "file")


def test_training_and_test_pictures_lie_one_after_the_other(tiny_mnist: Tiny, tmp_path: Path) -> None:
    files = tiny_mnist()
    put(files, tmp_path / "own", packed=True)
    images = IdxImages("mnist", tmp_path / "data", tmp_path / "own").load(1, 28)
    assert images.pixels.shape == (40, 1, 28, 28)
    assert images.n_test == 10
    assert images.pixels[30].tobytes() == files["t10k-images-idx3-ubyte"][16 : 16 + 784]
    assert images.labels is not None
    assert images.labels.tolist() == [i % 10 for i in range(30)] + list(range(10))
    assert list(images.class_names or []) == [str(i) for i in range(10)]


def test_once_prepared_the_files_are_not_needed(tiny_mnist: Tiny, tmp_path: Path) -> None:
    put(tiny_mnist(), tmp_path / "own")
    first = IdxImages("mnist", tmp_path / "data", tmp_path / "own").load(3, 32)
    assert first.pixels.shape == (40, 3, 32, 32)
    again = IdxImages("mnist", tmp_path / "data", tmp_path / "gone").load(3, 32)
    assert np.array_equal(first.pixels, again.pixels)


def test_pictures_need_not_be_square(tiny_mnist: Tiny, tmp_path: Path) -> None:
    files = tiny_mnist()
    put(files, tmp_path / "own")
    source = IdxImages("mnist", tmp_path / "data", tmp_path / "own")
    images = source.load(1, (28, 40))
    assert images.pixels.shape == (40, 1, 28, 40)
    assert images.pixels[30, 0, :, 6:34].tobytes() == files["t10k-images-idx3-ubyte"][16 : 16 + 784]
    assert not images.pixels[..., :6].any()
    kept = [path.name[:7] for path in (tmp_path / "data" / "mnist").glob("1x28x40-*-1")]
    assert kept == ["1x28x40"]


def test_a_square_is_kept_where_it_always_was(tiny_mnist: Tiny, tmp_path: Path) -> None:
    put(tiny_mnist(), tmp_path / "own")
    source = IdxImages("mnist", tmp_path / "data", tmp_path / "own")
    for size in (28, (28, 28)):
        source.load(1, size)
    (kept,) = (path.name for path in (tmp_path / "data" / "mnist").glob("1x*-1"))
    assert kept == f"1x28x28-{source.identity()[:12]}-1"
