"""A training that is interrupted any number of times, anywhere, is the training that nobody interrupted."""

from math import comb

import pytest
import torch
from torch import nn

from genlab.data.swiss_roll import SwissRoll
from genlab.models.base import GenerativeModule
from interrupting import differences, of_trainer, quietly, ways  # noqa: F401


class Small(GenerativeModule):
    """Has all that a training can keep: weights, averages, a buffer, a rate by steps, a rate by the validation."""

    def __init__(self):
        super().__init__(lambda parameters: torch.optim.Adam(parameters, lr=0.05), ema_decay=0.9)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.layer = nn.Linear(2, 2)
        self.register_buffer("mean", torch.zeros(2))

    def loss(self, batch):
        if self.training:
            self.mean.lerp_(batch.x.mean(0), 0.5)
        return {"loss": (self.layer(batch.x + torch.randn_like(batch.x)) - self.mean).square().mean()}

    def configure_optimizers(self):
        optimizer = super().configure_optimizers()
        by_step = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.9)
        by_epoch = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        by_loss = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=0.5)
        return [optimizer], [
            {"scheduler": by_step, "interval": "step"},
            {"scheduler": by_epoch, "interval": "epoch"},
            {"scheduler": by_loss, "interval": "epoch", "monitor": "val/loss", "strict": False},
        ]


CASES = {
    "plain": (2, {"max_epochs": 3}),
    "an epoch is one batch": (1, {"max_epochs": 5}),
    "two batches a step": (3, {"max_epochs": 2, "accumulate_grad_batches": 2}),
    "two batches a step, an epoch is one batch": (1, {"max_epochs": 4, "accumulate_grad_batches": 2}),
    "validated every second epoch": (2, {"max_epochs": 3, "check_val_every_n_epoch": 2}),
    "validated every second epoch of one batch": (1, {"max_epochs": 5, "check_val_every_n_epoch": 2}),
    "validated within epochs": (3, {"max_epochs": 2, "val_check_interval": 2}),
    "validated by batches": (2, {"max_epochs": 3, "val_check_interval": 3, "check_val_every_n_epoch": None}),
    "never validated": (2, {"max_epochs": 2, "limit_val_batches": 0}),
    "ends by steps, with an epoch": (2, {"max_steps": 4}),
    "ends by steps, within an epoch": (3, {"max_steps": 5}),
    "ends by steps of two batches": (3, {"max_steps": 3, "accumulate_grad_batches": 2}),
    "a part of the batches": (4, {"max_epochs": 2, "limit_train_batches": 2}),
}


def sessions(case, folder):
    batches, options = CASES[case]
    return of_trainer(lambda: (Small(), SwissRoll(n_train=8 * batches + 1, batch_size=8), options), folder)


@pytest.mark.parametrize("case", CASES)
def test_every_three_interruptions_change_nothing(case, tmp_path):
    (_, whole), *others = ways(sessions(case, tmp_path), 3, ("batch",))
    steps = [line["step"] for line in whole["history"] if "loss" in line]
    assert steps == list(range(1, steps[-1] + 1))
    assert len(others) == sum(comb(len(steps), k) for k in (1, 2, 3))
    assert {way: found for way, end in others if (found := differences(whole, end))} == {}


@pytest.mark.parametrize(
    "case", ["plain", "validated every second epoch", "validated within epochs", "ends by steps, with an epoch"]
)
def test_two_interruptions_after_batches_or_validations_change_nothing(case, tmp_path):
    (_, whole), *others = ways(sessions(case, tmp_path), 2)
    assert {kind for way, _ in others for _, kind in way} == {"batch", "validation"}
    assert {way: found for way, end in others if (found := differences(whole, end))} == {}
