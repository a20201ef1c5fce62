"""What must hold between a sampler and the process that it undoes."""

from __future__ import annotations

from collections.abc import Iterator

from omegaconf import DictConfig

from genlab.annotations.declared import declared
from genlab.config.lookup import get, number, target


def steps_fit(cfg: DictConfig) -> Iterator[str]:
    """A sampler on a discrete schedule has no more steps than the schedule."""
    steps, trained = number(cfg, "sampler.steps"), number(cfg, "scheduler.train_timesteps")
    if steps is not None and trained is not None and steps > trained:
        yield f"sampler.steps = {steps} must not exceed scheduler.train_timesteps = {trained}"


_OF_TOKENS = {
    "masked tokens": "sampler=confidence or sampler=unmask",
    "random tokens": "sampler=token_renoising or sampler=d3pm_uniform",
}


def tokens_are_undone(cfg: DictConfig) -> Iterator[str]:
    """Hidden tokens are shown, random ones mended, and neither is done to anything else."""
    process = target(get(cfg, "model.process") or get(cfg, "model.denoiser.process"))
    solver = target(get(cfg, "sampler.solver"))
    if not process.startswith("genlab.") or not solver.startswith("genlab."):
        return
    tokens, undoes, name = declared(process, "corrupts"), declared(solver, "undoes"), solver.rpartition(".")[2]
    serves_all = declared(solver, "needs_noise") is False and not declared(solver, "refuses_noise")
    if tokens is not None and undoes != tokens and not serves_all:
        yield f"sampler: {name} does not undo {tokens}, which this model is trained on: take {_OF_TOKENS[tokens]}"
    if tokens is None and undoes is not None:
        yield f"sampler: {name} undoes {undoes}, and this model has none: take a sampler of diffusion, or model=maskgit"
