"""Launchers that are plugins of Hydra: chosen by a config of ours, or refused in one sentence that names the extra."""

import importlib.util
import json

import pytest

from genlab.cli import main
from genlab.runs.sweeps import Sweep


def installed(plugin):
    return importlib.util.find_spec("hydra_plugins") and importlib.util.find_spec(f"hydra_plugins.{plugin}")


@pytest.mark.parametrize(
    ("launcher", "plugin", "extra"),
    [
        ("submitit_local", "hydra_submitit_launcher", "submitit"),
        ("submitit_slurm", "hydra_submitit_launcher", "submitit"),
        ("ray", "hydra_ray_launcher", "ray"),
    ],
)
@pytest.mark.parametrize("words", [["-m", "seed=1,2"], ["--cfg", "job"]])
def test_an_absent_plugin_is_one_sentence_that_names_the_extra(launcher, plugin, extra, words, capsys):
    if installed(plugin):
        pytest.skip(f"{plugin} is installed")
    assert main(["train", f"launcher={launcher}", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"error: launcher={launcher} needs a plugin that is not installed: pip install 'genlab[{extra}]'"


@pytest.mark.slow
@pytest.mark.skipif(not installed("hydra_submitit_launcher"), reason="needs the extra submitit")
def test_a_sweep_through_submitit(tmp_path, capsys):
    words = [
        "experiment=autoencoder/cvae_digits", "dataset.train_size=128", "dataset.batch_size=64", "sweep=s",
        "trainer.max_epochs=1", "test=false", "logger=none", "callbacks.previews=null",
        f"paths.output_dir={tmp_path}", "-m",
    ]  # fmt: skip
    assert main(["train", *words, "seed=1,2", "launcher=submitit_local"]) == 0
    assert [row["status"] for row in Sweep(tmp_path, "s").rows()] == ["completed", "completed"]
    assert json.loads((tmp_path / "sweeps/s/seed=1/record.json").read_text())["seed"] == 1
    assert "2 jobs: 2 done" in capsys.readouterr().out
