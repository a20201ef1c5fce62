"""A training run that is cut anywhere continues with the very batches that it would have seen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor, nn

from genlab.data.batch import Batch
from genlab.data.digits import Digits
from genlab.data.image_datamodule import ImageDataModule

STEPS = 5  # batches in an epoch
EPOCHS = 3


class CutError(Exception):
    """The interruption."""


class Recorder(pl.LightningModule):
    """A linear classifier that notes (epoch, pixel sum, labels) of every batch whose step it took."""

    def __init__(self, cut: tuple[str, int] | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(64, 10)
        self.cut = cut
        self.seen: list[tuple[int, float, list[int]]] = []

    def _maybe_cut(self, place: str) -> None:
        if self.cut == (place, self.global_step):
            raise CutError
        if self.cut == (f"kill in {place}", self.global_step):
            os.kill(os.getpid(), signal.SIGKILL)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        self._maybe_cut("training_step")
        assert batch.label is not None
        loss = nn.functional.cross_entropy(self.layer(batch.x.flatten(1)), batch.label)
        self.seen.append((self.current_epoch, float(batch.x.double().sum()), batch.label.tolist()))
        return loss

    def on_train_batch_end(self, *_: object) -> None:
        self._maybe_cut("on_train_batch_end")

    def on_train_epoch_end(self) -> None:
        self._maybe_cut("on_train_epoch_end")

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._maybe_cut("validation_step")

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=0.01)


def data(**options: object) -> ImageDataModule:
    settings = {"train_size": 330, "val_size": 40, "test_size": 20, "flip": True, "seed": 7} | options
    return ImageDataModule(Digits(), 1, 8, 10, batch_size=64, **settings)  # type: ignore[arg-type]


class SaveWhenCut(pl.Callback):
    """Writes `cut.ckpt` at the very moment of an exception."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "cut.ckpt"

    def on_exception(self, trainer: pl.Trainer, *_: object) -> None:
        trainer.save_checkpoint(self.path)


def train(folder: Path, cut: tuple[str, int] | None = None, resume: Path | None = None) -> Recorder:
    module = Recorder(cut)
    savers: list[pl.Callback] = [
        SaveWhenCut(folder),
        ModelCheckpoint(folder, "step{step}", auto_insert_metric_name=False, every_n_train_steps=1, save_top_k=-1),
        ModelCheckpoint(folder, "epoch{epoch}", auto_insert_metric_name=False, save_top_k=-1),
    ]
    trainer = pl.Trainer(
        max_epochs=EPOCHS, accelerator="cpu", logger=False, callbacks=savers,
        enable_progress_bar=False, enable_model_summary=False, num_sanity_val_steps=1,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(module, datamodule=data(), ckpt_path=resume)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("whole")


@pytest.fixture(scope="module")
def whole(folder: Path) -> Recorder:
    """The run that nothing interrupts; its checkpoints are in `folder`."""
    module = train(folder)
    assert len(module.seen) == STEPS * EPOCHS
    return module


def continues(checkpoint: Path, whole: Recorder) -> None:
    step = torch.load(checkpoint, weights_only=True)["global_step"]
    rest = train(checkpoint.parent / "rest", resume=checkpoint)
    assert rest.seen == whole.seen[step:]
    assert torch.equal(rest.layer.weight, whole.layer.weight)


@pytest.mark.parametrize(
    "cut",
    [
        ("training_step", STEPS + 2),
        ("training_step", 2 * STEPS),  # the first batch of an epoch
        ("on_train_batch_end", STEPS + 2),
        ("on_train_batch_end", 2 * STEPS),  # the last batch of an epoch
        ("on_train_epoch_end", STEPS),
        ("validation_step", STEPS),
    ],
)
def test_a_run_saved_when_it_fails_continues_bit_for_bit(cut: tuple[str, int], whole: Recorder, tmp_path: Path) -> None:
    with pytest.raises(CutError):
        train(tmp_path, cut)
    continues(tmp_path / "cut.ckpt", whole)


@pytest.mark.parametrize("name", [f"step{STEPS + 2}", f"step{2 * STEPS}", "epoch0"])
def test_a_run_goes_on_from_any_checkpoint_that_it_wrote(name: str, whole: Recorder, folder: Path) -> None:
    continues(folder / f"{name}.ckpt", whole)


@pytest.mark.slow
def test_a_process_that_was_killed_continues_from_its_last_checkpoint(whole: Recorder, tmp_path: Path) -> None:
    place, step = "training_step", STEPS + 3
    ended = subprocess.run([sys.executable, __file__, str(tmp_path), f"kill in {place}", str(step)], timeout=300)
    assert ended.returncode == -signal.SIGKILL
    continues(tmp_path / f"step{step}.ckpt", whole)


def test_overfitting_sees_the_same_batches_in_every_epoch() -> None:
    module = Recorder()
    trainer = pl.Trainer(
        max_epochs=3, overfit_batches=2, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, limit_val_batches=0,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*overfit.*")  # Lightning would say that it changed the loader
        trainer.fit(module, datamodule=data())
    batches = [seen[1:] for seen in module.seen]
    assert batches == 3 * batches[:2]
    assert batches[0] != batches[1]


def test_another_seed_sees_other_batches(whole: Recorder) -> None:
    labels = [batch.label.tolist() for batch in data(seed=8).train_dataloader()]
    assert labels != [seen[2] for seen in whole.seen[:STEPS]]


if __name__ == "__main__":  # the process that is killed
    train(Path(sys.argv[1]), (sys.argv[2], int(sys.argv[3])))
