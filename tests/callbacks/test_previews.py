"""A training is drawn a few times, however long it is, and at its end."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from genlab.callbacks.previews import epochs
from genlab.cli import main
from genlab.runs.store import Store


@pytest.mark.parametrize(
    ("words", "steps"),
    [
        (["trainer.max_epochs=7", "callbacks.previews.times=3"], [3, 6, 7]),
        (["trainer.max_epochs=3"], [1, 2, 3]),
        (["trainer.max_epochs=3", "callbacks.previews.times=1"], [3]),
        (["trainer.max_epochs=-1", "trainer.max_steps=5", "callbacks.previews.times=2"], [3, 5]),
    ],
)
def test_drawings_are_spread_over_the_epochs_and_the_last_is_the_end(tmp_path, words, steps):
    common = ["experiment=autoencoder/cvae_digits", "dataset.train_size=64", "dataset.batch_size=64", "logger=none"]
    assert main(["train", *common, "metrics=none", *words, f"paths.output_dir={tmp_path}"]) == 0
    (run,) = Store(tmp_path)
    assert sorted(int(path.stem[5:]) for path in run.samples.glob("step_??????.png")) == steps  # one step an epoch


@pytest.mark.parametrize(
    ("max_epochs", "max_steps", "accumulated", "expected"),  # steps are batches, however many make one of the optimiser
    [(9, -1, 1, 9), (None, 20, 1, 5), (-1, 21, 1, 6), (9, 20, 1, 5), (9, 20, 4, 5), (3, 20, 3, 3), (30, 20, 3, 5)],
)
def test_the_number_of_epochs_is_that_of_whichever_ends_first(max_epochs, max_steps, accumulated, expected):
    trainer = SimpleNamespace(
        max_epochs=max_epochs, max_steps=max_steps, num_training_batches=4, accumulate_grad_batches=accumulated
    )
    assert epochs(trainer) == expected  # type: ignore[arg-type]
