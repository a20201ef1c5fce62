"""What must hold between an objective and the data that it is given."""

from __future__ import annotations

from collections.abc import Iterator

from omegaconf import DictConfig, ListConfig

from genlab.annotations.declared import declared
from genlab.config.lookup import get, target, whole


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


def tokens_are_trained_on(cfg: DictConfig) -> Iterator[str]:
    """Logits of tokens have a cross-entropy, and no other estimate has one."""
    process = target(get(cfg, "model.process") or get(cfg, "model.denoiser.process"))
    objective = target(get(cfg, "model.objective"))
    if not process.startswith("genlab.") or not objective.startswith("genlab."):
        return
    tokens, taken, name = declared(process, "corrupts"), declared(objective, "trains_on"), objective.rpartition(".")[2]
    if tokens is not None and tokens not in (taken or ()):
        fitting = "masked or absorbing_bound" if tokens == "masked tokens" else "all_tokens"
        yield f"objective: {name} does not train on {tokens}: take objective={fitting}"
    if tokens is None and taken is not None:
        yield f"objective: {name} trains on tokens, and this model has none: take model=maskgit or model=paella"


def memory_is_trained(cfg: DictConfig) -> Iterator[str]:
    """A denoiser that is handed what it found before learns to use it."""
    objective = target(get(cfg, "model.objective"))
    if not declared(target(get(cfg, "model.denoiser")), "remembers") or not objective.startswith("genlab."):
        return
    if not declared(objective, "asks_outputs"):
        name = objective.rpartition(".")[2]
        yield (
            f"objective: {name} does not train a denoiser to use what it found before: take objective=denoising, flow "
            "or another of their kind, or another model than self_conditioned"
        )


def errors_can_be_averaged(cfg: DictConfig) -> Iterator[str]:
    """An objective that averages errors over ever larger squares is given pictures whose sides they divide."""
    halvings, shape = whole(cfg, "model.objective.halvings"), get(cfg, "model.shape")
    sides = list(shape)[1:] if isinstance(shape, ListConfig) else []
    if halvings is None or halvings < 1 or not all(isinstance(side, int) for side in sides) or shape is None:
        return
    if not sides:
        averages = f"objective.halvings = {halvings} averages errors over neighbouring pixels"
        yield f"{averages}, and these data have none: take 0"
        return
    most = min((side & -side).bit_length() - 1 for side in sides)  # how often 2 divides both
    if halvings > most:
        data = " x ".join(map(str, sides))
        yield f"objective.halvings = {halvings}: {data} cannot be halved more than {most} times: take at most that"
