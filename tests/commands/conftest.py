"""Runs that several tests of commands read, trained once: for seconds, so that what they draw is no sight."""

from __future__ import annotations

import pytest

from genlab.cli import main
from genlab.runs.store import Store

QUICK = ["trainer.max_epochs=1", "metrics=none", "logger=none", "callbacks.previews=null"]


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory):
    """A class-conditional diffusion model of digits that knows no label as well."""
    root = tmp_path_factory.mktemp("digits")
    words = ["experiment=diffusion/class_conditional_digits", "dataset.train_size=128", "conditioner.dropout=0.1"]
    assert main(["train", *words, *QUICK, "sampler.steps=4", f"paths.output_dir={root}"]) == 0
    return next(iter(Store(root)))


@pytest.fixture(scope="session")
def roll_run(tmp_path_factory):
    """A diffusion model of points."""
    root = tmp_path_factory.mktemp("roll")
    words = ["experiment=diffusion/swiss_roll", "dataset.n_train=512", "scheduler.train_timesteps=8"]
    assert main(["train", *words, *QUICK, f"paths.output_dir={root}"]) == 0
    return next(iter(Store(root)))
