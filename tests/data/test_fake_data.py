"""Noise stands in for pictures that cannot be had, and for nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genlab.data.digits import Digits
from genlab.data.fake_data import or_noise
from genlab.data.fetch import DataUnavailableError
from genlab.data.image_datamodule import ImageDataModule
from genlab.data.source import Images
from genlab.notice import Notice


class Unreachable:
    name = "far"

    def identity(self) -> str:
        return "far"

    def load(self, channels: int, size: int) -> Images:
        raise DataUnavailableError("the data set 'far' could not be fetched; tried:\n  a server: no")


@pytest.mark.parametrize(
    ("num_classes", "classes", "labels"),
    [(None, None, None), (4, None, {0, 1, 2, 3}), (4, 2, {2}), (4, [1, 3], {1, 3})],
)
def test_noise_has_a_batch_for_each_split_whatever_was_asked_of_the_data(num_classes, classes, labels):
    data = ImageDataModule(Unreachable(), 3, 12, num_classes, 8, train_size=50_000, val_size=1_000, classes=classes)
    with pytest.warns(Notice, match="^the data set 'far' could not be fetched; this trial"):
        noise = or_noise(data)
    assert noise.name == "noise instead of far"
    assert noise.checksum != data.checksum
    for split in ("train", "val", "test"):
        pixels, found = noise.items(split)
        assert pixels.shape == (8, 3, 12, 12)
        assert (None if found is None else set(found.tolist())) == labels
    assert noise.class_names == (None if num_classes is None else ["0", "1", "2", "3"])
    with pytest.warns(Notice):
        assert np.array_equal(noise.items("train")[0], or_noise(data).items("train")[0])


def test_data_at_hand_are_used_as_they_are(recwarn):
    data = ImageDataModule(Digits(), 1, 8, 10, 8, test_size=0.1)
    assert or_noise(data) is data
    assert not [warning for warning in recwarn if issubclass(warning.category, Notice)]


def test_a_mistake_is_no_reason_for_noise(tmp_path: Path):
    from genlab.data.folder import ImageFolder

    with pytest.raises(ValueError, match="is no folder"):
        or_noise(ImageDataModule(ImageFolder(tmp_path / "none", tmp_path), 1, 8, None, 8, test_size=0.1))


def test_noise_has_captions_and_second_pictures_where_the_data_have_them():
    class Told(Unreachable):
        has_captions = has_others = True

    with pytest.warns(Notice):
        plain, told = (or_noise(ImageDataModule(source, 3, 12, None, 8)) for source in (Unreachable(), Told()))
    batch, bare = next(iter(told.train_dataloader())), next(iter(plain.train_dataloader()))
    assert len(set(batch.caption)) == 8
    assert batch.other.shape == batch.x.shape
    assert bare.caption is None
    assert bare.other is None
    assert np.array_equal(plain.items("test")[0], told.items("test")[0])
