"""Throughput of adversarial training beside a bare loop of two optimisers, and what a lazy penalty costs.

    python benchmarks/adversarial.py [dcgan | stylegan | modulation] [override ...]     without a word, all three

dcgan: genlab beside the loop; same networks, data, losses and steps of both players. genlab trains with its history,
progress line and averaged generator on; the bare loop has none of them, and data in memory as genlab's are.
stylegan: a narrow StyleGAN 2 at 32x32 pixels, with lazy penalties and without. modulation: see `modulation`.

Rounds are interleaved: each has every row once, and numbers are medians of the rounds' ratios. Ratios are of rates,
genlab's over the other's: by the clock, and by the processor time spent, which a busy machine disturbs less. A penalty
costs so many per cent of the processor time of a step without any.
"""

import sys
import time

import torch
from hydra import initialize_config_dir
from torch.nn import functional
from training import composed, now, with_genlab

from genlab.config.files import conf_dir
from genlab.config.instantiate import build
from genlab.config.resolvers import register_resolvers
from genlab.config.schema import register
from genlab.modalities.pixels import to_model
from genlab.networks.stylegan.modulation import ModulatedConv2d
from genlab.objectives.adversarial_losses import NonSaturating

STEPS, ROUNDS = 33, 5
"""The first step of a training is not measured; penalties of every 16th and of every 8th batch are among the others."""
R1 = "{_target_: genlab.objectives.penalties.R1, weight: 0.2, interval: %d}"
DCGAN = {
    "without a penalty": ["model.penalties.r1=null"],
    "R1 every 4th step": [f"model.penalties.r1={R1 % 4}"],
    "R1 every 16th step": [f"model.penalties.r1={R1 % 16}"],
    "R1 every step": [f"model.penalties.r1={R1 % 1}"],
}
STYLEGAN_2 = [
    "model=stylegan", "dataset=mnist", "dataset.size=32", "dataset.batch_size=16", "generator.width=16",
    "discriminator.width=16", "optimizer.lr=2e-3", "optimizer.betas=[0.0,0.99]",
]  # fmt: skip
PATHS = "+penalty@model.path_length=path_length"
STYLEGAN = {
    "without a penalty": ["model.penalties.r1=null"],
    "R1 every 16th step": [],
    "path length every 8th": ["model.penalties.r1=null", PATHS],
    "path length every 4th": ["model.penalties.r1=null", PATHS, "model.path_length.interval=4"],
    "both, every 16th and 8th": [PATHS],
}


def bare(cfg, data):
    """The loop that a person would write: resident data, two networks, two optimisers, no penalty."""
    module, loss, size = build(cfg.model), NonSaturating(), cfg.dataset.batch_size
    generator, discriminator = module.generator, module.discriminator
    players = [build(cfg.optimizer)(network.parameters()) for network in (discriminator, generator)]
    pixels, _ = data.items("train")
    order, start = torch.randperm(len(pixels)), now()
    for step in range(STEPS):
        x = to_model(pixels[order[step * size : (step + 1) * size]])
        with torch.no_grad():
            generated = generator(torch.randn(len(x), module.latent_size))
        players[0].zero_grad()
        loss.discriminator(discriminator(x), discriminator(generated)).backward()
        players[0].step()
        discriminator.requires_grad_(False)
        players[1].zero_grad()
        loss.generator(discriminator(generator(torch.randn(len(x), module.latent_size)))).backward()
        players[1].step()
        discriminator.requires_grad_(True)
        if step == 0:
            start = now()
    return now() - start


SHAPES = [(16, 64, 32), (32, 64, 8), (16, 128, 16), (16, 64, 4)]
"""Batch, channels, side."""


def modulation() -> None:
    """A modulated convolution by scaled activations, as genlab's is, beside a loop over items and one grouped call.

    Forward and backward. Ratios are of processor times, the other's over genlab's: medians over interleaved rounds.
    """
    print(f"{'batch x channels x side':<26}{'scaled ms':>10}{'loop':>8}{'grouped':>9}")
    for n, channels, side in SHAPES:
        layer = ModulatedConv2d(channels, channels, 64)
        x, style = torch.randn(n, channels, side, side, requires_grad=True), torch.randn(n, 64)

        def loop(layer=layer, x=x, style=style):
            weights = layer.weights(style)
            return torch.cat([functional.conv2d(x[i : i + 1], weights[i], padding=1) for i in range(len(x))])

        def grouped(layer=layer, x=x, style=style):
            weights, flat = layer.weights(style).flatten(0, 1), x.reshape(1, -1, *x.shape[2:])
            return functional.conv2d(flat, weights, padding=1, groups=len(x)).view_as(x)

        ways = [lambda layer=layer, x=x, style=style: layer(x, style), loop, grouped]
        seconds = torch.tensor([[processor_time(way) for way in ways] for _ in range(2 * ROUNDS + 1)][1:])
        ratios = (seconds[:, 1:] / seconds[:, :1]).median(0).values.tolist()
        mine = 1e3 * seconds[:, 0].median().item()
        print(f"{f'{n} x {channels} x {side}':<26}{mine:>10.1f}{ratios[0]:>8.2f}{ratios[1]:>9.2f}")


def processor_time(way) -> float:
    start = time.process_time()
    way().square().mean().backward()
    return time.process_time() - start


def measured(words, rows, others):
    """(rounds, other loops and the rows, clock and processor): seconds; and images a step."""
    words = [*words, "trainer.accelerator=cpu", f"trainer.max_steps={STEPS}"]
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        configs = [composed([*words, *row]) for row in rows.values()]
    data = build(configs[0].dataset)
    data.items("train")
    rounds = [
        torch.stack([*(loop(configs[0], data) for loop in others), *(with_genlab(cfg, data) for cfg in configs)])
        for _ in range(ROUNDS)
    ]
    return torch.stack(rounds), configs[0].dataset.batch_size


def rates(seconds, size):
    return ((STEPS - 1) * size / seconds[:, :, 0].median(0).values).tolist()


def dcgan(words) -> None:
    seconds, size = measured(["experiment=adversarial/dcgan_mnist", *words], DCGAN, [bare])
    images = rates(seconds, size)
    print(f"{'DCGAN':<26}{'images/s':>10}{'ratio':>8}{'by cpu':>8}   (medians of {ROUNDS} rounds)")
    print(f"{'bare loop, no penalty':<26}{images[0]:>10.0f}")
    for k, name in enumerate(DCGAN, 1):
        by_clock, by_cpu = (seconds[:, 0] / seconds[:, k]).median(0).values.tolist()
        print(f"{name:<26}{images[k]:>10.0f}{by_clock:>8.3f}{by_cpu:>8.3f}", flush=True)


def stylegan(words) -> None:
    seconds, size = measured([*STYLEGAN_2, *words], STYLEGAN, [])
    print(f"{'StyleGAN 2':<26}{'images/s':>10}{'cost %':>8}   (of processor time; medians of {ROUNDS} rounds)")
    costs = 100 * (seconds[:, :, 1] / seconds[:, :1, 1] - 1).median(0).values
    for name, images, cost in zip(STYLEGAN, rates(seconds, size), costs.tolist(), strict=True):
        print(f"{name:<26}{images:>10.0f}{cost:>8.1f}", flush=True)


PARTS = {"dcgan": dcgan, "stylegan": stylegan, "modulation": lambda words: modulation()}


def main() -> None:
    register()
    register_resolvers()
    words = sys.argv[1:]
    asked, overrides = [word for word in words if word in PARTS], [word for word in words if word not in PARTS]
    for name in asked or PARTS:
        PARTS[name](overrides)


if __name__ == "__main__":
    main()
