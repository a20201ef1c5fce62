"""Points of eight narrow normal distributions on a ring, and a small GAN of them."""

import math
from functools import partial

import pytorch_lightning as pl
import torch

from genlab.callbacks.history import History
from genlab.data.items import Items
from genlab.data.resident_data import ResidentData
from genlab.modalities.points import Points
from genlab.models.adversarial import Adversarial
from genlab.networks.mlp_gan import MLPDiscriminator, MLPGenerator
from genlab.objectives.adversarial_losses import NonSaturating
from genlab.objectives.penalties import R1
from genlab.randomness import fold_in
from genlab.runs import history
from genlab.runs.store import Run

SPREAD = 0.1
SIZES = {"train": 3200, "val": 160, "test": 160}
CENTRES = torch.tensor([[math.cos(k * math.pi / 4), math.sin(k * math.pi / 4)] for k in range(8)])


class EightGaussians(ResidentData):
    name = "eight_gaussians"
    modality = Points()

    def __init__(self, num_classes=None, batch_size=128):
        super().__init__(batch_size)
        self.num_classes = num_classes

    def load(self, split):
        generator = torch.Generator().manual_seed(fold_in(0, split))
        which = torch.arange(SIZES[split]) % 8
        noise = torch.randn(len(which), 2, generator=generator)
        return Items(CENTRES[which] + SPREAD * noise, which if self.num_classes else None)


def gan(seed=0, num_classes=None, generator=None, width=64, rate=1e-3, **options):
    """A GAN with the defaults of the classes and of `model=adversarial`."""
    torch.manual_seed(seed)
    made = generator or MLPGenerator([2], 16, width=width, bounded=False, num_classes=num_classes)
    return Adversarial(
        made, MLPDiscriminator([2], width=width, num_classes=num_classes), options.pop("loss", NonSaturating()),
        partial(torch.optim.Adam, lr=rate, betas=(0.0, 0.99)), 16, options.pop("penalties", {"r1": R1(0.2, 4)}),
        num_classes=num_classes, ema_decay=options.pop("ema_decay", 0.99), seed=seed, **options,
    )  # fmt: skip


def covered(points):
    """How many of the eight have a twentieth of the points or more within three standard deviations."""
    near = torch.cdist(points, CENTRES) < 3 * SPREAD
    return int((near.float().mean(0) >= 1 / 20).sum())


def train(module, folder, epochs, callbacks=(), **options):
    """Train on `EightGaussians`, 25 batches an epoch; the lines of the history."""
    run = Run(folder)
    trainer = pl.Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, num_sanity_val_steps=0, enable_model_summary=False,
        enable_checkpointing=False, callbacks=[History(run), *callbacks], max_epochs=epochs, **options,
    )  # fmt: skip
    trainer.fit(module, EightGaussians(module.num_classes))
    return history.read(run.history_file)
