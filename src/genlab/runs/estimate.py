"""What a run will take, from its model on the meta device and a few real steps of training."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from omegaconf import DictConfig, OmegaConf

from genlab.config.instantiate import build
from genlab.protocols import Samples
from genlab.runs.build_model import build_model
from genlab.runs.record import peak_memory_bytes
from genlab.runs.remarks import without_remarks
from genlab.runs.resuming import make_resumable

CHECKPOINTS = 2
"""Checkpoints that a run keeps: the last and the one before it."""
_STEPS = 6
_PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Shape:
    """What decides how long a step takes and how much memory it needs; jobs of one shape are timed once."""

    parameters: int
    key: str


@dataclass(frozen=True)
class Cost:
    """Measured on this machine.

    Args:
        seconds_per_step: the median of a few steps, the first left out.
        scoring_seconds: drawing the samples that are scored, which is nearly all of a scoring.
        checkpoint_bytes: of one checkpoint, optimiser and averaged weights included.
        memory_bytes: the most that was held on the GPU; without one, by the process, libraries included.
    """

    seconds_per_step: float
    scoring_seconds: float
    checkpoint_bytes: int
    memory_bytes: int


def shape(cfg: DictConfig) -> Shape:
    """The shape of a run: its parts, the sizes of its parameters, and the size of a batch; nothing is allocated."""
    module = on_meta(cfg)
    sizes = [tuple(p.shape) for p in module.parameters()]
    plain = OmegaConf.to_container(cfg.model, resolve=True)
    batch = [cfg.dataset.get(key) for key in ("batch_size", "channels", "size", "num_classes")]
    trainer = [cfg.trainer.get(key) for key in ("accelerator", "precision", "accumulate_grad_batches")]
    scored = [cfg.model.get("sampler"), cfg.model.get("guidance"), _samples(cfg)]  # which decide how long that takes
    of_one = getattr(module, "shape", None)
    key = json.dumps([sizes, of_one, sorted(targets(plain)), batch, trainer, scored], default=str)
    return Shape(sum(p.numel() for p in module.parameters()), key)


def steps(cfg: DictConfig, n_train: int) -> int | None:
    """Steps of the whole training on `n_train` pictures, a batch each: epochs times batches, at most max_steps.

    None where its end is given as a time, or as a number of operations.
    """
    batches = n_train // int(cfg.dataset.batch_size)
    limit = cfg.trainer.get("limit_train_batches", 1.0)
    batches = min(batches, limit) if isinstance(limit, int) else int(batches * limit)
    most, epochs = int(cfg.trainer.get("max_steps") or -1), cfg.trainer.get("max_epochs")
    images = OmegaConf.select(cfg, "callbacks.budget.images")
    given = [most] if most > 0 else []
    given += [] if epochs is None or epochs < 0 else [batches * epochs]
    given += [] if images is None else [-(-int(images) // int(cfg.dataset.batch_size))]
    return min(given, default=None)


def measure(cfg: DictConfig, data: Any) -> Cost:
    """Take a few training steps of `cfg` on its data, and write one checkpoint into a temporary folder."""
    with without_remarks(), tempfile.TemporaryDirectory(prefix="genlab-check-") as folder:
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        allowed, ticks = list(cfg.get("allow_targets") or []), _Ticks()
        trainer = build(
            cfg.trainer, allowed, min_steps=None, min_epochs=None, callbacks=[ticks], logger=False, profiler=None,
            limit_val_batches=0, enable_checkpointing=False, enable_progress_bar=False, default_root_dir=folder,
            fast_dev_run=False, overfit_batches=0.0,
        )  # fmt: skip
        make_resumable(trainer).fit(build_model(cfg), data)
        checkpoint = Path(folder) / "one.ckpt"
        trainer.save_checkpoint(checkpoint)
        gpu = torch.cuda.max_memory_allocated() if trainer.strategy.root_device.type == "cuda" else 0
        scoring = _scoring_seconds(cfg, trainer.lightning_module, ticks.seconds_per_step)
        return Cost(ticks.seconds_per_step, scoring, checkpoint.stat().st_size, gpu or peak_memory_bytes())


def extractor_seconds(cfg: DictConfig, data: Any) -> dict[str, float]:
    """Name -> seconds of every extractor that the metrics of `cfg` need and that is still to be trained."""
    if not _samples(cfg):
        return {}
    suite = build(cfg.metrics, list(cfg.get("allow_targets") or []))
    times = {extractor.name: extractor.seconds_to_prepare(data) for extractor in suite.extractors_for(data)}
    return {name: seconds for name, seconds in times.items() if seconds > 0}


def _samples(cfg: DictConfig) -> int:
    """How many samples are scored."""
    scored = cfg.get("test", True) and cfg.get("metrics") is not None and cfg.metrics.metrics
    return int(cfg.metrics.n_samples) if scored else 0


def _scoring_seconds(cfg: DictConfig, module: Any, seconds_per_step: float) -> float:
    """For a model that counts its network evaluations: each is a third of a training step, which goes back as well."""
    n, size, samples = _samples(cfg), int(cfg.dataset.batch_size), isinstance(module, Samples)
    if not n or not samples:
        return 0.0
    if (nfe := module.provenance().get("nfe")) is not None:
        return n / size * float(nfe) * seconds_per_step / 3
    some = min(n, size)
    with module.averaged(), torch.no_grad():
        begin = time.perf_counter()
        module.sample(some)
        return (time.perf_counter() - begin) * n / some


class _Ticks(pl.Callback):
    """Notes when batches end; stops a training after a few. Its limits are the real ones, as schedules follow them."""

    def __init__(self) -> None:
        self._ends: list[float] = []

    def on_train_start(self, trainer: pl.Trainer, *_: Any) -> None:
        self._begin = time.perf_counter()

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        if trainer.strategy.root_device.type == "cuda":
            torch.cuda.synchronize()
        self._ends.append(time.perf_counter())
        late = len(self._ends) > 1 and self._ends[-1] - self._begin > _PATIENCE_SECONDS
        if late or len(self._ends) == _STEPS:
            trainer.should_stop = True

    @property
    def seconds_per_step(self) -> float:
        ends = self._ends if len(self._ends) > 1 else [self._begin, *self._ends]
        return statistics.median(b - a for a, b in pairwise(ends))


def on_meta(cfg: DictConfig) -> Any:
    allowed = list(cfg.get("allow_targets") or [])
    try:
        with torch.device("meta"):
            return build(cfg.model, allowed)
    except Exception:  # a constructor that computes with its numbers; what it raises on real ones is the user's
        return build(cfg.model, allowed)


def targets(node: Any) -> Iterator[str]:
    """Every `_target_` in a plain config, at any depth."""
    if isinstance(node, dict):
        if "_target_" in node:
            yield str(node["_target_"])
        for child in node.values():
            yield from targets(child)
    elif isinstance(node, list):
        for child in node:
            yield from targets(child)
