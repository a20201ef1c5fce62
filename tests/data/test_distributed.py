"""Two real processes share every batch, and end where one would."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from genlab.data.batch import Batch
from genlab.data.digits import Digits
from genlab.data.image_datamodule import ImageDataModule


class Writer(pl.LightningModule):
    """A linear classifier; each process writes down the labels that it saw."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(64, 10)
        self.folder = folder
        self.seen: dict[str, list[list[int]]] = {"train": [], "test": []}

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        assert batch.label is not None
        self.seen["train"].append(batch.label.tolist())
        return nn.functional.cross_entropy(self.layer(batch.x.flatten(1)), batch.label)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        assert batch.label is not None
        self.seen["test"].append(batch.label.tolist())

    def on_fit_end(self) -> None:
        torch.save({"seen": self.seen["train"], "weight": self.layer.weight.detach()}, self._file("train"))

    def on_test_end(self) -> None:
        torch.save({"seen": self.seen["test"]}, self._file("test"))

    def _file(self, stage: str) -> Path:
        return self.folder / f"{stage}-{self.global_rank}-of-{self.trainer.world_size}.pt"

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


@pytest.mark.slow
def test_two_processes_do_the_work_of_one(tmp_path: Path) -> None:
    for devices, strategy in ((1, "auto"), (2, "ddp_fork")):
        data = ImageDataModule(
            Digits(), 1, 8, 10, batch_size=64, eval_batch_size=50, train_size=320, val_size=50, test_size=101, flip=True
        )
        trainer = pl.Trainer(
            max_epochs=2, accelerator="cpu", devices=devices, strategy=strategy, logger=False,
            enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False, limit_val_batches=0,
        )  # fmt: skip
        module = Writer(tmp_path)
        trainer.fit(module, datamodule=data)
        trainer.test(module, datamodule=data, verbose=False)

    def read(name: str) -> dict[str, list[list[int]]]:
        return torch.load(tmp_path / f"{name}.pt", weights_only=True)  # type: ignore[no-any-return]

    for stage in ("train", "test"):
        whole, *halves = (read(f"{stage}-{name}")["seen"] for name in ("0-of-1", "0-of-2", "1-of-2"))
        assert [len(half) for half in halves] == [len(whole)] * 2
        for batch, even, odd in zip(whole, *halves, strict=True):
            assert even == batch[::2]
            assert odd == batch[1::2]
    one, two = read("train-0-of-1")["weight"], read("train-0-of-2")["weight"]
    torch.testing.assert_close(one, two, rtol=0, atol=1e-6)
