"""What must hold within a noise schedule."""

from __future__ import annotations

from collections.abc import Iterator

from omegaconf import DictConfig

from genlab.config.lookup import number, parts


def betas_rise(cfg: DictConfig) -> Iterator[str]:
    """A noise schedule's beta grows."""
    for key, schedule in parts(cfg, "scheduler"):
        start, end = number(schedule, "beta_start"), number(schedule, "beta_end")
        if start is not None and end is not None and start > end:
            yield f"{key}.beta_start = {start} must not exceed {key}.beta_end = {end}"
