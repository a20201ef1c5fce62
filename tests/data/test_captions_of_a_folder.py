"""Captions of a folder: found in tables and text files, kept with the pictures, one of several taken in each epoch."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from genlab.data.captions import folder_captions, tells_sides
from genlab.data.folder import ImageFolder
from genlab.data.image_datamodule import ImageDataModule
from genlab.data.items import Items
from genlab.data.loader import TrainLoader, tell_of_unmirrored
from genlab.data.prepared import About, prepared
from genlab.data.resident_data import SPLITS
from genlab.notice import Notice

NAMES = ["a.png", "b.png", "c.png"]
TEXTS = {"a.png": ["a red square"], "b.png": ["blue", "a blue square"], "c.png": ["green, dark"]}


def csv_table(root):
    rows = [f'{name},"{text}"' for name, texts in TEXTS.items() for text in texts]
    (root / "metadata.csv").write_text("\n".join(["file_name,text", *rows]))


def jsonl_table(root):
    rows = [json.dumps({"file_name": name, "text": texts}) for name, texts in TEXTS.items()]
    (root / "metadata.jsonl").write_text("\n".join(rows))


def text_files(root):
    for name, texts in TEXTS.items():
        (root / name).with_suffix(".txt").write_text("\n".join(texts) + "\n")


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i, name in enumerate(NAMES):
        Image.fromarray(np.full((4, 4, 3), 80 * i, np.uint8)).save(folder / name)
    return folder


@pytest.mark.parametrize("write", [csv_table, jsonl_table, text_files])
def test_every_form_gives_the_same_captions_and_the_cache_keeps_them(root, tmp_path, write):
    write(root)
    for _ in range(2):  # converted, then from the cache
        images = ImageFolder(root, tmp_path, captions="auto").load(3, 4)
        assert [list(texts) for texts in images.captions] == list(TEXTS.values())
    assert ImageFolder(root, tmp_path).load(3, 4).captions is None


def test_a_text_may_hold_any_sign_and_a_name_may_begin_with_a_dot(root, tmp_path):
    texts = [f"one{sign}two" for sign in ("\u2028", "\x85", "\x1c")]
    told = [{"file_name": f"./{name}", "text": text} for name, text in zip(NAMES, texts, strict=True)]
    rows = [json.dumps(row, ensure_ascii=False) for row in told]
    written = {
        "metadata.jsonl": "\r\n".join(rows),
        "metadata.csv": "file_name,text\n"
        + "".join(f"./{name},{text}\n" for name, text in zip(NAMES, texts, strict=True)),
        **{f"{name[0]}.txt": f"{text}\n" for name, text in zip(NAMES, texts, strict=True)},
    }
    for name, content in written.items():  # a table is taken before text files
        (root / name).write_text(content, encoding="utf-8", newline="")
    for names in (["metadata.jsonl"], ["metadata.csv"], []):
        assert folder_captions(root, NAMES) == {name: [text] for name, text in zip(NAMES, texts, strict=True)}
        for name in names:
            (root / name).unlink()


@pytest.mark.parametrize(
    "line", ["[1]", "3", "{", "[" * 9_000, "1" * 9_000], ids=["list", "number", "cut", "deep", "long"]
)
def test_a_row_that_is_none_is_named_by_its_line(root, tmp_path, line):
    (root / "metadata.jsonl").write_text('{"file_name": "a.png", "text": "red"}\n' + line)
    with pytest.raises(ValueError, match=r"metadata\.jsonl, line 2, "):
        ImageFolder(root, tmp_path, captions="auto").identity()


def test_captions_are_of_the_identity_only_where_they_are_used(root, tmp_path):
    def identities():
        return [ImageFolder(root, tmp_path, captions=captions).identity() for captions in (None, "auto")]

    text_files(root)
    plain, told = identities()
    (root / "a.txt").write_text("another text")
    assert identities()[0] == plain
    assert len({plain, told, identities()[1]}) == 3


def test_a_picture_without_a_caption_is_named(root, tmp_path):
    text_files(root)
    (root / "b.txt").write_text("  ")
    with pytest.raises(
        ValueError, match=r"has no caption for 1 of its 3 pictures \(b\.png\).*captions_missing=empty or drop"
    ):
        ImageFolder(root, tmp_path, captions="auto").identity()


def test_pictures_without_a_caption_have_an_empty_one_or_are_left_out_where_that_is_asked_for(root, tmp_path):
    text_files(root)
    (root / "b.txt").write_text("  ")
    empty = ImageFolder(root, tmp_path, captions="auto", captions_missing="empty")
    assert empty.load(3, 4).captions == [TEXTS["a.png"], [""], TEXTS["c.png"]]
    drop = ImageFolder(root, tmp_path, captions="auto", captions_missing="drop")
    with pytest.warns(Notice, match="1 of the 3 pictures in .* have no caption and are left out"):
        images = drop.load(3, 4)
    assert images.captions == [TEXTS["a.png"], TEXTS["c.png"]]
    assert images.pixels[:, 0, 0, 0].tolist() == [0, 160]
    assert drop.names == ["a.png", "c.png"]
    assert len({empty.identity(), drop.identity(), ImageFolder(root, tmp_path).identity()}) == 3


def test_a_folder_without_any_caption_is_refused_however_missing_ones_are_treated(root, tmp_path):
    for missing in (None, "empty", "drop"):
        with pytest.raises(ValueError, match=r"no caption for 3 of its 3 pictures .*captions=null"):
            ImageFolder(root, tmp_path, captions="auto", captions_missing=missing).identity()


def test_the_data_module_hands_them_to_batches_and_says_the_conditions_of_a_split(root, tmp_path):
    csv_table(root)
    data = ImageDataModule(ImageFolder(root, tmp_path, captions="auto"), 3, 4, None, 1, val_size=1, test_size=1)
    batches = [*data.train_dataloader(), *data.val_dataloader(), *data.test_dataloader()]
    known = {text for texts in TEXTS.values() for text in texts}
    assert all(len(batch.caption) == 1 and batch.caption[0] in known for batch in batches)
    told = [text for split in SPLITS for text in data.all_captions(split)]
    assert sorted(told) == sorted(text for texts in TEXTS.values() for text in texts)
    asked = data.conditions("test", 3)
    assert asked.prompt == data.captions("test") * 3
    assert asked.label is None


def test_which_caption_an_epoch_takes_is_counted_and_second_pictures_are_mirrored_alike():
    n = 64
    stored = torch.arange(n * 4, dtype=torch.uint8).reshape(n, 1, 1, 4)
    items = Items(stored, None, [(f"{i} one", f"{i} two") for i in range(n)], stored.clone())

    def epoch(number):
        loader = TrainLoader(items, torch.arange(n), 16, seed=0, flip=True)
        loader.set_epoch(number)
        return list(loader)

    first, again, second = epoch(0), epoch(0), epoch(1)
    assert [batch.caption for batch in first] == [batch.caption for batch in again]
    assert all(torch.equal(batch.x, batch.other) for batch in first)
    kinds = [{text.split()[0]: text.split()[1] for b in batches for text in b.caption} for batches in (first, second)]
    assert set(kinds[0].values()) == {"one", "two"}
    assert kinds[0] != kinds[1]


SIDED = [
    "LEFT arrow",
    "a right-facing fist",
    "clockwise arrows",
    "counter-clockwise",
    "leftwards hand",
    "righthand man",
]
EVEN = ["a copyright sign", "a bright cleft", "an upright piano", "up and down", ""]


@pytest.mark.parametrize(("text", "sided"), [(t, True) for t in SIDED] + [(t, False) for t in EVEN])
def test_which_captions_a_mirror_image_would_make_wrong(text, sided):
    assert tells_sides(text) == sided
    assert tells_sides(["even", text]) == sided


def test_pictures_whose_captions_tell_sides_are_not_mirrored_and_that_is_said():
    n = 64
    stored = torch.arange(n * 4, dtype=torch.uint8).reshape(n, 1, 1, 4)
    captions = [("an arrow", f"{i} to the {'left' if i % 4 == 0 else 'top'}") for i in range(n)]
    loader = TrainLoader(Items(stored, None, captions), torch.arange(n), 16, seed=0, flip=True)
    with pytest.warns(Notice, match="16 of 64 training items are never mirrored"):
        tell_of_unmirrored([loader], n)
    mirrored = set()
    for epoch in range(4):
        loader.set_epoch(epoch)
        for x in torch.cat([batch.x for batch in loader])[:, 0, 0]:
            number = round((float(x.min()) + 1) * 127.5) // 4
            if x[0] > x[3]:
                mirrored.add(number)
    assert not {i for i in mirrored if i % 4 == 0}
    assert len(mirrored) > n // 2


def test_the_cache_keeps_second_pictures(tmp_path):
    pixels = np.arange(2 * 12, dtype=np.uint8).reshape(2, 1, 3, 4)

    def make(write):
        write(pixels)
        return About(others=255 - pixels)

    for _ in range(2):
        assert np.array_equal(prepared(tmp_path / "cache", (1, 3, 4), make).others, 255 - pixels)
