"""What must hold between a sampler and the schedule that it goes through."""

from __future__ import annotations

from collections.abc import Iterator

from omegaconf import DictConfig

from genlab.config.lookup import number


def steps_fit(cfg: DictConfig) -> Iterator[str]:
    """A sampler on a discrete schedule has no more steps than the schedule."""
    steps, trained = number(cfg, "sampler.steps"), number(cfg, "scheduler.train_timesteps")
    if steps is not None and trained is not None and steps > trained:
        yield f"sampler.steps = {steps} must not exceed scheduler.train_timesteps = {trained}"
