"""One pass over a model: whatever metrics share is made once, when the first of them asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genlab.data.pixels import to_model, to_uint8
from genlab.metrics.extractors.extractor import Activations, Extractor, Report, concatenated
from genlab.metrics.reference import Data, Reference, Split, reference
from genlab.metrics.source import Source, model_provenance


class Evaluation:
    """What metrics look at: samples through extractors, reconstructions, and the reference.

    Args:
        module: the model, already with the weights that are scored, or None when only pictures are.
        source: the pictures to score, or None when the model draws none.
        extractors: all that will be asked for: samples are drawn once, and features are all that is kept of them.
        keep_pixels: whether the samples themselves are kept too, as uint8.
    """

    def __init__(
        self, module: Any, source: Source | None, data: Data, *, extractors: list[Extractor], keep_pixels: bool,
        n_samples: int, batch_size: int, seed: int, split: Split, cache_dir: Path, report: Report = None,
    ) -> None:  # fmt: skip
        self.module = module
        self.source = source
        self.data = data
        self.batch_size = batch_size
        self.n_samples = n_samples
        self.seed = seed
        self.split = split
        self._extractors = extractors
        self._keep_pixels = keep_pixels
        self._cache_dir = cache_dir
        self._report = report
        self._device = getattr(module, "device", torch.device("cpu"))
        self._activations: dict[str, Activations] = {}
        self._pixels: Tensor | None = None
        self._labels: Tensor | None = None
        self._drawn = False
        self._reconstructed: tuple[Tensor, Tensor] | None = None
        self._references: dict[tuple[str, str], Reference] = {}

    # ---- samples ------------------------------------------------------------------------------------

    def activations(self, extractor: Extractor) -> Activations:
        """What `extractor` sees in the samples."""
        self._draw()
        return self._activations[extractor.name]

    def pixels(self) -> Tensor:
        """(n, channel, height, width) uint8 samples; a metric that asks has "pixels" among its needs."""
        self._draw()
        if self._pixels is None:
            raise RuntimeError("the samples were not kept: the metric must name pixels among its needs")
        return self._pixels

    def labels(self) -> Tensor | None:
        """(n,) classes that the samples were asked to be of."""
        self._draw()
        return self._labels

    def _draw(self) -> None:
        if self._drawn:
            return
        if self.source is None:
            raise RuntimeError("nothing draws samples here")
        for extractor in self._extractors:
            extractor.prepare(self.data, self._device, self._report)
        seen: dict[str, list[Activations]] = {extractor.name: [] for extractor in self._extractors}
        pixels, labels, done = [], [], 0
        for batch in self.source.batches(self.batch_size):
            for extractor in self._extractors:
                seen[extractor.name].append(extractor(batch.pixels))
            if self._keep_pixels:
                pixels.append(batch.pixels.cpu())
            if batch.labels is not None:
                labels.append(batch.labels.cpu())
            done += len(batch.pixels)
            self._tell("samples", done, self.source.n)
        self._activations = {name: concatenated(parts) for name, parts in seen.items()}
        self._pixels = torch.cat(pixels) if pixels else None
        self._labels = torch.cat(labels) if labels else None
        self._drawn = True

    def sampled_provenance(self, extractor: Extractor | None = None) -> dict[str, Any]:
        """How the samples are made, and how `extractor` looks at them."""
        made = self.source.provenance() if self.source is not None else {}
        return {**made, **(extractor.provenance() if extractor is not None else {})}

    # ---- real data ----------------------------------------------------------------------------------

    def reference(self, extractor: Extractor, split: Split | None = None) -> Reference:
        """What `extractor` sees in real data: `split`, or the one that this evaluation scores against."""
        split = split or self.split
        key = extractor.name, split
        if key not in self._references:
            extractor.prepare(self.data, self._device, self._report)
            self._references[key] = reference(extractor, self.data, split, self._cache_dir, self._report)
        return self._references[key]

    # ---- reconstructions ----------------------------------------------------------------------------

    def reconstructions(self) -> tuple[Tensor, Tensor]:
        """(real, reconstructed): the first n_samples pictures of the split, (n, channel, height, width) uint8."""
        if self._reconstructed is None:
            images, labels = self.data.images(self.split)
            images = images[: self.n_samples]
            conditional = bool(getattr(self.module, "num_classes", None)) and labels is not None
            parts = []
            for start in range(0, len(images), self.batch_size):
                stop = start + self.batch_size
                condition = labels[start:stop].to(self._device) if conditional and labels is not None else None
                x = to_model(images[start:stop].to(self._device))
                parts.append(to_uint8(self.module.reconstruct(x, condition)).cpu())
                self._tell("reconstructions", min(stop, len(images)), len(images))
            self._reconstructed = images.cpu(), torch.cat(parts)
        return self._reconstructed

    def reconstructed_provenance(self) -> dict[str, Any]:
        """How the reconstructions are made."""
        images, _ = self.reconstructions()
        reference = {"reference": f"{self.data.name}/{self.split}", "reference_n": len(images)}
        return {"weights": model_provenance(self.module).get("weights", "raw"), **reference}

    def _tell(self, what: str, done: int, total: int) -> None:
        if self._report is not None:
            self._report(what, done, total)
