"""One pass over a model: whatever metrics share is made once, when the first of them asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

from genlab.metrics.cache import digest
from genlab.metrics.extractors.extractor import Activations, Extractor, Report
from genlab.metrics.reference import Data, Reference, Split
from genlab.metrics.sampling import Drawn, SamplingCost, draw, kept
from genlab.metrics.source import Source, model_provenance

T = TypeVar("T")


class Plan(NamedTuple):
    """How much is looked at, and what is kept."""

    n_samples: int
    batch_size: int
    seed: int
    split: Split
    cache_dir: Path
    extractors: list[Extractor]
    """All that will be asked for: samples are drawn once, and features are all that is kept of them."""

    keep_pixels: bool = False
    """Whether the samples themselves are kept for the metrics, as the data are stored."""

    keep_features: bool = False
    """Whether features are kept in `out_dir`, and samples drawn only when they are not there."""

    out_dir: Path | None = None
    """Where metrics put pictures."""

    device: torch.device = torch.device("cpu")
    """Where the model and the extractors work."""


class Evaluation:
    """What metrics look at: samples through extractors, reconstructions, and the reference.

    Args:
        module: the model, already with the weights that are scored, or None when only pictures are.
        source: the pictures to score, or None when the model draws none.
    """

    def __init__(self, module: Any, source: Source | None, data: Data, plan: Plan, report: Report = None) -> None:
        self.module = module
        self.source = source
        self.data = data
        self.plan = plan
        self.n_samples, self.batch_size, self.seed, self.split = plan.n_samples, plan.batch_size, plan.seed, plan.split
        self.out_dir = plan.out_dir
        self.device = plan.device
        self.broken: Exception | None = None
        """What ended the drawing of samples or reconstructions: no fault of the metric that asked for them."""
        self._report = report
        self._drawn: Drawn | None = None
        self._reconstructed: tuple[Tensor, Tensor] | None = None
        self._once: dict[str, Any] = {}
        self._references: dict[tuple[str, str], Reference] = {}

    # ---- samples ------------------------------------------------------------------------------------

    def activations(self, extractor: Extractor) -> Activations:
        """What `extractor` sees in the samples."""
        return self._draw().activations[extractor.name]

    def pixels(self) -> Tensor:
        """(n, *shape) samples as the data are stored; a metric that asks has "pixels" among its needs."""
        pixels = self._draw().pixels
        assert pixels is not None, "a metric that looks at samples names pixels among its needs"
        return pixels

    def labels(self) -> Tensor | None:
        """(n,) classes that the samples have to be of."""
        return self._draw().labels

    def captions(self, template: str) -> list[str]:
        """The text that each sample is meant to show: its caption, or `template` with the name of its class."""
        if (captions := getattr(self.source, "captions", None)) is not None:
            return list(captions)
        labels, names = self.labels(), getattr(self.data, "class_names", None)
        assert labels is not None, "a metric of captions names them among its needs"
        assert names is not None, "a metric of captions names them among its needs"
        return [template.format(names[label]) for label in labels.tolist()]

    def spent(self) -> SamplingCost:
        """What drawing cost; a metric that asks has "timing" among its needs."""
        spent = self._draw().spent
        assert spent is not None, "a metric of costs names timing among its needs"
        return spent

    def _draw(self) -> Drawn:
        if self._drawn is None:
            assert self.source is not None, "a metric of samples names them among its needs"
            source, plan = self.source, self.plan
            for extractor in plan.extractors:
                extractor.prepare(self.data, self.device, self._report)

            def make() -> Drawn:
                return draw(source, plan.extractors, plan.batch_size, self.device, plan.keep_pixels, self._report)

            with self._by_the_model():
                if plan.keep_features and plan.out_dir is not None and hasattr(self.module, "state_dict"):
                    self._drawn = kept(plan.out_dir / "features", self.module, source, plan.extractors, make)
                else:
                    self._drawn = make()
        return self._drawn

    def samples_made(self) -> dict[str, Any]:
        """How the samples are made: for `Score.made`."""
        return self.source.provenance() if self.source is not None else {}

    # ---- real data ----------------------------------------------------------------------------------

    def reference(self, extractor: Extractor, split: Split | None = None) -> Reference:
        """What `extractor` sees in real data: `split`, or the one that this evaluation scores against."""
        split = split or self.split
        key = extractor.name, split
        if key not in self._references:
            extractor.prepare(self.data, self.device, self._report)
            self._references[key] = Reference(extractor, self.data, split, self.plan.cache_dir, self._report)
        return self._references[key]

    def real(self) -> tuple[Tensor, Tensor | None]:
        """The first n_samples items of the split, (n, *shape) as they are stored, and the labels that the model
        is to be given with them, if it takes any."""
        images, labels = self.data.items(self.split)
        conditional = bool(getattr(self.module, "num_classes", None)) and labels is not None
        return images[: self.n_samples], labels[: self.n_samples] if conditional and labels is not None else None

    def real_measured(self) -> dict[str, Any]:
        """Which real pictures something is made of: for `Score.measured`."""
        images, _ = self.real()
        real = {"reference": f"{self.data.name}/{self.split}", "reference_sha256": digest(images)}
        return {**real, "reference_n": len(images)}

    def real_made(self) -> dict[str, Any]:
        """How it is made of them: for `Score.made`."""
        return {"weights": model_provenance(self.module).get("weights", "raw")}

    # ---- reconstructions ----------------------------------------------------------------------------

    def reconstructions(self) -> tuple[Tensor, Tensor]:
        """(real, reconstructed): both (n, *shape) as the data are stored."""
        if self._reconstructed is None:
            images, labels = self.real()
            parts = []
            for start in range(0, len(images), self.batch_size):
                rows = slice(start, start + self.batch_size)
                condition = None if labels is None else labels[rows].to(self.device)
                x = self.data.modality.to_model(images[rows].to(self.device))
                with self._by_the_model():
                    made = self.module.reconstruct(x, condition)
                    parts.append(self.data.modality.to_stored(made, "reconstructions").cpu())
                self.tell("reconstructions", min(rows.stop, len(images)), len(images))
            self._reconstructed = images.cpu(), torch.cat(parts)
        return self._reconstructed

    @contextmanager
    def _by_the_model(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.broken = error
            raise

    def once(self, key: str, make: Callable[[], T]) -> T:
        """What `make` gives, computed for the first metric that asks under `key`."""
        if key not in self._once:
            self._once[key] = make()
        value: T = self._once[key]
        return value

    def tell(self, what: str, done: int, total: int) -> None:
        """Report progress, where anybody listens."""
        if self._report is not None:
            self._report(what, done, total)
