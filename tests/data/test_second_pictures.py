"""Pairs of a person's own: a column of a folder's table names the second picture of each."""

import json

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image

from genlab.conditioning.rules import network_has_channels_for_pictures, second_pictures_are_there
from genlab.data.folder import ImageFolder, count_classes
from genlab.data.image_buckets import ImageBuckets
from genlab.data.image_datamodule import ImageDataModule

N = 6


def picture(value, size=(4, 4)):
    return Image.fromarray(np.full((*size, 3), value, np.uint8))


def as_csv(rows):
    return "metadata.csv", "\n".join(["file_name,text,before", *(",".join(row) for row in rows)])


def as_jsonl(rows):
    named = [dict(zip(("file_name", "text", "before"), row, strict=True)) for row in rows]
    return "metadata.jsonl", "\n".join(map(json.dumps, named))


ROWS = [(f"after/{i}.png", f"text {i}", f"./before/{i // 2}.png") for i in range(N)]


@pytest.fixture
def root(tmp_path):
    """Six pictures of 10, 11, ..., two of each of three that they were before: 100, 101, 102."""
    folder = tmp_path / "pairs"
    for name, first, n in (("after", 10, N), ("before", 100, N // 2)):
        (folder / name).mkdir(parents=True)
        for i in range(n):
            picture(first + i).save(folder / name / f"{i}.png")
    write(folder, ROWS)
    return folder


def write(folder, rows, form=as_csv):
    name, text = form(rows)
    (folder / name).write_text(text)


def paired(root, **more):
    return ImageFolder(root, root.parent, captions="auto", other_column="before", **more)


@pytest.mark.parametrize("form", [as_csv, as_jsonl])
def test_a_table_names_the_second_picture_of_each_and_the_cache_keeps_it(root, form):
    (root / "metadata.csv").unlink()
    write(root, ROWS, form)
    for _ in range(2):
        images = paired(root).load(3, 4)
        assert images.pixels[:, 0, 0, 0].tolist() == list(range(10, 10 + N))
        assert images.others[:, 0, 0, 0].tolist() == [100 + i // 2 for i in range(N)]
        assert images.captions == [[text] for _, text, _ in ROWS]
    assert len(ImageFolder(root, root.parent).load(3, 4).pixels) == N + N // 2


def test_second_pictures_alone_are_neither_trained_on_nor_a_class(root):
    assert (count_classes(root), count_classes(root, "before")) == (2, None)
    assert paired(root).names == [f"after/{i}.png" for i in range(N)]
    write(root, [*ROWS, ("before/0.png", "chain", "before/1.png")])
    assert paired(root).names[-1] == "before/0.png"


def test_batches_and_conditions_have_both_of_a_pair_and_a_second_picture_is_in_one_split(root):
    data = ImageDataModule(paired(root), 3, 4, None, 2, val_size=1, test_size=1)
    seen = {}
    for split, loader in (("train", data.train_dataloader()), ("val", data.val_dataloader()),
                          ("test", data.test_dataloader())):  # fmt: skip
        for batch in loader:
            first, second = (((x[:, 0, 0, 0] + 1) * 127.5).round() for x in (batch.x, batch.other))
            assert torch.equal(second, 100 + (first - 10).div(2, rounding_mode="floor"))
            seen[split] = seen.get(split, set()) | set(second.tolist())
    assert sum(map(len, seen.values())) == len(set().union(*seen.values())) == N // 2
    assert torch.equal(data.conditions("test", 1).picture, next(iter(data.test_dataloader())).other[:1])


def test_the_pairs_are_of_the_identity_only_where_they_are_used(root):
    def identities():
        return ImageFolder(root, root.parent, captions="auto").identity(), paired(root).identity()

    write(root, [*ROWS, *((f"before/{i}.png", "old", "before/1.png") for i in range(N // 2))])
    plain, pairs = identities()
    write(root, [*ROWS, *((f"before/{i}.png", "old", "before/2.png") for i in range(N // 2))])
    assert identities()[0] == plain
    assert len({plain, pairs, identities()[1]}) == 3


def test_pairs_come_in_buckets(root):
    for i in (0, 1):
        picture(10 + i, (4, 8)).save(root / "after" / f"{i}.png")
    picture(100, (2, 4)).save(root / "before" / "0.png")
    source = paired(root, buckets=[[4, 4], [4, 8]])
    data = ImageBuckets(source, 3, [4, 4], None, 2)
    wide = data.buckets[1].preparation.images()
    assert wide.others.shape == (2, 3, 4, 8)
    assert wide.others[:, 0, 0, 0].tolist() == [100, 100]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([*ROWS[:-1], (*ROWS[-1][:2], "")], r"names no second picture for 1 .*\(after/5.png\)"),
        ([*ROWS[:-1], (*ROWS[-1][:2], "before/9.png")], r"names 1 second .* no pictures of the folder: before/9.png"),
        ([*ROWS[:-1], (*ROWS[-1][:2], "../secret.png")], r"no pictures of the folder: \.\./secret.png"),
        ([*ROWS[:-1], (*ROWS[-1][:2], "{root}/before/2.png")], r"no pictures of the folder: /.*2.png"),
        ([*ROWS, ("after/0.png", "again", "before/2.png")], "two second pictures for after/0.png"),
        ([], r"names no second picture for 9 of the folder's pictures \(after/0.png, after/1.png, after/2.png"),
    ],
)
def test_pairs_that_are_not_whole_are_one_sentence(root, rows, sentence):
    picture(1).save(root.parent / "secret.png")
    write(root, [(first, text, other.format(root=root)) for first, text, other in rows])
    with pytest.raises(ValueError, match=sentence) as caught:
        paired(root).identity()
    assert "other_column='before'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_without_the_column_or_a_table_is_one_sentence(root):
    with pytest.raises(ValueError, match=r"no column 'befor': .* did you mean 'before'"):
        ImageFolder(root, root.parent, other_column="befor").identity()
    (root / "metadata.csv").unlink()
    with pytest.raises(ValueError, match=r"is a column of metadata\.jsonl or metadata\.csv, and .* has neither"):
        paired(root).identity()


def test_a_pair_that_cannot_be_of_one_place_or_be_read_is_left_out_and_told(root):
    picture(102, (4, 6)).save(root / "before" / "2.png")
    (root / "before" / "1.png").write_bytes(b"nothing")
    told = (
        r"4 of the 6 .*after/2.png \(its second picture before/1.png: no picture\).*after/5.png \(its second picture "
        "before/2.png: has other proportions, 6 x 4 pixels beside 4 x 4"
    )
    with pytest.warns(UserWarning, match=told):
        images = paired(root).load(3, 4)
    assert images.others[:, 0, 0, 0].tolist() == [100, 100]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"_target_": "genlab.data.folder.ImageFolder", "other_column": None}, "give dataset.source.other_column=NAME"),
        ({"_target_": "genlab.data.folder.ImageFolder", "other_column": "before"}, None),
        ({"_target_": "genlab.data.line_art.LineArt"}, None),
        ({"_target_": "genlab.data.critters.Critters"}, "take dataset=image_folder with dataset.source.other_column"),
        ({"_target_": "mine.Source"}, None),
    ],
)
def test_a_model_of_second_pictures_needs_data_that_have_them(source, told):
    beside = {"_target_": "genlab.conditioning.picture.PictureConditioner"}
    joined = {"_target_": "genlab.conditioning.joined.Joined", "conditioners": [beside]}
    cfg = OmegaConf.create({"train": True, "dataset": {"source": source}, "conditioner": joined})
    sentences = list(second_pictures_are_there(cfg))
    assert len(sentences) == (told is not None)
    assert told is None or told in sentences[0]
    del cfg["train"]
    assert not list(second_pictures_are_there(cfg))


@pytest.mark.parametrize(("name", "needs"), [("picture", 3), ("depth", 1), ("inpainting", 4), (None, 0)])
@pytest.mark.parametrize("has", [None, 1, 3])
def test_a_network_has_the_channels_for_what_lies_beside(name, needs, has):
    classes = {"picture": "PictureConditioner", "depth": "DepthConditioner", "inpainting": "InpaintingConditioner"}
    beside = [{"_target_": f"genlab.conditioning.{name}.{classes[name]}"}] if name else []
    network = {"_target_": "genlab.networks.dit_text.TextDiT", "condition_channels": has}
    parts = {"conditioner": {"_target_": "genlab.conditioning.joined.Joined", "conditioners": beside}}
    cfg = OmegaConf.create({"train": True, "dataset": {"channels": 3}, "network": network, **parts})
    told = [f"give {needs}" in sentence for sentence in network_has_channels_for_pictures(cfg)]
    assert told == [True] * ((has or 0) != needs)
