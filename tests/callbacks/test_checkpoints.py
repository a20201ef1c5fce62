"""What is last is last, whatever the metric does; a signal is never lost."""

import os
import signal

import pytest

from genlab.callbacks.checkpoints import Checkpoints
from genlab.callbacks.history import History
from genlab.cli import main
from genlab.models.base import batches_done
from genlab.runs import checkpoint_io, history
from genlab.runs.store import Run, Store

TINY = [
    "experiment=autoencoder/cvae_digits", "dataset.train_size=128", "dataset.batch_size=64", "trainer.max_epochs=3",
    "metrics=none", "logger=none", "callbacks.previews=null",
]  # fmt: skip
STEPS = 6


def test_the_last_checkpoint_is_the_last_step_and_the_best_is_where_the_metric_was_best(tmp_path):
    words = ["callbacks.checkpoints.monitor=val/loss", "+callbacks.checkpoints.mode=max"]  # the loss only falls
    assert main(["train", *TINY, *words, f"paths.output_dir={tmp_path}"]) == 0
    (run,) = Store(tmp_path)
    losses = {line["step"]: line["val/loss"] for line in history.read(run.history_file) if "val/loss" in line}
    steps = {name: checkpoint_io.load(run.checkpoints / name)["global_step"] for name in ("last.ckpt", "best.ckpt")}
    assert steps == {"last.ckpt": STEPS, "best.ckpt": max(losses, key=losses.get)}
    assert steps["best.ckpt"] < STEPS


@pytest.mark.parametrize(
    ("monitor", "kept", "best"), [("loss", True, 0.5), ("loss", False, None), ("other", True, None)]
)
def test_a_best_value_counts_where_its_checkpoint_is_and_for_the_metric_that_it_is_of(tmp_path, monitor, kept, best):
    """A training that goes on from another run's checkpoint has no best of its own yet."""
    old, new = Checkpoints(Run(tmp_path / "old"), monitor="loss"), Checkpoints(Run(tmp_path), monitor=monitor)
    old._best = 0.5
    if kept:
        (tmp_path / "checkpoints").mkdir()
        (tmp_path / "checkpoints/best.ckpt").touch()
    new.load_state_dict(old.state_dict())
    assert new.state_dict() == {"best": best, "monitor": monitor}


def test_a_signal_during_the_last_validation_ends_the_run_before_its_scores(tmp_path, monkeypatch):
    unharmed = History.on_validation_end

    def ask_to_end(self, trainer, module):
        unharmed(self, trainer, module)
        if batches_done(trainer) == STEPS:
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(History, "on_validation_end", ask_to_end)
        assert main(["train", *TINY, f"paths.output_dir={tmp_path}"]) == 143
    (run,) = Store(tmp_path)
    assert run.record().status == "interrupted"
    written = history.read(run.history_file)
    assert main(["train", *TINY, f"paths.output_dir={tmp_path}"]) == 0
    assert run.record().status == "completed"
    assert [line for line in history.read(run.history_file) if "loss" in line] == [
        line for line in written if "loss" in line
    ]
