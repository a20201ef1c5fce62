"""What must hold between a text tower and what reads it."""

from __future__ import annotations

from collections.abc import Iterator

from omegaconf import DictConfig

from genlab.config.lookup import get, parts, target


def texts_have_a_tower(cfg: DictConfig) -> Iterator[str]:
    """A conditioner that reads texts has a tower that does."""
    for key, part in parts(cfg, "conditioner"):
        if "text" in part and get(part, "text") is None:
            yield f"{key} reads texts, and the config has no text tower: give text=clip_small"


def networks_get_their_texts(cfg: DictConfig) -> Iterator[str]:
    """A network that reads texts gets some: its conditioner reads them to it."""
    conditioner, network = get(cfg, "conditioner"), get(cfg, "network")
    if not isinstance(conditioner, DictConfig) or not isinstance(network, DictConfig) or "context_width" not in network:
        return
    if not any("text" in part or not target(part).startswith("genlab.") for _, part in parts(cfg, "conditioner")):
        name = target(network).rpartition(".")[2]
        yield f"the network ({name}) reads texts, and the conditioner gives none: take conditioner=text"
