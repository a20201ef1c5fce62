"""Parts whose names have changed: an older config is read with today's names, and a run keeps its own name."""

from __future__ import annotations

from typing import Any

from omegaconf import AnyNode, DictConfig, ListConfig, StringNode

_PACKAGES = {"genlab.families": "genlab.models", "genlab.solvers": "genlab.samplers"}
_PARTS = {
    "genlab.families.autoencoder.Autoencoder": "genlab.models.vae.VAE",
    "genlab.families.deterministic_autoencoder.DeterministicAutoencoder": "genlab.models.autoencoder.Autoencoder",
    "genlab.families.vector_quantized.VectorQuantized": "genlab.models.vqvae.VQVAE",
    "genlab.solvers.rising.Jumps": "genlab.samplers.nonmonotone_grids.Jumps",
    "genlab.solvers.rising.Churn": "genlab.samplers.nonmonotone_grids.Churn",
    "genlab.data.resident.ResidentDataModule": "genlab.data.image_datamodule.ImageDataModule",
    "genlab.guidance.by_loss.ByLoss": "genlab.guidance.loss_gradient.LossGradient",
    "genlab.networks.continued.continued": "genlab.networks.from_checkpoint.from_checkpoint",
    "genlab.objectives.restoring.Restoring": "genlab.objectives.restoration.Restoration",
}
"""The first name of a part -> today's. A part of a renamed package whose own name stays needs no line."""
_OPTIONS = {("objective", "restoring"): "restoration"}
"""A config group and the first name of one of its options -> today's."""
_KEYS = {"image": "picture"}
"""The first name of a command's own key -> today's."""
_REFERENCES = {"${codec_or_data:size}": "${dataset.size}"}
"""A reference to a list, whose text counts in the name of a run -> how it was written first."""
_FIRST = {present: first for first, present in _PARTS.items()}


def present_name(target: str) -> str:
    """Today's name of a part; any other text as it is."""
    return _PARTS.get(target) or _with_package(target, _PACKAGES)


def first_name(target: str) -> str:
    """The name that a part had first, which stays in the names of runs; any other text as it is."""
    return _FIRST.get(target) or _with_package(target, {present: first for first, present in _PACKAGES.items()})


def present_word(word: str) -> str:
    """A word of the command line with today's names of its key and of the option that it chooses."""
    key, sign, value = word.partition("=")
    key = _KEYS.get(key, key) if sign else key
    options = [_OPTIONS.get((key.lstrip("+").partition("@")[0], option), option) for option in value.split(",")]
    return f"{key}{sign}{','.join(options)}"


def first_reference(text: str) -> str:
    """How a reference was written first, which stays in the names of runs; any other text as it is."""
    return _REFERENCES.get(text, text)


def _with_package(target: str, packages: dict[str, str]) -> str:
    package, _, rest = target.rpartition(".")
    above, _, module = package.rpartition(".")
    return f"{packages[above]}.{module}.{rest}" if above in packages else target


def present_names(node: Any) -> None:
    """Give every `_target_` of a config at any depth its name of today, in place."""
    if not isinstance(node, DictConfig | ListConfig) or not isinstance(node._content, dict | list):
        return  # a value, or a reference: the node counts where it stands
    children = node._content.values() if isinstance(node._content, dict) else node._content
    target = node._content.get("_target_") if isinstance(node._content, dict) else None
    if isinstance(target, AnyNode | StringNode) and isinstance(name := target._value(), str):
        target._set_value(present_name(name))
    for child in children:
        present_names(child)
