"""Several processes for one run: the record is that of one process; inside a sweep they are refused."""

import subprocess
import sys

import pytest

from genlab.cli import main
from genlab.runs.store import Store

WORDS = [
    "model=ae", "model.ema_decay=0.5", "dataset.train_size=320", "dataset.batch_size=64", "trainer.max_epochs=3",
    "metrics=reconstruction", "metrics.n_samples=60", "logger=csv", "callbacks.previews=null",
]  # fmt: skip


def test_ddp_in_a_sweep_is_one_sentence(tmp_path, capsys):
    words = ["experiment=autoencoder/cvae_digits", "trainer=ddp", "seed=1,2", "-m", f"paths.output_dir={tmp_path}"]
    assert main(["train", *words]) == 2
    error = capsys.readouterr().err
    assert "trainer.strategy = ddp cannot be part of a sweep" in error
    assert not list(tmp_path.iterdir())


def trained(store, *words):
    """The record of a run in a process of its own."""
    command = [sys.executable, "-m", "genlab", "train", *WORDS, *words, f"paths.output_dir={store}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (run,) = Store(store)
    return done, run


@pytest.mark.slow
def test_two_spawned_processes_leave_the_record_of_one(tmp_path):
    """A plain autoencoder draws nothing at random, so that two halves of a batch are the batch."""
    (one_done, one), (two_done, two) = (
        trained(tmp_path / "1", "trainer=cpu"),
        trained(tmp_path / "2", "trainer=ddp_sim"),
    )
    assert (one_done.returncode, two_done.returncode) == (0, 0), two_done.stderr
    assert one.path.name == two.path.name  # the number of devices decides nothing
    one, two = one.record(), two.record()
    for key in ("steps", "images", "parameters"):
        assert two.training[key] == one.training[key] > 0
    assert two.training["images_per_second"] > 0
    for name, score in one.metrics.items():
        assert two.metrics[name]["value"] == pytest.approx(score["value"], rel=1e-3)
        assert two.metrics[name]["provenance"]["weights"] == "ema"


@pytest.mark.slow
def test_what_a_spawned_process_fails_of_is_one_line(tmp_path):
    done, run = trained(tmp_path, "trainer=ddp_sim", "optimizer.lr=1e30")
    assert done.returncode == 1
    assert "NonFiniteLoss: the loss is" in run.record().error["message"]
    assert len(run.record().error["message"].splitlines()) == 1
