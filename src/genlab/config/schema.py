"""The roots of composed configs: the keys of each command and their types, by which `config/check.py` checks them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from omegaconf import MISSING

from genlab.picture_size import Size
from genlab.ranges import AnyFloat, AnyInt, NonNegativeInt, Part, PositiveInt, Seed, SeveralInt


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
    stages: dict[str, Any] = field(default_factory=dict)
    """Name of a stage -> the file with its weights, set when it is known."""
    init_from: str | None = None
    """Set when the weights that a training begins from are known."""


@dataclass
class Root:
    """Keys that every config may have. A group is a part with a `_target_`, or names of parts."""

    task_name: str = "train"
    seed: Seed = 0
    tags: list[str] = field(default_factory=list)
    train: bool = True
    test: bool = True
    """Sample and score after training."""
    ckpt_path: str | None = None
    """A checkpoint to resume exactly (train=true) or to score (train=false); `init_from` takes weights alone."""
    force: bool = False
    """Run again beside a completed run of the same config."""
    restart: bool = False
    """Begin again at step 0 where a run's checkpoints are damaged or gone; from a whole one it goes on all the same."""
    retries: NonNegativeInt = 1
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
    lr_scheduler: Any = None
    """How the learning rate changes, step by step; null keeps it."""
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
    generator: Any = None
    discriminator: Any = None
    loss: Any = None
    """What the two players of an adversarial model minimise."""
    augmentation: Any = None
    """What is done to real and generated data before a discriminator sees them."""
    conditioner: Any = None
    text: Any = None
    """What reads the texts that a model is conditioned on."""
    codec: Any = None
    extractor: Any = None
    extractors: Any = None
    """Those that a suite of metrics brings along, by name; `extractor` is the one that the user picks."""
    first_stage: Any = None
    """The recipe of the model that this one stands on: the short form of one stage."""
    first_stages: Any = None
    """Name -> recipe or run of a model that this one stands on: see config/stages.py."""
    init_from: Any = None
    """The run, recipe or pipeline whose weights this training begins from: see config/stages.py."""


@dataclass
class Train(Root):
    """Keys of `genlab train`, and of every command on a run, which begins with the run's config."""

    dataset: Part = None
    model: Part = None
    optimizer: Part = None
    trainer: Part = None


@dataclass(kw_only=True)
class OfRun(Train):
    """Keys that the commands on a run share."""

    run: str | AnyInt | AnyFloat
    """A folder, a fingerprint (which may look like a number), or latest."""
    checkpoint: Literal["last", "best"]
    seed: AnyInt = 0
    """Sampling takes any number: its seeds are hashed."""


@dataclass(kw_only=True)
class Sample(OfRun):
    """Keys of `genlab sample`."""

    n: PositiveInt | None
    label: NonNegativeInt | None
    prompt: str | None
    prompts: str | None
    negative_prompt: str | None
    picture: str | None
    mask: str | None
    depth: str | None
    size: str | Size | None
    out: str | None
    format: Literal["grid", "folder", "film", "mixing", "variation", "truncation"]
    file_type: str | None
    frames: PositiveInt
    batch_size: PositiveInt


@dataclass(kw_only=True)
class Edit(OfRun):
    """Keys of `genlab edit`."""

    edit: Part
    picture: AnyInt | str
    mask: str | None
    depth: str | None
    label: NonNegativeInt | None
    prompt: str | None
    negative_prompt: str | None
    n: PositiveInt
    out: str | None


@dataclass(kw_only=True)
class Evaluate(OfRun):
    """Keys of `genlab evaluate run=`."""

    out: str | None


@dataclass(kw_only=True)
class Export(OfRun):
    """Keys of `genlab export`."""

    out: str
    format: Literal["pixels", "stable_diffusion"]


@dataclass(kw_only=True)
class Import(Train):
    """Keys of `genlab import`; the config of the run that it makes has no `folder`."""

    folder: str = MISSING


@dataclass(kw_only=True)
class EvaluateFolder(Root):
    """Keys of `genlab evaluate folder=`."""

    folder: str | AnyInt | AnyFloat
    reference: Part
    resize: Literal["crop", "pad"] | None
    captions: str | None
    range: list[AnyFloat] | None
    out: str | None


@dataclass(kw_only=True)
class Compare(Root):
    """Keys of `genlab compare`."""

    a: str | AnyInt | AnyFloat
    b: str | AnyInt | AnyFloat
    n: PositiveInt
    columns: PositiveInt
    out: str | None


@dataclass(kw_only=True)
class Plot(Root):
    """Keys of `genlab plot`."""

    plotted: Part
    scheduler: Part
    dataset: Part
    out: str | None
    pictures: PositiveInt
    columns: SeveralInt


@cache
def register() -> None:
    """Put the schema where configs find it: `defaults: [schema]`."""
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(name="schema", node=Train)
    ConfigStore.instance().store(name="schema_of_import", node=Import)
