"""Throughput of adversarial training beside a bare loop of two optimisers, and what a lazy penalty costs.

    python benchmarks/adversarial.py [override ...]

Same networks, data, losses and steps of both players; rounds interleaved. genlab trains with its history, progress line
and averaged generator on; the bare loop has none of them, and data in memory as genlab's are. Ratios are of rates,
genlab's over the other's: by the clock, and by the processor time spent, which a busy machine disturbs less.
"""

import sys

import torch
from hydra import initialize_config_dir
from training import composed, now, with_genlab

from genlab.config.files import conf_dir
from genlab.config.instantiate import build
from genlab.config.resolvers import register_resolvers
from genlab.config.schema import register
from genlab.modalities.pixels import to_model
from genlab.objectives.adversarial_losses import NonSaturating

STEPS, ROUNDS = 33, 5
R1 = "{_target_: genlab.objectives.penalties.R1, weight: 0.2, interval: %d}"
ROWS = {
    "without a penalty": ["model.penalties.r1=null"],
    "R1 every 4th step": [f"model.penalties.r1={R1 % 4}"],
    "R1 every 16th step": [f"model.penalties.r1={R1 % 16}"],
    "R1 every step": [f"model.penalties.r1={R1 % 1}"],
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


def main() -> None:
    register()
    register_resolvers()
    words = ["experiment=adversarial/dcgan_mnist", "trainer.accelerator=cpu", f"trainer.max_steps={STEPS}"]
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        configs = {name: composed([*words, *row, *sys.argv[1:]]) for name, row in ROWS.items()}
    first = next(iter(configs.values()))
    data = build(first.dataset)
    data.items("train")
    rounds = [
        torch.stack([bare(first, data), *(with_genlab(cfg, data) for cfg in configs.values())]) for _ in range(ROUNDS)
    ]
    seconds = torch.stack(rounds)  # (rounds, the bare loop and the rows, clock and processor)
    rates = ((STEPS - 1) * first.dataset.batch_size / seconds[:, :, 0].median(0).values).tolist()
    print(f"{'':<24}{'images/s':>10}{'ratio':>8}{'by cpu':>8}   (medians of {ROUNDS} rounds)")
    print(f"{'bare loop, no penalty':<24}{rates[0]:>10.0f}")
    for k, name in enumerate(configs, 1):
        by_clock, by_cpu = (seconds[:, 0] / seconds[:, k]).median(0).values.tolist()
        print(f"{name:<24}{rates[k]:>10.0f}{by_clock:>8.3f}{by_cpu:>8.3f}")


if __name__ == "__main__":
    main()
