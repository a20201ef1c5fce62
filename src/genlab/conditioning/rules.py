"""What must hold between the condition of a model, its network, and the data that give it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import DictConfig, ListConfig, OmegaConf

from genlab.annotations.declared import declared
from genlab.annotations.signatures import takes_parameter
from genlab.config.data_checksum import built
from genlab.config.lookup import get, number, parts, target, whole
from genlab.prompts import read_prompts


def conditional_has_classes(cfg: DictConfig) -> Iterator[str]:
    """A class-conditional model needs a data set with classes."""
    needs = [
        key
        for key in ("conditioner", "network", "model")
        if isinstance(node := get(cfg, key), DictConfig)
        and "num_classes" in node
        and (OmegaConf.is_interpolation(node, "num_classes") or (key == "model" and _counts_for_nothing(cfg)))
    ]
    source = get(cfg, "dataset.source")
    path_is_missing = isinstance(source, DictConfig) and OmegaConf.is_missing(source, "path")  # which is said already
    if needs and get(cfg, "dataset") and get(cfg, "dataset.num_classes") is None and not path_is_missing:
        yield (
            f"the {needs[0]} is conditioned on classes, and the data set has none: "
            f"{_why_no_classes(source) or 'set dataset.num_classes or take an unconditional model'}"
        )


def _counts_for_nothing(cfg: DictConfig) -> bool:
    """Whether the model has a number of classes of its own, and the data set says that it has none."""
    data = get(cfg, "dataset")
    return get(cfg, "model.num_classes") is not None and isinstance(data, DictConfig) and "num_classes" in data


def _why_no_classes(source: Any) -> str | None:
    """What a person can do about data without classes, where their source knows."""
    if not declared(target(source), "explains_missing_classes"):
        return None
    try:
        explanation: str | None = built(OmegaConf.to_container(source, resolve=True), Path()).why_no_classes
    except Exception:  # a source of any kind, with any values; what is wrong with it is reported elsewhere
        return None
    return explanation


def network_knows_the_classes(cfg: DictConfig) -> Iterator[str]:
    """The network takes as many classes as the model's conditioner gives, or none where it gives none.

    A network without classes is right for guidance by a classifier, which takes them instead.
    """
    conditioner = get(cfg, "conditioner")
    elsewhere = any(declared(target(part), "reads_label") for _, part in parts(cfg, "guidance"))
    trains = get(cfg, "train") is not None  # a finished run may be drawn from without its guidance
    has_conditioner = isinstance(conditioner, DictConfig)
    count = get(cfg, "model.num_classes")
    if has_conditioner:  # of several, the one that gives labels
        of_parts = [get(part, "num_classes") for _, part in parts(cfg, "conditioner")]
        count = next((n for n in of_parts if n is not None), None)
    for key, network in _networks(cfg):
        takes = takes_parameter(target(network), "num_classes")
        own = get(network, "num_classes")
        if count is None and own is not None:
            yield (
                f"{key}.num_classes = {own}, and the model is unconditional: give {key}.num_classes=null, or take a "
                "model that is conditioned on classes"
            )
        elif has_conditioner and count is not None and own is None:
            if elsewhere or not trains:
                continue
            name = target(network).rpartition(".")[2]
            remedy = f"give {key}.num_classes={count}" if takes else f"{name} knows no class: take another network"
            yield f"the model is conditioned on {count} classes, and its network on none: {remedy}, or conditioner=none"
        elif has_conditioner and own != count:
            yield f"{key}.num_classes = {own} must be the model's number of classes, {count}"


def _networks(cfg: DictConfig) -> Iterator[tuple[str, DictConfig]]:
    """The networks that get the classes, with their keys: of a mixture of experts, each."""
    network = get(cfg, "network")
    if not isinstance(network, DictConfig) or not target(network) or get(network, "_partial_"):
        return  # what is partial gets its classes from the model
    if isinstance(experts := get(network, "networks"), ListConfig):
        written = [(i, get(cfg, f"network.networks[{i}]")) for i in range(len(experts))]
        yield from (
            (f"network.networks[{i}]", n)
            for i, n in written
            if isinstance(n, DictConfig) and not OmegaConf.is_interpolation(experts, i)
        )
    elif target(network).startswith("genlab.networks.") and "network" not in network:
        yield "network", network


def second_pictures_are_there(cfg: DictConfig) -> Iterator[str]:
    """A model that goes by the data's second pictures is trained on data that have them."""
    source = get(cfg, "dataset.source")
    if get(cfg, "train") is None or not target(source).startswith("genlab."):
        return
    if get(source, "other_column") is not None or declared(target(source), "has_others"):
        return
    if "other_column" in source:
        remedy = "give dataset.source.other_column=NAME, the column that names them"
    else:
        remedy = "take dataset=image_folder with dataset.source.other_column=NAME, the column that names them"
    for key, part in parts(cfg, "conditioner"):
        if declared(target(part), "reads_others") and get(part, "estimator") is None:
            name = target(part).rpartition(".")[2]
            yield f"{key} ({name}) goes by a second picture of each, and the data have none: {remedy}"


def network_has_channels_for_pictures(cfg: DictConfig) -> Iterator[str]:
    """A network to be trained has as many `condition_channels` as the conditioner lays beside what it sees."""
    network, codec = get(cfg, "network"), get(cfg, "codec")
    of_codec = isinstance(codec, DictConfig) and "channels" in codec
    channels = whole(cfg, "codec.channels" if of_codec else "dataset.channels")
    if get(cfg, "train") is None or channels is None or not takes_parameter(target(network), "condition_channels"):
        return
    counts = {frozenset({"depth"}): 1, frozenset({"picture"}): channels, frozenset({"picture", "mask"}): 1 + channels}
    beside = {
        target(part).rpartition(".")[2]: counts.get(frozenset(declared(target(part), "asks") or ()))
        for _, part in parts(cfg, "conditioner")
        if "channels" in (declared(target(part), "gives") or ())
    }
    has = get(network, "condition_channels") or 0
    if None not in beside.values() and (needs := sum(filter(None, beside.values()))) != has:
        named = f"the conditioner ({', '.join(beside)}) lays {needs}" if beside else "the conditioner lays none"
        yield f"network.condition_channels = {has}: {named} beside what the network sees, give {needs}"


def label_exists(cfg: DictConfig) -> Iterator[str]:
    """`label=` of the command sample names a class of the data."""
    label, classes = number(cfg, "label"), get(cfg, "dataset.num_classes")
    if label is None:
        return
    if classes is None:
        yield f"label = {label}: the data set has no classes"
    elif (n := whole(cfg, "dataset.num_classes")) is not None and not 0 <= label < n:
        yield f"label = {label} must be one of the data's classes, 0 to {n - 1}"


class Asked(NamedTuple):
    """What a model can be asked for, as its config says: in the place of the model where that is not built yet."""

    asks: frozenset[str]
    """Names of the fields of `ConditionInput`."""
    num_classes: int | None


def asked_by_config(cfg: DictConfig) -> Asked | None:
    """What the model of a config can be asked for; None where its parts do not say so, and the model must be asked."""
    known = [(key, part) for key, part in parts(cfg, "conditioner") if not key.endswith(".estimator")]
    inner = [part for _, part in known if "conditioners" not in part]
    asks = [declared(target(part), "asks") for part in inner]
    if not inner or None in asks:
        return None
    if any(get(part, "estimator") is not None for part in inner):
        asks.append({"picture"})  # of which depths are estimated
    counts = (whole(part, "num_classes") for part in inner)
    return Asked(frozenset[str]().union(*asks), next((n for n in counts if n is not None), None))


_ELSEWHERE = ": use genlab edit, which changes a picture, or a part of it, with any diffusion model of pictures"


def what_is_asked_has_a_reader(cfg: DictConfig) -> Iterator[str]:
    """What a command on a run asks for (`prompt=`, `picture=`, ...), the model goes by.

    An edit takes any picture, and a mask where it fills in.
    """
    asked, edit = asked_by_config(cfg), get(cfg, "edit")
    if asked is None:
        return
    known = [name for name in ("label", "prompt", "negative_prompt", "picture", "mask", "depth") if name in asked.asks]
    for key in ("prompt", "prompts", "negative_prompt", "picture", "mask", "depth"):
        if get(cfg, key) is None or {"prompts": "prompt"}.get(key, key) in known:
            continue
        if edit is None:
            elsewhere = _ELSEWHERE if key in ("picture", "mask") else ""
        elif key == "picture" or (key == "mask" and "mask" in edit):
            continue
        else:
            elsewhere = ", and edit=inpaint alone fills in" if key == "mask" else ""
        able = f"only for {' and '.join(map(_words_of, known))}" if known else "and for nothing else"
        thing = _words_of(key.removesuffix("s"))
        yield f"{key} = {get(cfg, key)}: this model cannot be asked for {thing}, {able}{elsewhere}"


def _words_of(name: str) -> str:
    return "depths" if name == "depth" else f"a {name.replace('_', ' ')}"


def prompts_can_be_read(cfg: DictConfig) -> Iterator[str]:
    """`prompts=` names a file with prompts, and stands alone."""
    if (file := get(cfg, "prompts")) is None:
        return
    if get(cfg, "prompt") is not None:
        yield f"prompts = {file} and prompt = {get(cfg, 'prompt')} say the same: give one of them"
    if isinstance(file, str):
        try:
            read_prompts(file)
        except ValueError as error:
            yield str(error)
