"""The lines of Python by which an exported pipeline draws what `genlab sample` draws.

A pipeline of diffusers takes torch's generators, and genlab counts random numbers: another seed would not help. So the
lines take the start, and what noise a step adds, from genlab's own streams, picture i from (seed, i).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genlab.samplers.ancestral import Ancestral
from genlab.samplers.grids import Leading
from genlab.samplers.sampler import Sampler

_SHORT = 50
"""Steps, or the next fewer that divide those of training."""

_LINES = """{imports}import torch
from diffusers import DiffusionPipeline
from genlab.randomness import PerImage

pipeline = DiffusionPipeline.from_pretrained({folder!r})
numbers = PerImage.range({seed}, 0, {n})
x = numbers.normal(({n}, {channels}, {height}, {width}))
pipeline.scheduler.set_timesteps({steps})
with torch.no_grad(){noise}:
    for t in pipeline.scheduler.timesteps:
        x = pipeline.scheduler.step(pipeline.unet(x, t).sample, t, x{flag}).prev_sample
pictures = ((x.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)  # (n, channel, height, width)"""

_NOISE = ', patch("diffusers.schedulers.scheduling_ddpm.randn_tensor", lambda shape, **_: numbers.normal(shape))'
"""Of each step: the scheduler takes none that is given."""


def words_and_lines(
    pipeline: Any, schedule: Any, folder: Path, shape: tuple[int, int, int], n: int, seed: int
) -> tuple[list[str], str]:
    """Words for `genlab sample`, and lines of Python that give its pictures.

    Args:
        pipeline: as it was saved in `folder`, a DDIMPipeline or a DDPMPipeline.
        schedule: of the model that it was made from.
        shape: (channel, height, width) of a picture.
        n: pictures.
        seed: names them.
    """
    is_ddim = type(pipeline).__name__ == "DDIMPipeline"
    steps = _steps(pipeline, schedule)
    channels, height, width = shape
    text = _LINES.format(
        folder=str(folder), seed=seed, n=n, channels=channels, height=height, width=width, steps=steps,
        imports="" if is_ddim else "from unittest.mock import patch\n", noise="" if is_ddim else _NOISE,
        flag=", use_clipped_model_output=True" if is_ddim else "",
    )  # fmt: skip
    return [f"sampler={'ddim' if is_ddim else 'ddpm'}", f"sampler.steps={steps}", f"n={n}", f"seed={seed}"], text


def _steps(pipeline: Any, schedule: Any) -> int:
    """A few steps at which both visit the same times, else all."""
    total = int(schedule.n_steps)
    few = next(steps for steps in range(min(_SHORT, total), 0, -1) if total % steps == 0)
    pipeline.scheduler.set_timesteps(few)
    ours = (Sampler(Ancestral(0.0), Leading(), few).times(schedule)[:-1] * total).round().long() - 1
    return few if ours.tolist() == pipeline.scheduler.timesteps.tolist() else total
