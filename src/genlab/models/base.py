"""What all families share: an optimiser, averaged weights, counted randomness, and named loss terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from genlab.data.batch import Batch
from genlab.models.ema import EMA
from genlab.protocols import Conditions
from genlab.randomness import Randomness, fold_in
from genlab.ranges import Rate, Seed


def batches_done(trainer: pl.Trainer) -> int:
    """Training batches that are finished; the one that counts as step n is the n-th. Exact after any interruption."""
    total: Any = trainer.fit_loop.epoch_loop.batch_progress.total
    return total.processed


class GenerativeModule(pl.LightningModule):
    """A generative model in training: a family gives `loss` and `sample`, this class the rest.

    Every training step draws its random numbers from (seed, number of batches seen), every validation batch from
    (seed, its index), so that a resumed run continues bit for bit and validation losses are comparable.

    Args:
        optimizer: parameters -> optimiser (`_partial_: true` in a config).
        ema_decay: decay of the averaged weights, which are then what is sampled and scored; None keeps none.
        seed: seed of the random numbers of training.
    """

    num_classes: int | None = None

    def __init__(
        self,
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
        ema_decay: Rate | None = None,
        seed: Seed = 0,
    ) -> None:
        super().__init__()
        self._optimizer = optimizer
        self._ema_decay = ema_decay
        self._ema: EMA | None = None
        self.seed = seed

    # ---- what a family gives ------------------------------------------------------------------------

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The loss terms of a batch, each a scalar; "loss" is what is minimised. Units are the family's to state."""
        raise NotImplementedError(f"{type(self).__name__} must define loss(batch)")

    def sample(self, n: int, condition: Conditions = None, *, generator: Randomness = None) -> Tensor:
        """(n, *shape): new data; images in [-1, 1]."""
        raise NotImplementedError(f"{type(self).__name__} must define sample(n)")

    # ---- optimisation -------------------------------------------------------------------------------

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self._optimizer([p for p in self.parameters() if p.requires_grad])

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """All loss terms: `callbacks.History` reads them every few steps, without a sync in between."""
        return self.loss(batch)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        torch.manual_seed(fold_in(self.seed, "train", batches_done(self.trainer)))

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        # Here and not in on_train_batch_end: that hook runs after the callbacks', a checkpoint among them.
        super().optimizer_step(*args, **kwargs)
        if self._ema is not None:
            self._ema.update()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        with self.averaged(), torch.random.fork_rng(self._rng_devices()):
            torch.manual_seed(fold_in(self.seed, "validation", batch_idx))
            terms = self.loss(batch)
        self.log_dict({f"val/{name}": term for name, term in terms.items()}, batch_size=len(batch.x))

    def _rng_devices(self) -> list[torch.device]:
        return [self.device] if self.device.type == "cuda" else []

    # ---- averaged weights ---------------------------------------------------------------------------

    def on_fit_start(self) -> None:
        if self._ema_decay is not None and self._ema is None:
            self._ema = EMA(self, self._ema_decay)

    @property
    def weights(self) -> str:
        """Which weights are sampled and scored: "ema" or "raw"."""
        return "raw" if self._ema is None else "ema"

    @property
    def num_parameters(self) -> int:
        """How many numbers samples are made with; what only training asks, as a teacher, is not among them."""
        return sum(p.numel() for p in self.parameters())

    def provenance(self) -> dict[str, Any]:
        """How samples are made, for the record of every score: weights, and what a family adds (sampler, nfe, ...)."""
        return {"weights": self.weights}

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Inside, the module has the weights that are sampled and scored, and is in evaluation mode."""
        training = self.training
        self.eval()
        try:
            with nullcontext() if self._ema is None else self._ema.applied():
                yield
        finally:
            self.train(training)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        if self._ema is not None:
            checkpoint["ema"] = self._ema.state_dict()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        if "ema" in checkpoint:
            self._ema = EMA(self, self._ema_decay if self._ema_decay is not None else 0.0)
            self._ema.load_state_dict(checkpoint["ema"])
