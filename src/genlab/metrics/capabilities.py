"""What a model and its data offer to metrics."""

from __future__ import annotations

from genlab.conditions import asks_of
from genlab.metrics.attributes import attributes_of, told_of
from genlab.metrics.denoising_likelihood import kind_of_time
from genlab.metrics.needs import Need
from genlab.metrics.reference import Data
from genlab.metrics.source import Fixed
from genlab.protocols import Denoises, Encodes, FitsTexts, Likelihood, Reconstructs, Samples, Translates

_SIZES: dict[Need, int] = {"6 pixels": 6, "large pictures": 11, "31 pixels": 31}
"""Needs that are met from so many pixels on: half of SSIM's window, all of it (MS-SSIM), AlexNet's poolings."""


def capabilities(module: object, data: Data) -> set[Need]:
    """What a model and its data offer to metrics, in the words of metrics/needs.py."""
    able: set[Need] = set()
    if isinstance(module, Fixed):
        able |= {"samples", "pixels"}
        if module.labels is not None:
            able.add("classes")
    if isinstance(module, Samples):
        able |= {"samples", "pixels", "timing"}
        if module.num_classes:
            able.add("classes")
    if "classes" in able or ("samples" in able and len(getattr(data, "classes", None) or ()) == 1):
        able.add("class of each sample")
    if isinstance(module, Encodes):
        able.add("codes")
    if getattr(module, "style_network", None) is not None:
        able.add("styles")
    if isinstance(module, Reconstructs):
        able.add("reconstructions")
    if isinstance(module, Translates) and hasattr(data, "domains"):
        able.add("translations")
    if hasattr(data, "partners") and data.partners("test") is not None:
        able.add("partners")
    if isinstance(module, Denoises) and hasattr(module, "guided_denoiser"):
        able.add("edits")
    if hasattr(module, "codec") and data.modality.name == "audio":
        able.add("codec of sounds")
    if isinstance(module, Likelihood):
        able.add("likelihood")
    if (time := kind_of_time(module)) is not None:
        able.add("bound" if time == "steps" else "flow")
    if data.num_classes:
        able.add("labels")
    named = "classes" in able and getattr(data, "class_names", None)
    if named or "prompt" in asks_of(module) or getattr(module, "captions", None):
        able.add("captions")
    if isinstance(module, FitsTexts):
        able.add("pictures and texts")
    if hasattr(data, "captions") and data.captions("train"):
        able.add("captions of the data")
    if attributes_of(data, "train"):
        able.add("attributes")
        if "prompt" in asks_of(module) and told_of(data):
            able.add("attributes of each sample")
    able |= {name for name, side in _SIZES.items() if data.modality.shorter_side(data.shape) >= side}
    return able
