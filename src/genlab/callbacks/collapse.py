"""The alarm that a generator has collapsed: it draws one picture, or a few, again and again."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from genlab.conditions import asks_of
from genlab.errors import ConfigError
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.prdc import radii
from genlab.metrics.variability import mean_pairwise_distance
from genlab.models.base import batches_done
from genlab.notice import Notice
from genlab.progress import reporting
from genlab.randomness import PerImage
from genlab.ranges import Fraction, NonNegativeInt, PositiveInt, SeveralInt

NEIGHBOURS = 3
"""Of recall: a sample stands for what is nearer to it than its third neighbour among the samples."""
_SEED = 0
_CLASSES = 10
"""So many classes at most are looked at."""


class Collapse(pl.Callback):
    """After each validation `val/variety`: how much samples differ, where 1 is as much as validation data do; and
    `val/recall`, the share of these data that lie among the samples (Kynkaanniemi et al. 2019).

    A generator that draws one picture of each class can have a perfect classifier accuracy and a fair inception score,
    and no loss tells it. Where `variety` is below the threshold again and again, a notice says so once, and the record
    has `collapsed_at`, the step; it has the last `variety` and `recall` in any case.

    Paper: https://arxiv.org/abs/1904.06991 (recall)

    Args:
        n: how many samples, and as many real data, are compared: of each class for a class-conditional model. They are
            of the same noise every time.
        threshold: of the variety.
        patience: for so many validations in a row it must be lower.
        start: batches before the alarm may ring: what a young generator draws is all alike. Give more where the
            generator moves in few of them.
        extractor: pictures are compared by its features; None compares their pixels.
    """

    def __init__(
        self,
        n: SeveralInt = 64,
        threshold: Fraction = 0.3,
        patience: PositiveInt = 2,
        start: NonNegativeInt = 2000,
        extractor: Extractor | None = None,
    ) -> None:
        self._n, self._threshold, self._patience, self._start = n, threshold, patience, start
        self._extractor = extractor
        self._variety: float | None = None
        self._recall: float | None = None
        self._low = 0
        self._collapsed_at: int | None = None

    def on_fit_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if more := sorted(asks_of(module) - {"label"}):
            raise ConfigError(
                f"callbacks.collapse compares samples of one class, and this model is asked for a {more[0]}: "
                "give callbacks.collapse=null"
            )
        if self._extractor is not None:
            with reporting("preparing the features of callbacks.collapse") as report:
                self._extractor.check(trainer.datamodule, report)  # type: ignore[attr-defined]

    def on_validation_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        pairs = list(self._samples_and_data(module, trainer.datamodule))  # type: ignore[attr-defined]
        if recalls := [recall(*pair) for pair in pairs if len(pair[0]) > NEIGHBOURS]:
            self._recall = sum(recalls) / len(recalls)
            module.log("val/recall", self._recall)
        if not (values := [value for pair in pairs if (value := variety(*pair)) is not None]):
            return
        value, step = sum(values) / len(values), batches_done(trainer)
        self._variety = value
        module.log("val/variety", value)
        self._low = self._low + 1 if value < self._threshold and step >= self._start else 0
        if self._low >= self._patience and self._collapsed_at is None:
            self._collapsed_at = step
            text = (
                f"the generator has collapsed at step {step}: its samples differ {value:.2f} times as much as "
                f"real data do, for {self._low} validations less than {self._threshold:g} times"
            )
            if trainer.is_global_zero:
                warnings.warn(text, Notice, stacklevel=2)

    def _samples_and_data(self, module: Any, data: Any) -> Iterator[tuple[Tensor, Tensor]]:
        """(n, d) samples and as many real data, of each class in turn, or of all together."""
        stored, labels = data.items("val")
        classes: list[int | None] = list(range(min(module.num_classes, _CLASSES))) if module.num_classes else [None]
        for label in classes:
            rows = torch.arange(len(stored)) if label is None else (labels == label).nonzero().flatten()
            real = stored[rows[: self._n]]
            if len(real) < 2:
                continue
            streams = PerImage.range(_SEED, 0, len(real), module.device)
            asked = None if label is None else torch.full((len(real),), label, device=module.device)
            with torch.no_grad(), module.averaged():
                samples = module.sample(len(real), asked, generator=streams)
            yield self._seen(data.modality.to_stored(samples, "samples"), data), self._seen(real, data)

    def _seen(self, stored: Tensor, data: Any) -> Tensor:
        """(n, d): the features, or the numbers themselves as models see them, on the CPU."""
        if self._extractor is None:
            return data.modality.to_model(stored).flatten(1).float().cpu()
        self._extractor.prepare(data, stored.device)
        return self._extractor.features(stored)

    def state_dict(self) -> dict[str, Any]:
        return {"variety": self._variety, "recall": self._recall, "low": self._low, "collapsed_at": self._collapsed_at}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._variety, self._recall, self._low = (state_dict[name] for name in ("variety", "recall", "low"))
        self._collapsed_at = state_dict["collapsed_at"]

    @property
    def training(self) -> dict[str, float | int]:
        """For the record."""
        known = {"variety": self._variety, "recall": self._recall, "collapsed_at": self._collapsed_at}
        return {name: value for name, value in known.items() if value is not None}


def recall(samples: Tensor, real: Tensor) -> float:
    """The share of `real` (n, d) that lie within the distance of any of `samples` (n, d) to its third neighbour."""
    (reach,) = radii(samples, (NEIGHBOURS,))
    return (torch.cdist(real, samples) <= reach).any(1).double().mean().item()


def variety(samples: Tensor, real: Tensor) -> float | None:
    """How much `samples` (n, d) differ from each other, by how much `real` (n, d) do; None where these do not.

    The lower of two ratios: of the mean distance over all pairs, which sees that there is one picture, and of the mean
    distance to the nearest other, which sees that there are few, repeated.
    """
    of_samples, of_real = ((mean_pairwise_distance(x)[0], _to_nearest(x)) for x in (samples, real))
    ratios = [mine / theirs for mine, theirs in zip(of_samples, of_real, strict=True) if theirs > 0]
    return min(ratios, default=None)


def _to_nearest(x: Tensor) -> float:
    return torch.cdist(x, x).fill_diagonal_(torch.inf).amin(1).mean().item()
