"""A data module of a user's own: `load` is all that it needs, whatever its items are."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from genlab.data.batch import Batch
from genlab.data.items import Items
from genlab.data.resident_data import SPLITS, ResidentData, Split

STORED = {
    "tokens": torch.arange(40 * 6).reshape(40, 6) % 11,
    "sound": (torch.arange(40 * 16).reshape(40, 1, 16) - 300).to(torch.int16),
    "film": (torch.arange(40 * 24) % 251).to(torch.uint8).reshape(40, 1, 2, 3, 4),
    "points": torch.linspace(-1, 1, 80).reshape(40, 2),
    "truths": torch.arange(40 * 3).reshape(40, 3) % 2 == 0,
}


class Own(ResidentData):
    """What a user writes."""

    name, num_classes, class_names = "own", 4, ["a", "b", "c", "d"]

    def __init__(self, kind: str, batch_size: int = 8, seed: int = 0, flip: bool = False) -> None:
        super().__init__(batch_size, eval_batch_size=5, seed=seed, flip=flip)
        self.kind = kind

    def load(self, split: Split) -> Items:
        stored = STORED[self.kind] if split == "train" else STORED[self.kind][:12]
        label = torch.arange(len(stored)) % 4
        return Items(stored, label, [f"number {i}" for i in range(len(stored))])


@pytest.fixture(params=STORED)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def same(one: Batch, other: Batch) -> bool:
    assert one.label is not None
    assert other.label is not None
    return torch.equal(one.x, other.x) and torch.equal(one.label, other.label) and one.caption == other.caption


def test_it_says_what_its_data_are(kind: str) -> None:
    data = Own(kind)
    assert data.shape == tuple(STORED[kind].shape[1:])
    assert (data.n_train, data.n_val, data.n_test) == (40, 12, 12)
    assert data.classes == [0, 1, 2, 3]
    assert data.untrained_classes == []
    stored, labels = data.items("test")
    assert torch.equal(stored, STORED[kind][:12])
    assert stored.dtype == STORED[kind].dtype
    assert labels is not None
    assert labels.tolist() == [0, 1, 2, 3] * 3


def test_an_epoch_is_every_item_once_with_its_label_and_caption(kind: str) -> None:
    data = Own(kind)
    batches = list(data.train_dataloader())
    captions = [text for batch in batches for text in batch.caption or []]
    rows = torch.tensor([int(text.split()[1]) for text in captions])
    assert sorted(rows.tolist()) == list(range(40))
    assert torch.equal(torch.cat([batch.x for batch in batches]), data.to_model(STORED[kind][rows]))
    assert torch.equal(torch.cat([b.label for b in batches if b.label is not None]), rows % 4)
    for loader in (data.val_dataloader(), data.test_dataloader()):
        assert torch.equal(torch.cat([batch.x for batch in loader]), data.to_model(STORED[kind][:12]))


def test_it_goes_on_in_the_middle_of_an_epoch(kind: str) -> None:
    first, second = Own(kind, seed=3).train_dataloader(), Own(kind, seed=3).train_dataloader()
    batches = list(first)
    walk = iter(first)
    for _ in range(2):
        next(walk)
    second.load_state_dict(first.state_dict())
    assert all(same(one, other) for one, other in zip(second, batches[2:], strict=True))


def test_another_process_gets_the_recipe_and_not_the_data(kind: str) -> None:
    data = Own(kind)
    items = data.items("train")[0]
    again = pickle.loads(pickle.dumps(data))
    assert again._parts == {}
    assert torch.equal(again.items("train")[0], items)


def test_its_checksum_follows_the_data_and_not_the_seed() -> None:
    sums = {kind: Own(kind).checksum for kind in STORED}
    assert len(set(sums.values())) == len(STORED)
    assert all(Own(kind, seed=9, batch_size=3).checksum == sums[kind] for kind in STORED)


def test_its_checksum_follows_every_caption(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = set()
    for second in ("b", "c"):
        items = Items(torch.zeros(4, 2), torch.arange(4), [["a", second]] * 4)
        monkeypatch.setattr(Own, "load", lambda self, split, items=items: items)
        sums.add(Own("points").checksum)
    assert len(sums) == 2


def test_a_mirrored_item_is_its_mirror_image_along_the_last_axis(kind: str) -> None:
    data = Own(kind, flip=True)
    for batch in data.train_dataloader():
        rows = torch.tensor([int(text.split()[1]) for text in batch.caption or []])
        plain = data.to_model(STORED[kind][rows])
        kept = (batch.x == plain).flatten(1).all(1)
        assert torch.equal(batch.x[~kept], plain[~kept].flip(-1))


class Linear(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.LazyLinear(1)
        self.seen: list[str] = []

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        self.seen += batch.caption or []
        return self.layer(batch.x.float().flatten(1)).square().mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), 1e-9)


def test_lightning_trains_on_it() -> None:
    model, data = Linear(), Own("film")
    model.layer(torch.zeros(1, 24))
    settings: dict[str, Any] = {"logger": False, "enable_progress_bar": False, "enable_checkpointing": False}
    pl.Trainer(accelerator="cpu", max_epochs=2, enable_model_summary=False, **settings).fit(model, data)
    assert len(model.seen) == 80
    assert sorted(model.seen[:40]) == sorted(model.seen[40:]) != model.seen[:40]


@pytest.mark.parametrize(
    ("items", "said"),
    [
        (Items(torch.zeros(0, 2)), "at least one item"),
        (torch.zeros(3, 2), "must return Items"),
        (Items(torch.zeros(3, 2)), "has no labels, and num_classes is 4"),
        (Items(torch.zeros(3, 2), torch.zeros(2, dtype=torch.int64)), r"3 items, and labels \(2,\)"),
        (Items(torch.zeros(3, 2), torch.zeros(3)), "float32: give .* int64"),
        (Items(torch.zeros(3, 2), torch.tensor([0, 1, 4])), "labels outside 0 to 3"),
        (Items(torch.zeros(3, 2), torch.tensor([0, 1, 2]), ["a"]), "3 items and 1 captions"),
    ],
)
def test_what_no_batch_can_be_made_of_is_refused_in_one_sentence(
    items: Any, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Own, "load", lambda self, split: items)
    for split in SPLITS:
        with pytest.raises(ValueError, match=said) as refusal:
            Own("points").items(split)
        assert f"Own.load('{split}')" in str(refusal.value)
