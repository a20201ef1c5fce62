"""What decides a result is in the fingerprint, and nothing else."""

import pytest

from composing import composed
from genlab.config.difference import differences
from genlab.config.fingerprint import decisive, fingerprint

EXPERIMENT = "experiment=autoencoder/cvae_digits"


def name(*overrides, data="abc"):
    return fingerprint(composed(EXPERIMENT, *overrides), data)


@pytest.mark.parametrize(
    "override",
    [
        "paths.output_dir=elsewhere", "paths.data_dir=/data", "logger=none", "logger=csv", "launcher=local",
        "trainer.devices=2", "trainer.accelerator=cpu", "+callbacks.progress.log_seconds=1", "task_name=other",
        "tags=[a]", "force=true", "retries=5", "sweep=night", "callbacks.checkpoints.every_minutes=1",
        "trainer.log_every_n_steps=7", "callbacks.previews=null",
    ],
)  # fmt: skip
def test_what_cannot_change_a_result_is_left_out(override):
    assert name(override) == name()


@pytest.mark.parametrize(
    "override",
    [
        "seed=1", "seed=2", "model.coding_size=3", "optimizer.lr=0.5", "dataset.batch_size=17", "trainer.max_epochs=3",
        "dataset.train_size=100", "model.beta=0.5", "metrics.n_samples=10", "network.hidden=5",
        "trainer.precision=bf16-mixed", "trainer.gradient_clip_val=1.0", "dataset.flip=true",
    ],
)  # fmt: skip
def test_every_number_that_decides_is_in(override):
    assert name(override) != name()


def test_the_data_is_in():
    assert name(data="abc") != name(data="abd")


def test_the_code_version_is_in(monkeypatch):
    before = name()
    monkeypatch.setattr("genlab.config.fingerprint.RESULTS_VERSION", 10_000)
    assert name() != before


def test_seed_zero_is_a_seed():
    assert decisive(composed("seed=0"))["seed"] == 0
    assert name("seed=0") != name("seed=1")


def test_two_configs_differ_in_the_keys_that_were_set():
    found = differences(composed(EXPERIMENT), composed(EXPERIMENT, "model.coding_size=3", "logger=none"))
    assert [key for key, *_ in found] == ["model.coding_size"]
