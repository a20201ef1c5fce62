"""Sampling beside diffusers' pipelines: the same UNet2DModel, steps and batch; rounds interleaved.

    python benchmarks/sampling.py [rounds]

Ratios are of times, diffusers' over genlab's: by the clock, and by the processor time spent, which a busy machine
disturbs less. The last row is what classifier-free guidance costs in calls of the network, made in one batch of twice
the size: at most 2.05.
"""

import sys
import time
from functools import partial

import torch
from diffusers.pipelines import DDIMPipeline, DDPMPipeline
from diffusers.schedulers import DDIMScheduler, DDPMScheduler

from genlab.conditioning.label import LabelConditioner
from genlab.denoisers.clipped import Clipped
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.eps import Eps
from genlab.guidance.classifier_free import ClassifierFree
from genlab.networks.unet import UNet
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.grids import Leading
from genlab.samplers.sampler import Sampler

SHAPE, STEPS, ROUNDS = (8, 1, 28, 28), 10, 5
BETAS = {"beta_schedule": "linear", "beta_start": 1e-4, "beta_end": 0.02}


def spent(work):
    """(the clock's seconds, seconds of processor time)."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return torch.tensor([time.perf_counter() - clock, time.process_time() - processor], dtype=torch.float64)


@torch.no_grad()
def with_genlab(denoise, eta, process):
    sampler = Sampler(Ancestral(eta), Leading(), STEPS)
    *_, last = sampler(process, denoise, SHAPE, generator=torch.Generator().manual_seed(0))
    return last.x


def with_diffusers(pipeline):
    pipeline.set_progress_bar_config(disable=True)
    return pipeline(
        batch_size=SHAPE[0], num_inference_steps=STEPS, output_type="np", generator=torch.Generator().manual_seed(0)
    ).images


def measured(pairs, rounds):
    """(pairs, rounds, ours and theirs, clock and processor), the two of a pair one after the other."""
    for ours, theirs in pairs:
        ours(), theirs()
    return torch.stack(
        [torch.stack([torch.stack([spent(w) for w in pair]) for pair in pairs]) for _ in range(rounds)], 1
    )


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    network = UNet(SHAPE[1], SHAPE[2], [32, 64, 64]).eval()
    process = Gaussian(Linear())
    plain = Clipped(Denoiser(network, process, Eps()), -1.0, 1.0)
    ddim, ddpm = DDIMScheduler(1000, **BETAS, timestep_spacing="leading"), DDPMScheduler(1000, **BETAS)
    conditional = Denoiser(UNet(SHAPE[1], SHAPE[2], [32, 64, 64], num_classes=10).eval(), process, Eps())
    told = LabelConditioner(10, dropout=0.1).wanted(SHAPE[0], None)
    guided = partial(ClassifierFree(3.0)(conditional), condition=told)
    pairs = {
        "DDIM": (partial(with_genlab, plain, 0.0, process), partial(with_diffusers, DDIMPipeline(network.unet, ddim))),
        "DDPM": (partial(with_genlab, plain, 1.0, process), partial(with_diffusers, DDPMPipeline(network.unet, ddpm))),
        "guided": (
            partial(with_genlab, partial(conditional, condition=told), 0.0, process),
            partial(with_genlab, guided, 0.0, process),
        ),
    }
    seconds = measured(list(pairs.values()), rounds)
    print(f"{'':<10}{'first s':>10}{'second s':>10}{'ratio':>8}{'by cpu':>8}   (medians of {rounds} rounds)")
    for name, found in zip(pairs, seconds, strict=True):
        first, second = found[:, :, 0].median(0).values.tolist()
        by_clock, by_cpu = (found[:, 1] / found[:, 0]).median(0).values.tolist()
        print(f"{name:<10}{first:>10.3f}{second:>10.3f}{by_clock:>8.3f}{by_cpu:>8.3f}")


if __name__ == "__main__":
    main()
