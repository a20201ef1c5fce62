"""genlab: configuration-driven experiments with generative models.

From Python:

    cfg = genlab.compose("diffusion/ddpm_digits", "trainer.max_epochs=1")
    run = genlab.train(cfg)           # found again, if it is completed
    model = genlab.load(run)          # or "latest", a fingerprint, a folder
    model.sample(16)                  # a tensor
    genlab.runs(status="completed")   # a table of runs

A request that cannot be met is a `ConfigError`. The packages (`genlab.models`, `genlab.samplers`, ...) are tables of
contents: `genlab.models.VAE`. Nothing is imported before it is asked for.
"""

from __future__ import annotations

import os
from importlib import import_module

TYPE_CHECKING = False  # typing and pathlib take longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

    from genlab.api import TrainingFailed, compose, load, runs, train
    from genlab.errors import ConfigError

__version__ = "0.1.0"

RESULTS_VERSION = 2
"""Raised by one whenever the same config would give other numbers; part of every run's fingerprint."""

__all__ = ["ConfigError", "TrainingFailed", "compose", "load", "runs", "train"]


def __getattr__(name: str) -> Any:
    if name == "ConfigError":
        return import_module("genlab.errors").ConfigError
    if os.path.isfile(os.path.join(os.path.dirname(__file__), name, "__init__.py")):
        return import_module(f"genlab.{name}")  # runs is a package that can be called
    if name in __all__:
        return getattr(import_module("genlab.api"), name)
    raise AttributeError(f"module 'genlab' has no attribute {name!r}")


def __dir__() -> list[str]:
    folder = os.path.dirname(__file__)
    packages = [name for name in os.listdir(folder) if os.path.isfile(os.path.join(folder, name, "__init__.py"))]
    return sorted({*globals(), *__all__, *packages})
