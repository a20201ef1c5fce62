"""Samples, looked at once by every extractor while they are drawn."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from genlab.metrics.cache import cached, digest
from genlab.metrics.extractors.extractor import Activations, Extractor, Gathering, Report
from genlab.metrics.source import Source


class SamplingCost(NamedTuple):
    """What drawing cost."""

    seconds_per_image: Tensor
    """(batches,), without the first batch, which warms up, where there are more."""

    bytes_per_image: float | None
    """Peak of allocated memory above what was allocated before, on CUDA."""

    device: str


class Drawn(NamedTuple):
    """What is kept of the samples."""

    activations: dict[str, Activations]
    """By the name of the extractor."""

    pixels: Tensor | None
    """(n, *shape) as the data are stored, where a metric needs them."""

    labels: Tensor | None
    """(n,) classes that were asked for."""

    spent: SamplingCost | None
    """None when they were kept from an earlier drawing."""


def draw(
    source: Source,
    extractors: list[Extractor],
    batch_size: int,
    device: torch.device,
    keep_pixels: bool,
    report: Report,
) -> Drawn:
    """Go through `source` once. `extractors` are prepared; whatever is kept is on the CPU."""
    gatherings = {extractor.name: Gathering(source.n) for extractor in extractors}
    pixels, labels, seconds, done, peak = [], [], [], 0, 0.0
    batches = iter(source.batches(batch_size))
    while True:
        before = _start(device)
        batch = next(batches, None)
        if batch is None:
            break
        elapsed, allocated = _stop(device, before)
        n = len(batch.pixels)
        seconds.append(elapsed / n)
        peak = max(peak, allocated / n)
        for extractor in extractors:
            gatherings[extractor.name].add(extractor(batch.pixels))
        if keep_pixels:
            pixels.append(batch.pixels.cpu())
        if batch.labels is not None:
            labels.append(batch.labels.cpu())
        done += n
        if report is not None:
            report("samples", done, source.n)
    spent = SamplingCost(
        torch.tensor(seconds[1:] or seconds), peak if device.type == "cuda" else None, _describe(device)
    )
    return Drawn(
        {name: gathering.result() for name, gathering in gatherings.items()},
        torch.cat(pixels) if pixels else None, torch.cat(labels) if labels else None, spent,
    )  # fmt: skip


def _start(device: torch.device) -> tuple[float, int]:
    if device.type != "cuda":
        return time.perf_counter(), 0
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    return time.perf_counter(), torch.cuda.memory_allocated(device)


def _stop(device: torch.device, before: tuple[float, int]) -> tuple[float, int]:
    if device.type != "cuda":
        return time.perf_counter() - before[0], 0
    torch.cuda.synchronize(device)
    return time.perf_counter() - before[0], torch.cuda.max_memory_allocated(device) - before[1]


def _describe(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type}, {torch.get_num_threads()} threads"


def kept(folder: Path, module: Any, source: Source, extractors: list[Extractor], make: Callable[[], Drawn]) -> Drawn:
    """What `make` draws, activations and labels only, kept in `folder` and taken from there the next time.

    The file's name is a digest of the module's weights, of how the samples are made, and of the extractors.
    """
    made = json.dumps(source.provenance(), sort_keys=True, default=str)
    weights = [part for name, value in sorted(module.state_dict().items()) for part in (name, value)]
    looks = [part for extractor in extractors for part in (extractor.name, extractor.sha256, extractor.resize)]
    path = folder / f"{digest(made, str(source.n), *looks, *weights)[:16]}.safetensors"
    stored = cached(path, lambda: _named(make()))
    activations = {
        extractor.name: Activations(stored[f"{extractor.name}.features"], stored.get(f"{extractor.name}.logits"))
        for extractor in extractors
    }
    return Drawn(activations, None, stored.get("labels"), None)


def _named(drawn: Drawn) -> dict[str, Tensor]:
    named = {"labels": drawn.labels}
    for name, activations in drawn.activations.items():
        named |= {f"{name}.features": activations.features, f"{name}.logits": activations.logits}
    return {name: tensor for name, tensor in named.items() if tensor is not None}
