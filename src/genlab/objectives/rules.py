"""What must hold between an objective and the data that it is given."""

from __future__ import annotations

from collections.abc import Iterator

from omegaconf import DictConfig

from genlab.annotations.declared import declared
from genlab.config.lookup import get, target


def region_weights_are_used(cfg: DictConfig) -> Iterator[str]:
    """Weights of regions are given to an objective that takes them, of a model that hands them on."""
    if not get(cfg, "dataset.region_weights") or not get(cfg, "model"):
        return
    model, objective = target(get(cfg, "model")), target(get(cfg, "model.objective"))
    if not declared(objective, "takes_weight"):
        name = (objective or model).rpartition(".")[2]
        yield (
            f"dataset.region_weights: {name} does not weigh the error by places: take a diffusion model with "
            "objective=denoising, flow or another of their kind, or dataset.region_weights=null"
        )
