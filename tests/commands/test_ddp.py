"""Several processes for one run: the record is that of one process; inside a sweep they are refused."""

import math
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from genlab.cli import main
from genlab.runs import checkpoint_io, history
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
        assert two.metrics[name]["made"]["weights"] == "ema"


@pytest.mark.slow
def test_two_processes_train_two_groups_in_turns_as_one_does(tmp_path):
    """Each with its optimiser and its loss, one in every second batch: the same weights and averages."""
    states = []
    for trainer in ("cpu", "ddp_sim"):
        words = ["--config-dir", ".", "experiment=two_groups", "allow_targets=[two_groups.TwoGroups]"]
        command = [sys.executable, "-m", "genlab", "train", *words, f"trainer={trainer}", "trainer.max_epochs=2"]
        done = subprocess.run(
            [*command, f"paths.output_dir={tmp_path / trainer}"], cwd=Path(__file__).parent / "two_groups",
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        (run,) = Store(tmp_path / trainer)
        states.append(checkpoint_io.load(run.checkpoint()))
    one, two = states
    assert one["ema"]["steps"] == two["ema"]["steps"] == 8
    for part in ("state_dict", "ema"):
        for name, value in one[part].items():
            torch.testing.assert_close(torch.as_tensor(two[part][name]), torch.as_tensor(value), rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_two_processes_train_two_players_who_stay_the_same_in_both(tmp_path):
    words = [
        "experiment=adversarial/gan_digits", "model._target_=two_players.SamePlayers", "dataset.train_size=256",
        "allow_targets=[two_players.SamePlayers]", "trainer=ddp_sim", "trainer.max_epochs=2", "metrics=none",
        "logger=none", "callbacks.previews=null", f"paths.output_dir={tmp_path}",
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "genlab", "train", *words], cwd=Path(__file__).parent / "two_groups",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (run,) = Store(tmp_path)
    lines = history.read(run.history_file)
    for name in ("loss", "discriminator", "discriminator/grad_norm", "generator/grad_norm"):
        values = [line[name] for line in lines if name in line]
        assert values
        assert all(map(math.isfinite, values))


@pytest.mark.slow
def test_a_signal_to_the_parent_of_spawned_processes_saves_and_ends_them(tmp_path):
    words = [*WORDS, "trainer=ddp_sim", "trainer.max_epochs=10000", "trainer.log_every_n_steps=1"]
    command = [sys.executable, "-m", "genlab", "train", *words, f"paths.output_dir={tmp_path}"]
    training = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while training.poll() is None and not any(history.read(path) for path in tmp_path.glob("*/*/history.jsonl")):
        time.sleep(0.1)
    training.terminate()
    said = training.communicate()[0]
    assert training.returncode == 143, said
    assert "Traceback" not in said
    (run,) = Store(tmp_path)
    assert run.record().status == "interrupted"
    assert checkpoint_io.load(run.checkpoint())["global_step"] == history.read(run.history_file)[-1]["step"]


@pytest.mark.slow
def test_what_a_spawned_process_fails_of_is_one_line(tmp_path):
    done, run = trained(tmp_path, "trainer=ddp_sim", "optimizer.lr=1e30")
    assert done.returncode == 1
    assert "NonFiniteLoss: the loss is" in run.record().error["message"]
    assert len(run.record().error["message"].splitlines()) == 1
