"""The data module: what it says of its data, and what it refuses."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from genlab.data.digits import Digits
from genlab.data.idx import IdxImages
from genlab.data.image_datamodule import ImageDataModule
from genlab.modalities.pixels import to_model

from .tiny import Tiny, put


def digits(**changes: Any) -> ImageDataModule:
    settings = {"channels": 1, "size": 8, "num_classes": 10, "batch_size": 64, "test_size": 0.1} | changes
    return ImageDataModule(Digits(), **settings)


@pytest.mark.parametrize(
    "change",
    [
        {"size": 16},
        {"channels": 3},
        {"val_size": 0.2},
        {"test_size": 0.2},
        {"train_size": 500},
        {"classes": 3},
        {"binarize": "threshold"},
    ],
)
def test_the_checksum_follows_what_decides_the_pictures(change: dict[str, Any]) -> None:
    assert digits(**change).checksum != digits().checksum


def test_the_checksum_ignores_what_does_not() -> None:
    assert digits(seed=5, batch_size=32, flip=True, eval_batch_size=8, val_size=0.10).checksum == digits().checksum


def test_splits_do_not_depend_on_the_seed() -> None:
    for split in ("train", "val", "test"):
        assert torch.equal(digits(seed=0).items(split)[0], digits(seed=1).items(split)[0])  # type: ignore[arg-type]


def test_counts_and_pictures_agree() -> None:
    data = digits(train_size=1000)
    for split, n in (("train", data.n_train), ("val", data.n_val), ("test", data.n_test)):
        pixels, labels = data.items(split)  # type: ignore[arg-type]
        assert labels is not None
        assert pixels.shape == (n, 1, 8, 8)
        assert pixels.dtype == torch.uint8
        assert labels.shape == (n,)
        assert labels.dtype == torch.int64
    assert (data.n_train, data.n_val, data.n_test) == (1000, 180, 180)
    assert data.class_names == [str(i) for i in range(10)]


def test_loaders_give_the_pictures_of_their_split() -> None:
    data = digits()
    pixels, labels = data.items("test")
    batches = list(data.test_dataloader())
    assert labels is not None
    assert torch.equal(torch.cat([batch.x for batch in batches]), to_model(pixels))
    assert torch.cat([b.label for b in batches if b.label is not None]).tolist() == labels.tolist()
    assert sum(len(batch.x) for batch in data.val_dataloader()) == data.n_val
    assert len(data.train_dataloader()) == data.n_train // 64


def test_one_class_has_the_pictures_and_labels_that_it_has_in_the_whole() -> None:
    everything, threes = digits(), digits(classes=3)
    for split in ("train", "val", "test"):
        pixels, labels = everything.items(split)  # type: ignore[arg-type]
        own, own_labels = threes.items(split)  # type: ignore[arg-type]
        assert labels is not None
        assert own_labels is not None
        assert torch.equal(own, pixels[labels == 3])
        assert set(own_labels.tolist()) == {3}
    assert (threes.classes, threes.num_classes) == ([3], 10)
    assert threes.n_train == len(threes.items("train")[0])


def test_several_classes_in_any_order_are_one_selection() -> None:
    assert digits(classes=[5, 3, 5]).classes == digits(classes=[3, 5]).classes == [3, 5]
    assert digits(classes=[5, 3]).checksum == digits(classes=[3, 5]).checksum != digits(classes=[3, 4]).checksum
    assert digits(classes=[3, 5], train_size=20).n_train == 20


def test_the_whole_of_one_class_is_all_the_data() -> None:
    threes = digits(classes=3, binarize="threshold")
    assert threes.n_train < 200  # asked before: nothing of it may stay behind
    assert torch.equal(threes.whole.items("train")[0], digits(binarize="threshold").items("train")[0])
    assert threes.whole.checksum == digits(binarize="threshold").checksum != threes.checksum
    everything = digits()
    assert everything.whole is everything


def test_a_class_that_does_not_occur_is_told() -> None:
    with pytest.raises(ValueError, match=r"dataset.classes=\[12\] leaves no image"):
        _ = digits(classes=12).n_train


def test_binarized_pictures_are_black_and_white_in_every_batch() -> None:
    data = digits(binarize="stochastic")
    assert data.items("test")[0].unique().tolist() == [0, 255]
    assert next(iter(data.train_dataloader())).x.unique().tolist() == [-1, 1]
    grey = digits().items("train")[0].float()
    assert abs(data.items("train")[0].float().mean() - grey.mean()) < 2  # as bright as before


def test_without_classes_there_are_no_labels() -> None:
    data = digits(num_classes=None)
    assert data.items("val")[1] is None
    assert data.class_names is None
    assert next(iter(data.train_dataloader())).label is None


def test_a_wrong_number_of_classes_is_told() -> None:
    with pytest.raises(ValueError, match=r"dataset.num_classes=7, but digits has 10 classes"):
        _ = digits(num_classes=7).n_train


def test_classes_of_unlabelled_data_are_refused(tmp_path: Path) -> None:
    from PIL import Image

    from genlab.data.folder import ImageFolder

    for name in "abc":
        Image.new("RGB", (8, 8)).save(tmp_path / f"{name}.png")
    data = ImageDataModule(ImageFolder(tmp_path, tmp_path / "data"), 3, 8, 2, 4, val_size=1, test_size=1)
    with pytest.raises(ValueError, match=r"dataset.num_classes=2, but .* has no labels"):
        _ = data.n_train


def test_pictures_are_not_copied_into_memory(tiny_mnist: Tiny, tmp_path: Path) -> None:
    put(tiny_mnist(), tmp_path / "mnist")
    source = IdxImages("mnist", tmp_path)
    data = ImageDataModule(source, 1, 28, 10, 8, val_size=5)
    data.prepare_data()
    mapped = source.load(1, 28).pixels
    assert isinstance(mapped, np.memmap)
    assert data.items("test")[0].numpy().tobytes() == mapped[30:].tobytes()
    assert data._items.stored.data_ptr() == data._loaded.pixels.ctypes.data  # the very mapping


def test_another_process_gets_the_recipe_and_not_the_pictures(tiny_mnist: Tiny, tmp_path: Path) -> None:
    put(tiny_mnist(), tmp_path / "mnist")
    data = ImageDataModule(IdxImages("mnist", tmp_path), 1, 28, 10, 8, val_size=5)
    pixels, _ = data.items("train")
    sent = pickle.dumps(data)
    assert len(sent) < 10_000 < pixels.nbytes
    assert torch.equal(pickle.loads(sent).items("train")[0], pixels)


def test_pictures_need_not_be_square() -> None:
    data = digits(size=[8, 12])
    assert data.shape == (1, 8, 12)
    assert data.items("train")[0].shape[1:] == (1, 8, 12)
    assert next(iter(data.train_dataloader())).x.shape == (64, 1, 8, 12)
    assert digits(size=(8, 8)).checksum == digits().checksum != data.checksum
    assert torch.equal(data.items("test")[0][..., 2:10], digits().items("test")[0])
