"""What must hold between the values of a config, beyond each value's own range.

A rule is a function `(cfg: DictConfig) -> Iterator[str]` that yields one sentence for each violation. It runs before
anything heavy is imported, stays silent where the config has no such keys, and never raises: what it reads may be
missing, or of another type than it should be, which is reported elsewhere (see `config.lookup`).

Rules that speak of parts of one kind lie in `rules.py` of their package, and are found there. Here are those that are
nobody's; those of the models that a config stands on are in `config/stages.py`.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

import genlab
from genlab.config import stages
from genlab.config.lookup import get, parts
from genlab.config.places import OWN_FOLDERS
from genlab.foreign_folder import found, weight_files

Rule = Callable[[DictConfig], Iterator[str]]


@cache
def rules() -> tuple[Rule, ...]:
    """All rules: these, and those of the packages, in the order of their names."""
    packages = sorted(path.parent.name for path in Path(genlab.__file__).parent.glob("*/rules.py"))
    others = [importlib.import_module(f"genlab.{package}.rules") for package in packages if package != "config"]
    functions = [function for module in (sys.modules[__name__], stages, *others) for function in vars(module).values()]
    return tuple(dict.fromkeys(function for function in functions if _is_rule(function)))


def _is_rule(function: object) -> bool:
    """Whether a function is a rule, by its annotations: they are texts where a module puts off their evaluation."""
    if not inspect.isfunction(function):
        return False
    annotations = {name: getattr(what, "__name__", str(what)) for name, what in function.__annotations__.items()}
    return annotations == {"cfg": "DictConfig", "return": "Iterator[str]"} and not function.__name__.startswith("_")


def parts_are_there(cfg: DictConfig) -> Iterator[str]:
    """What every run is made of is not taken out of its config."""
    for key in ("dataset", "dataset.source", "model", "trainer"):
        above, _, last = key.rpartition(".")
        parent = get(cfg, above) if above else cfg
        if isinstance(parent, DictConfig) and last in parent and not isinstance(get(parent, last), DictConfig):
            value = get(parent, last)
            yield f"{key} = {'null' if value is None else value} must be a part, with a _target_"


def has_weights(cfg: DictConfig) -> Iterator[str]:
    """Without a training there are weights to score."""
    if get(cfg, "train") is False and get(cfg, "ckpt_path") is None and get(cfg, "init_from") is None:
        yield (
            "train = false, and there are no weights to score: give ckpt_path=FILE, or score a run again by "
            "genlab evaluate run=..."
        )


def trains_long_enough(cfg: DictConfig) -> Iterator[str]:
    """A training has an end. The config of an evaluation has a trainer, too, and no callbacks."""
    if "callbacks" not in cfg:
        return
    epochs, steps = get(cfg, "trainer.max_epochs"), get(cfg, "trainer.max_steps")
    others = [get(cfg, key) for key in ("trainer.max_time", "callbacks.budget")]
    if epochs in (None, -1) and steps in (None, -1) and others == [None, None] and get(cfg, "trainer"):
        yield (
            "trainer.max_epochs = -1 never ends: give trainer.max_epochs, trainer.max_steps, trainer.max_time or "
            "callbacks=budget"
        )


def names_stay_inside(cfg: DictConfig) -> Iterator[str]:
    """Names that become folders cannot leave theirs, nor be one that the store has for something else."""
    task = get(cfg, "task_name")
    if isinstance(task, str) and task in OWN_FOLDERS:
        yield f"task_name = {task!r} is a folder of the store's own, with no runs in it: take another name"
    for key in ("task_name", "sweep"):
        name = get(cfg, key)
        if name is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", str(name)):
            yield f"{key} = {name!r} must be letters, digits, '.', '_' and '-', at most 64, a letter or digit first"


def folders_are_there(cfg: DictConfig) -> Iterator[str]:
    """A part that is read from a folder finds it (see from_folder.py)."""
    for key, part in (one for root in map(str, cfg) for one in parts(cfg, root)):
        if "sha256" in part and isinstance(folder := get(part, "folder"), str):
            try:
                weight_files(found(folder))
            except ValueError as error:
                yield f"{key}.folder: {error}"


_GROUPS = (
    "network", "scheduler", "parameterization", "sampler", "guidance", "conditioner", "text", "codec", "generator",
    "discriminator", "loss", "augmentation",
)  # fmt: skip
"""Of parts that a model is made of, all or some."""


def parts_are_used(cfg: DictConfig) -> Iterator[str]:
    """A part that is chosen is used by the model: no sampler for a model without one."""
    try:
        text = str(OmegaConf.to_container(cfg, resolve=False))
    except OmegaConfBaseException:
        return
    for group in _GROUPS:
        if get(cfg, group) is not None and f"${{{group}}}" not in text and f"${{{group}." not in text:
            model = str(get(cfg, "model._target_")).rpartition(".")[2]
            yield f"{group} is given, but the model ({model}) uses none"
