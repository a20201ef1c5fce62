"""What must hold between the pictures that are chosen and the model that learns from them."""

from __future__ import annotations

from collections.abc import Iterator

from omegaconf import DictConfig, ListConfig

from genlab.annotations.declared import declared
from genlab.config.lookup import get, target, whole
from genlab.errors import nearest


def classes_exist(cfg: DictConfig) -> Iterator[str]:
    """`dataset.classes` names classes of the data; a class-conditional model has pictures of each of its classes."""
    chosen, classes = get(cfg, "dataset.classes"), get(cfg, "dataset.num_classes")
    if chosen is None:
        return
    labels = list(chosen) if isinstance(chosen, ListConfig) else [chosen]
    named = f"dataset.classes = {labels if isinstance(chosen, ListConfig) else chosen}"
    if classes is None:
        yield f"{named}: the data set's labels are not used; give dataset.num_classes"
    elif (n := whole(cfg, "dataset.num_classes")) is None:
        return
    elif not labels or any(isinstance(k, bool) or not isinstance(k, int) or not 0 <= k < n for k in labels):
        yield f"{named} must be one of the data's classes, 0 to {n - 1}, or a list of some of them"
    elif len(set(labels)) < n and _is_conditional(cfg):
        yield f"{named} leaves classes without a picture, and the model is conditioned on all {n} of them"


def every_class_can_be_trained(cfg: DictConfig) -> Iterator[str]:
    """A class-conditional model gets a picture of each class at least."""
    size, classes = whole(cfg, "dataset.train_size"), whole(cfg, "dataset.num_classes")
    if get(cfg, "dataset.classes") is not None or size is None or classes is None or not _is_conditional(cfg):
        return
    if 0 < size < classes:
        yield (
            f"dataset.train_size = {size} leaves classes without a picture, and the model is conditioned on all "
            f"{classes} of them"
        )


def several_sizes_need_diffusion(cfg: DictConfig) -> Iterator[str]:
    """Data of several sizes train models that take any size."""
    model = get(cfg, "model._target_")
    if get(cfg, "dataset.source.buckets") and model is not None and model != "genlab.models.diffusion.Diffusion":
        yield (
            f"dataset.source.buckets gives pictures of several sizes, and {model} takes one: "
            "take dataset=image_folder, or a model of diffusion"
        )


def regions_are_known(cfg: DictConfig) -> Iterator[str]:
    """`dataset.region_weights` are of regions that the source declares."""
    weights, source = get(cfg, "dataset.region_weights"), target(get(cfg, "dataset.source"))
    if not isinstance(weights, DictConfig) or not source:
        return
    known = list(declared(source, "regions") or ())
    for region in (str(region) for region in weights if region not in known):
        of = source.rpartition(".")[2]
        yield f"dataset.region_weights.{region}: " + (
            f"the regions that {of} knows are {' and '.join(known)}{nearest(region, known)}"
            if known
            else f"{of} knows no regions of its pictures: take dataset.region_weights=null"
        )


def _is_conditional(cfg: DictConfig) -> bool:
    return any(get(cfg, f"{part}.num_classes") for part in ("model", "network", "conditioner"))
