"""The root of a composed config: its keys and their types."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from omegaconf import MISSING


@dataclass
class Paths:
    """Where things lie. None of it decides a result."""

    output_dir: str = "outputs"
    data_dir: str = MISSING
    weights_dir: str = MISSING
    run_dir: str = ""
    """Set when the run's folder is known."""
    first_stage: str | None = None
    """Set when the weights of a model's first stage are known."""


@dataclass
class Root:
    """Keys of `genlab train`. A group is a part with a `_target_`, or names of parts."""

    task_name: str = "train"
    seed: int = 0
    tags: list[str] = field(default_factory=list)
    train: bool = True
    test: bool = True
    """Sample and score after training."""
    ckpt_path: str | None = None
    """A checkpoint to begin from (train=true) or to score (train=false)."""
    force: bool = False
    """Run again beside a completed run of the same config."""
    restart: bool = False
    """Begin again at step 0 where a run's checkpoints are damaged or gone; from a whole one it goes on all the same."""
    retries: int = 1
    """How often a failed run is tried again when it is asked for again."""
    sweep: str | None = None
    """Name of the sweep, for its folder and its W&B group."""
    rows: str | None = None
    """A YAML file with a list of rows, each a mapping of overrides: a sweep over rows instead of a grid."""
    allow_targets: list[str] = field(default_factory=list)
    """Names outside the allow-list that this config may build."""

    dataset: Any = None
    model: Any = None
    optimizer: Any = None
    trainer: Any = None
    callbacks: Any = None
    metrics: Any = None
    logger: Any = None
    paths: Paths = field(default_factory=Paths)

    network: Any = None
    scheduler: Any = None
    parameterization: Any = None
    sampler: Any = None
    guidance: Any = None
    objective: Any = None
    conditioner: Any = None
    codec: Any = None
    extractor: Any = None
    extractors: Any = None
    """Those that a suite of metrics brings along, by name; `extractor` is the one that the user picks."""
    first_stage: Any = None
    """The recipe of the model that this one stands on: see commands/first_stage.py."""


ROOT_KEYS = tuple(f.name for f in fields(Root))


def register() -> None:
    """Put the schema where configs find it: `defaults: [schema]`."""
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(name="schema", node=Root)
