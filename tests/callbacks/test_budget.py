"""A training ends when it has spent its budget: of images, of operations, of seconds."""

import warnings

import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from genlab.callbacks import budget
from genlab.callbacks.budget import COUNTED, Budget
from genlab.callbacks.checkpoints import Checkpoints
from genlab.callbacks.history import History
from genlab.cli import main
from genlab.data.swiss_roll import SwissRoll
from genlab.models.base import GenerativeModule
from genlab.notice import Notice
from genlab.runs import checkpoint_io
from genlab.runs.plugins import plugins
from genlab.runs.resuming import make_resumable
from genlab.runs.store import Run, Store
from interrupting import quietly  # noqa: F401

BATCH = 8
FLOPS = 3 * 2 * BATCH * 2 * 5 + 2 * 2 * BATCH * 5 * 2 + 2 * BATCH * 5 * 2
"""Of a step of `Dense`: 2 to 5 to 2 numbers, forward and backward; the slope in the data is not asked for."""


class Dense(GenerativeModule):
    def __init__(self):
        super().__init__(lambda parameters: torch.optim.Adam(parameters, lr=0.01))
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.layers = nn.Sequential(nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 2))

    def loss(self, batch):
        again = self.layers(batch.x) if self.global_step % 4 == 0 and self.training else 0
        return {"loss": (self.layers(batch.x) - batch.x + 0 * again).square().mean()}


def trained(folder, callback, steps=None, **options):
    """(trainer, notices) of a training of `Dense` in batches of 8, 5 an epoch; `steps` are those of this session."""
    run = Run(folder)
    trainer = make_resumable(
        pl.Trainer(
            accelerator="cpu", logger=False, plugins=plugins(), enable_progress_bar=False, num_sanity_val_steps=0,
            enable_model_summary=False, **{"max_epochs": -1} | options,
            callbacks=[History(run), callback, *([Stop(steps)] if steps else []), Checkpoints(run, every_n_steps=1)],
        )
    )  # fmt: skip
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trainer.fit(Dense(), SwissRoll(n_train=5 * BATCH, batch_size=BATCH), ckpt_path=run.checkpoint())
    return trainer, [str(w.message) for w in caught if issubclass(w.category, Notice)]


class Stop(pl.Callback):
    """An interruption after so many batches."""

    def __init__(self, batches):
        self.left = batches

    def on_train_batch_end(self, trainer, *_):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def test_images_are_a_number_of_steps_that_is_known_before(tmp_path, quietly):  # noqa: F811
    trainer, notices = trained(tmp_path, Budget(images=50))
    assert trainer.global_step == 7  # 6 batches have 48
    assert trainer.max_steps == 7
    assert not notices


def test_operations_are_those_of_the_layers_with_their_share_of_what_comes_seldom(tmp_path, quietly):  # noqa: F811
    callback = Budget(flops=40 * FLOPS)
    trainer, _ = trained(tmp_path, callback)
    of_batch = callback.training["training_flops"] / trainer.global_step
    assert FLOPS < of_batch < 1.25 * FLOPS + 1  # in a fourth of the batches one forward more, and what follows
    assert trainer.global_step == -(-40 * FLOPS // of_batch)


def test_a_budget_is_spent_once_whatever_interrupts_it(tmp_path, quietly):  # noqa: F811
    whole, _ = trained(tmp_path / "whole", Budget(flops=40 * FLOPS))
    for steps in (3, COUNTED - 3, 4):  # within the counting, at its end, and after it
        with pytest.raises((KeyboardInterrupt, SystemExit)):
            trained(tmp_path / "parts", Budget(flops=40 * FLOPS), steps)
    parts, _ = trained(tmp_path / "parts", Budget(flops=40 * FLOPS))
    assert parts.global_step == whole.global_step
    one, other = (checkpoint_io.load(Run(tmp_path / name).checkpoint()) for name in ("whole", "parts"))
    assert all(torch.equal(one["state_dict"][name], other["state_dict"][name]) for name in one["state_dict"])
    states = [next(v for k, v in end["callbacks"].items() if k.startswith("Budget")) for end in (one, other)]
    assert states[0]["counted_flops"] == states[1]["counted_flops"]


def test_seconds_are_those_of_training_batches(tmp_path, monkeypatch, quietly):  # noqa: F811
    now = iter(range(10**6))
    monkeypatch.setattr(budget, "time", type("Clock", (), {"monotonic": staticmethod(lambda: float(next(now)))}))
    trainer, _ = trained(tmp_path, Budget(seconds=12))
    assert trainer.global_step == 12  # a second a batch


def test_what_ends_the_training_before_is_told(tmp_path, quietly):  # noqa: F811
    _, (notice,) = trained(tmp_path, Budget(images=80), max_epochs=1)
    assert notice.startswith("the training ended when 50 % of callbacks.budget.images were spent")


def test_a_budget_of_nothing_is_refused():
    with pytest.raises(ValueError, match="needs one of images, flops and seconds"):
        Budget()


def test_a_run_of_a_budget_alone_is_trained_recorded_and_scored_again(tmp_path):
    words = [
        "experiment=autoencoder/cvae_digits", "callbacks=budget", "callbacks.budget.images=128",
        "trainer.max_epochs=-1", "metrics=none", "callbacks.previews=null", "logger=none", "extractor.steps=5",
        f"paths.output_dir={tmp_path}",
    ]  # fmt: skip
    assert main(["train", *words]) == 0
    (run,) = Store(tmp_path)
    assert run.record().training["images"] == 128
    assert run.record().training["training_flops"] > 0
    again = [f"run={run.path}", "metrics=families", "metrics.only=[sharpness]", "metrics.n_samples=40"]
    assert main(["evaluate", *again]) == 0


def test_without_an_end_or_a_budget_a_training_is_refused(tmp_path, capsys):
    words = ["experiment=autoencoder/cvae_digits", "trainer.max_epochs=-1", f"paths.output_dir={tmp_path}"]
    assert main(["train", *words]) == 2
    assert "never ends: give trainer.max_epochs, trainer.max_steps, trainer.max_time or callbacks=budget" in (
        capsys.readouterr().err
    )
    assert main(["train", *words, "callbacks=budget"]) == 2
    assert "callbacks.budget needs one of images, flops and seconds" in capsys.readouterr().err
