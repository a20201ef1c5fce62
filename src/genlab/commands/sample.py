"""genlab sample: pictures from a trained model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from genlab.config.app import App, run_app
from genlab.config.check import check
from genlab.config.errors import ConfigError, nearest
from genlab.config.of_run import find_run, offer, wants_run

_KEYS = ("run", "checkpoint", "n", "label", "out", "format", "batch_size")


def main(argv: list[str]) -> int:
    """Draw pictures from a run into a PNG grid or a folder of PNG files."""
    run = find_run(argv) if wants_run(argv) else None
    offer(run, argv)
    run_app("sample", App(task=lambda cfg: sample(cfg, run), check=_check), argv)
    return 0


def _check(cfg: DictConfig) -> None:
    problems = [f"{key} = {cfg[key]!r} must be 1 or more" for key in ("n", "batch_size") if not _is_count(cfg[key])]
    if cfg.format not in ("grid", "folder"):
        problems.append(f"format = {cfg.format!r} must be grid or folder{nearest(str(cfg.format), ('grid', 'folder'))}")
    if problems:
        raise ConfigError(problems)
    check(cfg, extra=_KEYS)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def sample(cfg: DictConfig, run: Any) -> Path:
    """Draw `n` pictures; picture i depends on (seed, i) alone. Returns where they are."""
    _check(cfg)
    import torch

    from genlab.data.pixels import to_uint8
    from genlab.protocols import Samples
    from genlab.randomness import PerImage
    from genlab.reports import grids
    from genlab.runs.restore import restore
    from genlab.runs.workbench import checkpoint_of

    module: Any = restore(cfg, checkpoint_of(run, cfg.checkpoint))
    samples = isinstance(module, Samples)
    if not samples:
        raise ConfigError(f"the model of run {run.path.name} does not sample")
    if cfg.label is not None and module.num_classes is None:
        raise ConfigError(f"label = {cfg.label}: the model of run {run.path.name} is not conditioned on classes")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    module.to(device)
    labels = _labels(cfg, module.num_classes)
    parts = []
    with module.averaged(), torch.no_grad():
        for start in range(0, cfg.n, cfg.batch_size):
            stop = min(start + cfg.batch_size, cfg.n)
            given = None if labels is None else labels[start:stop].to(device)
            noise = PerImage.range(cfg.seed, start, stop, device)
            parts.append(to_uint8(module.sample(stop - start, given, generator=noise)).cpu())
    images = torch.cat(parts)
    if cfg.format == "folder":
        folder = Path(cfg.out) if cfg.out else run.samples / _stem(cfg)
        for i, image in enumerate(images):
            grids.save_png(folder / f"{i:06d}.png", image.permute(1, 2, 0).expand(-1, -1, 3).numpy())
        print(f"{len(images)} pictures in {folder}")
        return folder
    path = Path(cfg.out) if cfg.out else run.samples / f"{_stem(cfg)}.png"
    path = path if path.suffix == ".png" else path / "samples.png"
    grids.save_png(path, grids.grid(images, None if labels is None or cfg.label is not None else module.num_classes))
    print(path)
    return path


def _stem(cfg: DictConfig) -> str:
    """A file name that says what was asked for: drawn_n_64_seed_1_sampler_ddim."""
    from hydra.core.hydra_config import HydraConfig

    words = [
        str(w) for w in HydraConfig.get().overrides.task if not str(w).startswith(("run=", "out=", "format=", "paths."))
    ]
    return "_".join(["drawn", *(re.sub(r"[^A-Za-z0-9.]+", "_", word) for word in sorted(words))])[:120]


def _labels(cfg: DictConfig, num_classes: int | None) -> Any:
    import torch

    if num_classes is None:
        return None
    return torch.arange(cfg.n) % num_classes if cfg.label is None else torch.full((cfg.n,), int(cfg.label))
