"""Batches in memory: what is in them, in which order, and for which process."""

from __future__ import annotations

from itertools import islice

import pytest
import torch
from torch import Tensor

from genlab.data.items import Items
from genlab.data.loader import EvalLoader, Shard, TrainLoader
from genlab.modalities.pixels import to_model

N = 50
PIXELS = torch.arange(N * 2 * 3 * 4, dtype=torch.int64).remainder(251).to(torch.uint8).reshape(N, 2, 3, 4)
DATA = Items(PIXELS, torch.arange(N))  # a picture's label is its row
ROWS = torch.arange(5, N)


def loader(batch_size: int = 8, seed: int | None = 3, flip: bool = False, shard: Shard = Shard()) -> TrainLoader:  # noqa: B008
    return TrainLoader(DATA, ROWS, batch_size, seed, flip, shard)


def labels(loader: TrainLoader | EvalLoader) -> Tensor:
    return torch.cat([batch.label for batch in loader if batch.label is not None])


def test_pictures_are_scaled_to_the_range_of_models_and_keep_their_labels() -> None:
    batch = next(iter(loader()))
    assert batch.x.dtype == torch.float32
    assert torch.equal(batch.x, to_model(PIXELS[batch.label]))


def test_an_epoch_has_full_batches_without_repetition() -> None:
    train = loader(batch_size=8)
    assert len(train) == len(ROWS) // 8
    batches = list(train)
    assert [len(batch.x) for batch in batches] == [8] * len(train)
    seen = labels(train)
    assert len(seen.unique()) == len(seen)
    assert set(seen.tolist()) <= set(ROWS.tolist())


def test_what_an_epoch_drops_comes_in_others() -> None:
    train, seen = loader(batch_size=8), set()
    for epoch in range(6):
        train.set_epoch(epoch)
        seen |= set(labels(train).tolist())
    assert seen == set(ROWS.tolist())


def test_the_order_depends_on_seed_and_epoch_only() -> None:
    first, again, other_seed, other_epoch = loader(), loader(), loader(seed=4), loader()
    other_epoch.sampler.set_epoch(1)  # as Lightning does
    assert torch.equal(labels(first), labels(again))
    assert torch.equal(labels(first), labels(first))
    assert not torch.equal(labels(first), labels(other_seed))
    assert not torch.equal(labels(first), labels(other_epoch))


def test_half_of_the_pictures_are_mirrored_others_in_each_epoch() -> None:
    data = Items(torch.arange(2).to(torch.uint8).reshape(1, 1, 1, 2).expand(1000, 1, 1, 2), None)
    train = TrainLoader(data, torch.arange(1000), 1000, seed=0, flip=True)
    mirrored = []
    for epoch in range(2):
        train.set_epoch(epoch)
        (batch,) = train
        mirrored.append(batch.x[:, 0, 0, 0] > batch.x[:, 0, 0, 1])
    assert 440 < int(mirrored[0].sum()) < 560  # within 4 standard deviations of a fair coin
    assert 420 < int((mirrored[0] == mirrored[1]).sum()) < 580


def test_a_mirrored_picture_is_its_mirror_image() -> None:
    for batch in loader(flip=True):
        plain = to_model(PIXELS[batch.label])
        kept = (batch.x == plain).flatten(1).all(1)
        assert torch.equal(batch.x[~kept], plain[~kept].flip(-1))


def test_main_memory_and_devices_make_the_same_batches() -> None:
    every = torch.arange(256, dtype=torch.uint8).reshape(16, 1, 4, 4)
    data, rows = Items(every, None), torch.randperm(16)
    flips = torch.arange(16) % 2 == 0
    x = every[rows].to(torch.float32).mul_(2 / 255).sub_(1)  # as a device does it
    assert torch.equal(data.batch(rows).x, x)
    assert torch.equal(data.batch(rows, flips).x, torch.where(flips[:, None, None, None], x.flip(-1), x))


def test_making_batches_leaves_the_pictures_alone() -> None:
    before = PIXELS.clone()
    list(loader(flip=True))
    assert torch.equal(PIXELS, before)


def test_a_set_smaller_than_a_batch_is_one_batch() -> None:
    train = loader(batch_size=1000)
    assert len(train) == 1
    assert sorted(labels(train).tolist()) == ROWS.tolist()


def test_without_a_seed_every_epoch_is_the_same() -> None:
    train = loader(seed=None, flip=True)
    before = next(iter(train))
    train.set_epoch(5)
    after = next(iter(train))
    assert torch.equal(before.x, after.x)
    assert torch.equal(before.x, to_model(PIXELS[ROWS[:8]]))


@pytest.mark.parametrize("world", [2, 4])
def test_processes_together_see_the_batches_of_one(world: int) -> None:
    shards = [loader(flip=True, shard=Shard(rank, world)) for rank in range(world)]
    for whole, *parts in zip(loader(flip=True), *shards, strict=True):
        joined = torch.stack([part.x for part in parts], 1).flatten(0, 1)  # rank r has the rows r, r + world, ...
        assert torch.equal(joined, whole.x)


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    with pytest.raises(ValueError, match=r"dataset.batch_size=8 .* 3 devices"):
        loader(batch_size=8, shard=Shard(0, 3))


def test_a_loader_goes_on_in_the_middle_of_an_epoch() -> None:
    train = loader(flip=True)
    train.set_epoch(2)
    whole = list(train)
    list(islice(train, 3))
    resumed = loader(flip=True)
    resumed.load_state_dict(train.state_dict())
    for batch, expected in zip(resumed, whole[3:], strict=True):
        assert torch.equal(batch.x, expected.x)
    assert len(list(resumed)) == len(whole)  # the next pass is a whole one


def test_a_state_of_another_epoch_skips_nothing() -> None:
    train = loader()
    list(islice(train, 3))
    resumed = loader()
    resumed.load_state_dict(train.state_dict())
    resumed.set_epoch(1)
    assert len(list(resumed)) == len(resumed)


@pytest.mark.parametrize("batch_size", [1, 7, 16, 45, 100])
def test_evaluation_sees_every_picture_once_in_order(batch_size: int) -> None:
    evaluation = EvalLoader(DATA, ROWS, batch_size)
    sizes = [len(batch.x) for batch in evaluation]
    assert torch.equal(labels(evaluation), ROWS)
    assert len(sizes) == len(evaluation)
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1


def test_evaluation_on_several_processes_sees_every_picture_once() -> None:
    shards = [EvalLoader(DATA, ROWS, 16, Shard(rank, 3)) for rank in range(3)]
    assert len({len(shard) for shard in shards}) == 1
    assert sorted(torch.cat([labels(shard) for shard in shards]).tolist()) == ROWS.tolist()


def test_pictures_without_labels_give_batches_without_labels() -> None:
    assert next(iter(EvalLoader(Items(PIXELS, None), ROWS, 4))).label is None
