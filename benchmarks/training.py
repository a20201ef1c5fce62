"""Training throughput beside bare PyTorch loops: the same network, data, optimiser and loss; rounds interleaved.

    python benchmarks/training.py [recipe ...]

genlab trains with its history, progress line and averaged weights on; the bare loop has none of them, and data in
memory as genlab's are. Diffusion is also compared with the plain loop of tutorials: PIL pictures through a DataLoader,
diffusers' scheduler. Ratios are of rates, genlab's over the other's: by the clock, and by the processor time spent,
which a busy machine disturbs less.
A model of codes stands on an untrained first stage.
"""

import sys
import tempfile
import time
from pathlib import Path

import pytorch_lightning as pl
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from genlab.callbacks.history import History
from genlab.callbacks.progress import Progress
from genlab.config.files import conf_dir
from genlab.config.instantiate import build
from genlab.config.resolvers import register_resolvers
from genlab.config.schema import register
from genlab.runs.resuming import make_resumable
from genlab.runs.store import Run

RECIPES = {
    "diffusion/class_conditional_mnist": ["dataset.batch_size=64"],
    "diffusion/small_unet_mnist": ["dataset.batch_size=128"],
    "autoencoder/cvae_mnist": ["dataset.batch_size=128"],
    "autoencoder/vae_mnist": ["dataset.batch_size=128"],
    "vector_quantized/vqvae_mnist": ["dataset.batch_size=128"],
    "autoregressive/pixelcnn_codes_mnist": ["dataset.batch_size=128"],
}
STEPS = {
    "diffusion/class_conditional_mnist": 8,
    "diffusion/small_unet_mnist": 20,
    "autoencoder/cvae_mnist": 60,
    "autoencoder/vae_mnist": 60,
    "vector_quantized/vqvae_mnist": 30,
    "autoregressive/pixelcnn_codes_mnist": 15,
}
ROUNDS = 5


def now():
    """(the clock's seconds, seconds of processor time)."""
    return torch.tensor([time.perf_counter(), time.process_time()], dtype=torch.float64)


class Clock(pl.Callback):
    """Both kinds of seconds between the end of the first batch and the end of the last."""

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        self.start = now() if batch_idx == 0 else self.start
        self.seconds = now() - self.start


def with_genlab(cfg, data):
    module, clock = build(cfg.model), Clock()
    with tempfile.TemporaryDirectory() as folder:
        callbacks = [History(Run(Path(folder)), 50), Progress(), clock]
        trainer = build(cfg.trainer, callbacks=callbacks, logger=False, enable_checkpointing=False, limit_val_batches=0)
        make_resumable(trainer).fit(module, data)
    return clock.seconds


def bare(cfg, data, steps):
    """The loop that a person would write: resident data, the module's loss, the optimiser."""
    module = build(cfg.model)
    optimizer = module.configure_optimizers()
    pixels, labels = data.items("train")
    from genlab.data.batch import Batch
    from genlab.modalities.pixels import to_model

    order, size = torch.randperm(len(pixels)), cfg.dataset.batch_size
    start = now()
    for step in range(steps):
        rows = order[step * size : (step + 1) * size]
        loss = module.loss(Batch(to_model(pixels[rows]), None if labels is None else labels[rows]))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step == 0:
            start = now()
    return now() - start


def plain(cfg, data, steps):
    """The loop of tutorials: PIL pictures, transformed one by one in a DataLoader; default memory format."""
    from diffusers.schedulers import DDPMScheduler
    from torch.utils.data import DataLoader
    from torchvision import transforms
    from torchvision.transforms.functional import to_pil_image

    from genlab.conditions import ConditionTensors

    module, size = build(cfg.model), cfg.dataset.batch_size
    optimizer, network = module.configure_optimizers(), module.denoiser.network
    scheduler = DDPMScheduler(1000, beta_schedule="squaredcos_cap_v2")
    pixels, labels = data.items("train")
    pictures = [to_pil_image(picture) for picture in pixels[: steps * size]]
    change = transforms.Compose([transforms.ToTensor(), transforms.Normalize(0.5, 0.5)])
    rows = [(picture, int(label)) for picture, label in zip(pictures, labels, strict=False)]
    loader = DataLoader(rows, size, shuffle=True, collate_fn=lambda batch: collated(batch, change))
    start = now()
    for step, (x0, label) in enumerate(loader):
        t, noise = torch.randint(0, 1000, (len(x0),)), torch.randn_like(x0)
        condition = ConditionTensors(label=label) if module.num_classes else None
        output = network(scheduler.add_noise(x0, noise, t), t.float(), condition)
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(output, noise).backward()
        optimizer.step()
        if step == 0:
            start = now()
    return now() - start


def collated(batch, change):
    return torch.stack([change(picture) for picture, _ in batch]), torch.tensor([label for _, label in batch])


def composed(words):
    cfg = compose("train", words)
    if cfg.get("first_stage"):
        first = compose("train", [f"experiment={cfg.first_stage.experiment}"])
        cfg.first_stage.model = OmegaConf.to_container(first.model, resolve=True)
    return cfg


def main() -> None:
    register()
    register_resolvers()
    head = f"{'recipe':<34}{'loop':<8}{'genlab/s':>10}{'other/s':>10}{'ratio':>8}{'by cpu':>8}"
    print(f"{head}   (images a second by the clock; medians of {ROUNDS} rounds)")
    for name in sys.argv[1:] or RECIPES:
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            words = [*RECIPES.get(name, []), "trainer.accelerator=cpu", f"trainer.max_steps={STEPS.get(name, 20)}"]
            cfg = composed([f"experiment={name}", *words])
        data, steps = build(cfg.dataset), STEPS.get(name, 20)
        data.items("train")
        others = {"bare": bare} | ({"plain": plain} if name.startswith("diffusion/") else {})
        rounds = [
            torch.stack([with_genlab(cfg, data), *(loop(cfg, data, steps) for loop in others.values())])
            for _ in range(ROUNDS)
        ]
        seconds = torch.stack(rounds)  # (rounds, genlab and the others, clock and processor)
        rates = ((steps - 1) * cfg.dataset.batch_size / seconds[:, :, 0].median(0).values).tolist()
        for k, loop in enumerate(others, 1):
            by_clock, by_cpu = (seconds[:, k] / seconds[:, 0]).median(0).values.tolist()
            print(f"{name:<34}{loop:<8}{rates[0]:>10.0f}{rates[k]:>10.0f}{by_clock:>8.3f}{by_cpu:>8.3f}", flush=True)


if __name__ == "__main__":
    main()
