"""What must hold between the values of a config, beyond each value's own range.

A rule reads the composed config and yields one sentence for each violation. It runs before anything heavy is
imported, and stays silent where the config has no such keys. What it reads may be of another type than it should be:
that has been reported already, and an exception that comes of it is no matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import InterpolationToMissingValueError

from genlab.config.places import OWN_FOLDERS
from genlab.config.signatures import takes_parameter
from genlab.config.stages import stages_are_described, stages_are_used

Rule = Callable[[DictConfig], Iterator[str]]


def _get(cfg: DictConfig, key: str) -> Any:
    try:
        return OmegaConf.select(cfg, key, throw_on_missing=False)
    except InterpolationToMissingValueError:
        return None  # what is missing is reported where it is


def _are_numbers(*values: Any) -> bool:
    """A value of another type has been reported already."""
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def parts_are_there(cfg: DictConfig) -> Iterator[str]:
    """What every run is made of is not taken out of its config."""
    for key in ("dataset", "dataset.source", "model", "trainer"):
        above, _, last = key.rpartition(".")
        parent = _get(cfg, above) if above else cfg
        if isinstance(parent, DictConfig) and last in parent and not isinstance(_get(parent, last), DictConfig):
            value = _get(parent, last)
            yield f"{key} = {'null' if value is None else value} must be a part, with a _target_"


def betas_rise(cfg: DictConfig) -> Iterator[str]:
    """A noise schedule's beta grows."""
    start, end = _get(cfg, "scheduler.beta_start"), _get(cfg, "scheduler.beta_end")
    if _are_numbers(start, end) and start > end:
        yield f"scheduler.beta_start = {start} must not exceed scheduler.beta_end = {end}"


def size_halves(cfg: DictConfig) -> Iterator[str]:
    """The image's side can be halved as often as the network does: `halvings`, `levels`, or one list entry a level."""
    size, channels = _get(cfg, "dataset.size"), _get(cfg, "network.block_out_channels")
    halvings = _get(cfg, "network.halvings")
    if halvings is None:
        halvings = _get(cfg, "network.levels")
    if halvings is None and isinstance(channels, ListConfig):
        halvings = len(channels) - 1
    if halvings is None and isinstance(widths := _get(cfg, "network.widths"), ListConfig):
        halvings = len(widths)
    if not _are_numbers(size, halvings) or halvings < 1:
        return
    if halvings > _MOST_HALVINGS:
        yield f"dataset.size = {size} cannot be halved {halvings} times by the network"
    elif size % 2**halvings:
        yield (
            f"dataset.size = {size} cannot be halved {halvings} times by the network: "
            f"take a multiple of {2**halvings}, such as {max(1, round(size / 2**halvings)) * 2**halvings}"
        )


_MOST_HALVINGS = 30


def steps_fit(cfg: DictConfig) -> Iterator[str]:
    """A sampler on a discrete schedule has no more steps than the schedule."""
    steps, trained = _get(cfg, "sampler.steps"), _get(cfg, "scheduler.train_timesteps")
    if _are_numbers(steps, trained) and steps > trained:
        yield f"sampler.steps = {steps} must not exceed scheduler.train_timesteps = {trained}"


def guidance_knows_no_condition(cfg: DictConfig) -> Iterator[str]:
    """Guidance that compares with the estimate without a condition needs a model that was trained without one, too."""
    guidance = _get(cfg, "guidance")
    scales = [node.get("scale") for node in _parts(guidance) if str(node.get("_target_")).endswith(".ClassifierFree")]
    if all(scale == 1 for scale in scales) or _get(cfg, "conditioner") is None:
        return
    dropouts = [part.dropout for part in _parts(cfg.conditioner) if "dropout" in part]
    if not dropouts:
        yield "guidance compares with and without a condition, and this model has none: take guidance=none"
    elif not any(dropouts):
        yield (
            "guidance compares with and without a label, and this model always sees one: train it with "
            "conditioner.dropout greater than 0, such as 0.1, or take guidance=none"
        )


def colour_has_channels(cfg: DictConfig) -> Iterator[str]:
    """A colour to be guided to has a value for each channel."""
    colour, channels = _get(cfg, "guidance.loss.colour"), _get(cfg, "dataset.channels")
    if isinstance(colour, ListConfig) and _are_numbers(channels) and len(colour) != channels:
        yield f"guidance.loss.colour = {list(colour)} has {len(colour)} values, and the pictures {channels} channels"


def _parts(node: Any) -> Iterator[DictConfig]:
    """A part and those that it holds."""
    if isinstance(node, DictConfig):
        yield node
        for key in node:
            yield from _parts(_get(node, str(key)))
    elif isinstance(node, ListConfig):
        for child in node:
            yield from _parts(child)


def variance_has_channels(cfg: DictConfig) -> Iterator[str]:
    """A network that learns variances has twice the channels of the data."""
    channels, out = _get(cfg, "dataset.channels"), _get(cfg, "network.out_channels")
    target = str(_get(cfg, "parameterization._target_"))
    is_one = _get(cfg, "network.networks") is None  # a mixture of experts has them further down
    if target.endswith(".LearnedVariance") and is_one and _are_numbers(channels) and out != 2 * channels:
        yield (
            f"parameterization=learned_variance needs a network of twice the data's {channels} channels, for the noise "
            f"and its variance: give +network.out_channels={2 * channels}"
        )


def conditional_has_classes(cfg: DictConfig) -> Iterator[str]:
    """A class-conditional model needs a data set with classes."""
    needs = [
        key
        for key in ("conditioner", "network", "model")
        if isinstance(node := _get(cfg, key), DictConfig)
        and "num_classes" in node
        and OmegaConf.is_interpolation(node, "num_classes")
    ]
    source = _get(cfg, "dataset.source")
    path_is_missing = isinstance(source, DictConfig) and OmegaConf.is_missing(source, "path")  # which is said already
    if needs and _get(cfg, "dataset") and _get(cfg, "dataset.num_classes") is None and not path_is_missing:
        yield (
            f"the {needs[0]} is conditioned on classes, and the data set has none: "
            f"{_why_no_classes(cfg) or 'set dataset.num_classes or take an unconditional model'}"
        )


def _why_no_classes(cfg: DictConfig) -> str | None:
    """What a person can do about a folder of pictures without classes."""
    path = _get(cfg, "dataset.source.path")
    if path is None or not str(_get(cfg, "dataset.source._target_")).endswith(".ImageFolder"):
        return None
    from genlab.data.folder import why_no_classes

    return why_no_classes(path)


def network_knows_the_classes(cfg: DictConfig) -> Iterator[str]:
    """The network is told the classes that the model's conditioner tells, or none where it tells none.

    A network that knows none is right for guidance by a classifier, which is told them instead.
    """
    conditioner = _get(cfg, "conditioner")
    elsewhere = any(str(part.get("_target_")).endswith(".LabelLoss") for part in _parts(_get(cfg, "guidance")))
    trains = _get(cfg, "train") is not None  # a finished run may be drawn from without its guidance
    told = _get(cfg, "model.num_classes")
    if isinstance(conditioner, DictConfig):
        told = next((n for part in _parts(conditioner) if (n := part.get("num_classes")) is not None), None)
    for key, network in _networks(cfg):
        takes = takes_parameter(str(network["_target_"]), "num_classes")
        known = network.get("num_classes")
        if told is None and known is not None:
            yield (
                f"{key}.num_classes = {known}, and the model is unconditional: give {key}.num_classes=null, or take a "
                "model that is conditioned on classes"
            )
        elif isinstance(conditioner, DictConfig) and told is not None and known is None:
            if elsewhere or not trains:
                continue
            name = str(network["_target_"]).rpartition(".")[2]
            remedy = f"give {key}.num_classes={told}" if takes else f"{name} knows no class: take another network"
            yield f"the model is conditioned on {told} classes, and its network on none: {remedy}, or conditioner=none"
        elif isinstance(conditioner, DictConfig) and known != told:
            yield f"{key}.num_classes = {known} must be the model's number of classes, {told}"


def _networks(cfg: DictConfig) -> Iterator[tuple[str, DictConfig]]:
    """The networks that classes are told to, with their keys: of a mixture of experts, each."""
    network = _get(cfg, "network")
    if not isinstance(network, DictConfig) or "_target_" not in network or network.get("_partial_"):
        return  # what is partial gets its classes from the model
    if isinstance(experts := network.get("networks"), ListConfig):
        written = [(i, n) for i, n in enumerate(experts) if not OmegaConf.is_interpolation(experts, i)]
        yield from ((f"network.networks[{i}]", n) for i, n in written if isinstance(n, DictConfig))
    elif str(network["_target_"]).startswith("genlab.networks.") and "network" not in network:
        yield "network", network


def has_weights(cfg: DictConfig) -> Iterator[str]:
    """Without a training there are weights to score."""
    if _get(cfg, "train") is False and _get(cfg, "ckpt_path") is None and _get(cfg, "init_from") is None:
        yield (
            "train = false, and there are no weights to score: give ckpt_path=FILE, or score a run again by "
            "genlab evaluate run=..."
        )


def classes_exist(cfg: DictConfig) -> Iterator[str]:
    """`dataset.classes` names classes of the data; a class-conditional model has pictures of each of its classes."""
    chosen, classes = _get(cfg, "dataset.classes"), _get(cfg, "dataset.num_classes")
    if chosen is None:
        return
    labels = list(chosen) if isinstance(chosen, ListConfig) else [chosen]
    named = f"dataset.classes = {labels if isinstance(chosen, ListConfig) else chosen}"
    if classes is None:
        yield f"{named}: the data set's labels are not used; give dataset.num_classes"
    elif not labels or any(not _are_numbers(n) or not 0 <= n < classes for n in labels):
        yield f"{named} must be one of the data's classes, 0 to {classes - 1}, or a list of some of them"
    elif len(set(labels)) < classes and any(
        _get(cfg, f"{part}.num_classes") for part in ("model", "network", "conditioner")
    ):
        yield f"{named} leaves classes without a picture, and the model is conditioned on all {classes} of them"


def every_class_can_be_trained(cfg: DictConfig) -> Iterator[str]:
    """A class-conditional model gets a picture of each class at least."""
    size, classes = _get(cfg, "dataset.train_size"), _get(cfg, "dataset.num_classes")
    conditional = any(_get(cfg, f"{part}.num_classes") for part in ("model", "network", "conditioner"))
    chosen = _get(cfg, "dataset.classes")
    if chosen is None and conditional and _are_numbers(size, classes) and 0 < size < classes:
        yield (
            f"dataset.train_size = {size} leaves classes without a picture, and the model is conditioned on all "
            f"{classes} of them"
        )


def label_exists(cfg: DictConfig) -> Iterator[str]:
    """`label=` of the command sample names a class of the data."""
    label, classes = _get(cfg, "label"), _get(cfg, "dataset.num_classes")
    if not _are_numbers(label):
        return
    if classes is None:
        yield f"label = {label}: the data set has no classes"
    elif _are_numbers(classes) and not 0 <= label < classes:
        yield f"label = {label} must be one of the data's classes, 0 to {classes - 1}"


def trains_long_enough(cfg: DictConfig) -> Iterator[str]:
    """A training has an end."""
    epochs, steps = _get(cfg, "trainer.max_epochs"), _get(cfg, "trainer.max_steps")
    if epochs in (None, -1) and steps in (None, -1) and _get(cfg, "trainer.max_time") is None and _get(cfg, "trainer"):
        yield "trainer.max_epochs = -1 never ends: give trainer.max_epochs, trainer.max_steps or trainer.max_time"


def names_stay_inside(cfg: DictConfig) -> Iterator[str]:
    """Names that become folders cannot leave theirs, nor be one that the store has for something else."""
    if _get(cfg, "task_name") in OWN_FOLDERS:
        yield f"task_name = {cfg.task_name!r} is a folder of the store's own, with no runs in it: take another name"
    for key in ("task_name", "sweep"):
        name = _get(cfg, key)
        if name is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", str(name)):
            yield f"{key} = {name!r} must be letters, digits, '.', '_' and '-', at most 64, a letter or digit first"


def parts_are_used(cfg: DictConfig) -> Iterator[str]:
    """A part that is chosen is used by the model: no sampler for a model without one."""
    text = str(OmegaConf.to_container(cfg, resolve=False))
    for group in ("network", "scheduler", "parameterization", "sampler", "guidance", "conditioner", "codec"):
        if cfg.get(group) is not None and f"${{{group}}}" not in text and f"${{{group}." not in text:
            model = str(_get(cfg, "model._target_")).rpartition(".")[2]
            yield f"{group} is given, but the model ({model}) uses none"


RULES: tuple[Rule, ...] = (
    parts_are_there,
    betas_rise,
    size_halves,
    steps_fit,
    guidance_knows_no_condition,
    colour_has_channels,
    variance_has_channels,
    conditional_has_classes,
    network_knows_the_classes,
    has_weights,
    classes_exist,
    every_class_can_be_trained,
    label_exists,
    trains_long_enough,
    names_stay_inside,
    parts_are_used,
    stages_are_described,
    stages_are_used,
)
