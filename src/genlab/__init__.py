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

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genlab.api import TrainingFailed, compose, load, runs, train
    from genlab.errors import ConfigError

__version__ = "0.1.0"

RESULTS_VERSION = 2
"""Raised by one whenever the same config would give other numbers; part of every run's fingerprint."""

__all__ = ["ConfigError", "TrainingFailed", "compose", "load", "runs", "train"]


def __getattr__(name: str) -> Any:
    if name == "ConfigError":
        return import_module("genlab.errors").ConfigError
    if (Path(__file__).parent / name / "__init__.py").is_file():
        return import_module(f"genlab.{name}")  # runs is a package that can be called
    if name in __all__:
        return getattr(import_module("genlab.api"), name)
    raise AttributeError(f"module 'genlab' has no attribute {name!r}")


def __dir__() -> list[str]:
    packages = [path.parent.name for path in Path(__file__).parent.glob("*/__init__.py")]
    return sorted({*globals(), *__all__, *packages})
