"""Pictures of several proportions: which size each gets, and that an epoch shows every one of them."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from genlab.data.bucket_loader import BucketTrainLoader
from genlab.data.buckets import nearest_bucket, upright_size
from genlab.data.folder import ImageFolder
from genlab.data.image_buckets import ImageBuckets
from genlab.data.image_datamodule import ImageDataModule

SIZES = [(8, 8), (8, 16), (16, 8)]
WIDE, TALL, SQUARE = 23, 5, 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of one grey each, so that each is known again."""
    path, grey = tmp_path_factory.mktemp("pictures"), 0
    for n, size in ((WIDE, (31, 17)), (TALL, (10, 22)), (SQUARE, (12, 13))):
        for _ in range(n):
            Image.new("L", size, grey).save(path / f"{grey:03}.png")
            grey += 1
    return path


def data(folder: Path, cache: Path, sizes: list[tuple[int, int]] = SIZES, **options: object) -> ImageBuckets:
    settings = {"batch_size": 8, "val_size": 0.1, "test_size": 0.1, "seed": 3} | options
    return ImageBuckets(ImageFolder(folder, cache, buckets=sizes), 1, 8, None, **settings)  # type: ignore[arg-type]


def greys(x: torch.Tensor) -> list[int]:
    return ((x[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()


def seen(loader: BucketTrainLoader) -> list[int]:
    return [grey for batch in loader for grey in greys(batch.x)]


def test_a_picture_goes_to_the_nearest_proportions() -> None:
    assert [nearest_bucket(*shape, SIZES) for shape in [(9, 10), (10, 31), (31, 10), (100, 142), (100, 141)]] == [
        0, 1, 2, 1, 0,
    ]  # fmt: skip


def test_a_picture_that_lies_on_its_side_is_turned_first(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (30, 10)).save(tmp_path / "a.jpg", exif=exif)
    assert upright_size(tmp_path / "a.jpg") == (30, 10)


def test_every_picture_is_in_one_bucket_and_shown_in_each_epoch(folder: Path, tmp_path: Path) -> None:
    module = data(folder, tmp_path)
    trained = [bucket.items("train")[0] for bucket in module.buckets]
    assert [tuple(t.shape[2:]) for t in trained] == SIZES
    held_back = [bucket.items(split)[0] for bucket in module.buckets for split in ("val", "test")]  # type: ignore[arg-type]
    all_of_them = [int(p[0, 0, 0]) for part in [*trained, *held_back] for p in part]
    assert sorted(all_of_them) == list(range(WIDE + TALL + SQUARE))
    loader, own = module.train_dataloader(), {int(p[0, 0, 0]) for part in trained for p in part}
    for epoch in range(3):
        loader.set_epoch(epoch)
        batches = list(loader)
        assert {grey for batch in batches for grey in greys(batch.x)} == own
        assert {tuple(batch.x.shape[2:]) for batch in batches} == set(SIZES)
        assert sum(len(batch.x) for batch in batches) == len(own) + sum(
            each["repeats"] for each in module.counts["buckets"].values()
        )
    assert module.n_train == len(own)
    assert module.counts["buckets"]["[16, 8]"] == {"n_train": TALL, "repeats": 0}
    assert sum(len(batch.x) for batch in module.val_dataloader()) == module.n_val > 0


def test_whose_turn_it_is_differs_from_epoch_to_epoch_and_not_from_run_to_run(folder: Path, tmp_path: Path) -> None:
    loader, again = data(folder, tmp_path).train_dataloader(), data(folder, tmp_path).train_dataloader()
    first = loader.turns().tolist()
    assert first == again.turns().tolist()
    assert seen(loader) == seen(again)
    loader.set_epoch(1)
    assert loader.turns().tolist() != first
    assert sorted(loader.turns().tolist()) == sorted(first)


def test_it_goes_on_in_the_middle_of_an_epoch(folder: Path, tmp_path: Path) -> None:
    whole = data(folder, tmp_path).train_dataloader()
    whole.set_epoch(2)
    expected = [batch.x for batch in whole]
    for done in range(len(whole)):
        cut = data(folder, tmp_path).train_dataloader()
        cut.load_state_dict({"epoch": 2, "batches": done})
        rest = [batch.x for batch in cut]
        assert len(rest) == len(expected) - done
        assert all(torch.equal(a, b) for a, b in zip(rest, expected[done:], strict=True))


def test_one_bucket_gives_the_batches_of_the_ordinary_data_module(folder: Path, tmp_path: Path) -> None:
    """And after them the rest, which that one drops."""
    one = data(folder, tmp_path, [(8, 8)], flip=True)
    plain = ImageDataModule(
        ImageFolder(folder, tmp_path), 1, 8, None, batch_size=8, val_size=0.1, test_size=0.1, seed=3, flip=True
    )
    ours, theirs = list(one.train_dataloader()), list(plain.train_dataloader())
    assert len(theirs) == plain.n_train // 8
    assert all(torch.equal(a.x, b.x) for a, b in zip(ours, theirs, strict=False))
    assert len(ours) == len(theirs) + (plain.n_train % 8 > 0)
    assert {grey for batch in ours for grey in greys(batch.x)} == {int(p[0, 0, 0]) for p in plain.items("train")[0]}


def test_its_identity_follows_the_buckets(folder: Path, tmp_path: Path) -> None:
    assert data(folder, tmp_path).checksum != data(folder, tmp_path, SIZES[:2]).checksum
    assert ImageFolder(folder, tmp_path).identity() != ImageFolder(folder, tmp_path, buckets=SIZES).identity()


def test_what_asks_for_pictures_of_one_size_gets_those_of_the_models(folder: Path, tmp_path: Path) -> None:
    module = data(folder, tmp_path)
    assert module.shape == (1, 8, 8)
    assert set(np.asarray(module.items("test")[0])[:, 0, 0, 0]) <= set(range(WIDE + TALL, WIDE + TALL + SQUARE))


def test_what_does_not_fit_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"dataset\.size=8 must be one of dataset\.source\.buckets=\[\[8, 16\]\]"):
        data(folder, tmp_path, [(8, 16)])
    with pytest.raises(ValueError, match="needs sizes: "):
        ImageBuckets(ImageFolder(folder, tmp_path), 1, 8, None, batch_size=8)


def test_the_bucket_of_the_models_size_has_pictures_to_score(folder: Path, tmp_path: Path) -> None:
    for size, n in (((16, 8), TALL), ((8, 40), 0)):
        source = ImageFolder(folder, tmp_path, buckets=[*SIZES, (8, 40)])
        few = ImageBuckets(source, 1, size, None, batch_size=8, val_size=0.1, test_size=0.1)
        message = rf"has {n} pictures in its bucket, .*there are .*\[16, 8\] with {TALL}"
        for use in (few.prepare_data, lambda few=few: few.items("test")):
            with pytest.raises(ValueError, match=message):
                use()


def test_classes_have_the_same_numbers_in_all_buckets(tmp_path: Path) -> None:
    for name, size in (("ape", (8, 8)), ("bee", (16, 8)), ("cat", (8, 8)), ("cat", (16, 8))):
        (tmp_path / "pictures" / name).mkdir(parents=True, exist_ok=True)
        for i in range(10):
            Image.new("L", size, i).save(tmp_path / "pictures" / name / f"{size[0]}-{i}.png")
    source = ImageFolder(tmp_path / "pictures", tmp_path, buckets=SIZES[:2])
    module = ImageBuckets(source, 1, 8, 3, batch_size=8, val_size=0.1, test_size=0.1)
    module.prepare_data()
    assert module.class_names == ["ape", "bee", "cat"]
    found = [set(bucket.items("train")[1].tolist()) for bucket in module.buckets]
    assert found == [{0, 2}, {1, 2}]


def test_what_a_person_should_know_is_said_once_for_all_buckets(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for i in range(24):
        Image.new("L", (16, 8) if i % 2 else (8, 8), i).save(pictures / f"{i:02}.png")
        (pictures / f"{i:02}.txt").write_text("to the left" if i % 3 else "up")
    (pictures / "drawing.svg").write_text("<svg/>")
    (pictures / "broken.png").write_bytes(b"no picture")
    (pictures / "broken.txt").write_text("broken")
    source = ImageFolder(pictures, tmp_path, captions="auto", buckets=SIZES[:2])
    module = ImageBuckets(source, 1, 8, None, batch_size=4, val_size=0.1, test_size=0.1, flip=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        module.prepare_data()
        assert list(module.train_dataloader())
        assert list(module.val_dataloader())
        assert module.counts["buckets"].keys() == {"8", "[8, 16]"}
    said = sorted(str(warning.message) for warning in caught)
    assert len(said) == 3
    kept = sum("left" in text for bucket in module.buckets for text in bucket.captions("train") or [])
    assert said[2] == f"{kept} of {module.n_train} training items are never mirrored: " + said[2].partition(": ")[2]
    assert said[0].endswith("left out: broken.png (no picture)")
    assert said[1].endswith("left out: drawing.svg (.svg is not read)")
