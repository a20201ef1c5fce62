"""Launchers that are plugins of Hydra: chosen by a config of ours, or refused in one sentence that names the extra."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from genlab.cli import main
from genlab.config.files import conf_dir
from genlab.runs import history
from genlab.runs.lock import owner
from genlab.runs.store import Store
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


TINY = [
    "experiment=autoencoder/cvae_digits", "dataset.train_size=128", "dataset.batch_size=64", "sweep=s",
    "trainer.max_epochs=1", "test=false", "logger=none", "callbacks.previews=null", "-m",
]  # fmt: skip


LONG = [
    *(word for word in TINY if not word.startswith("trainer.")),
    "trainer.max_epochs=100",
    "trainer.log_every_n_steps=1",
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("plugin", "words"),
    [
        ("hydra_submitit_launcher", ["launcher=submitit_local"]),
        ("hydra_ray_launcher", ["launcher=ray", "hydra.launcher.ray.init.num_cpus=1"]),
    ],
)
def test_a_sweep_through_a_plugin(plugin, words, tmp_path, capsys):
    if not installed(plugin):
        pytest.skip(f"needs {plugin}")
    assert main(["train", *TINY, *words, f"paths.output_dir={tmp_path}", "seed=1,2"]) == 0
    assert [row["status"] for row in Sweep(tmp_path, "s").rows()] == ["completed", "completed"]
    assert json.loads((tmp_path / "sweeps/s/seed=1/record.json").read_text())["seed"] == 1
    assert "2 jobs: 2 done" in capsys.readouterr().out


@pytest.fixture(autouse=True)
def one_thread_each(monkeypatch):
    """These launchers start all jobs at once, and torch on more threads than there are free cores hardly moves."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def killed(store, sweep):
    """SIGKILL to the first job of a running sweep that trains; its run folder."""
    while sweep.poll() is None:
        time.sleep(0.05)
        for lock in store.glob("train/*/lock.json"):
            if len(history.read(lock.with_name("history.jsonl"))) > 5 and (holder := owner(lock)) is not None:
                os.kill(holder["pid"], signal.SIGKILL)
                return lock.parent
    raise AssertionError(sweep.communicate()[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("plugin", "words", "ends"),
    [
        ("hydra_submitit_launcher", ["launcher=submitit_local"], "1 done, 0 done before, 1 failed"),
        (
            "hydra_ray_launcher",
            ["launcher=ray", "hydra.launcher.ray.init.num_cpus=2"],
            "2 done, 0 done before, 0 failed",
        ),
    ],
)
def test_a_killed_job_ends_no_sweep(plugin, words, ends, tmp_path):
    """Submitit gives the others up for lost, though they run on; Ray starts the job again, and it resumes."""
    if not installed(plugin):
        pytest.skip(f"needs {plugin}")
    words = [*LONG, *words, "seed=1,2", f"paths.output_dir={tmp_path}"]
    command = [sys.executable, "-m", "genlab", "train", *words]
    sweep = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lost = killed(tmp_path, sweep)
    output = sweep.communicate()[0]
    assert f"2 jobs: {ends}" in output
    assert sweep.returncode == (1 if "1 failed" in ends else 0)
    assert {run.path: run.record().status for run in Store(tmp_path) if run.path != lost} == {
        run.path: "completed" for run in Store(tmp_path) if run.path != lost
    }
    again = subprocess.run(command, capture_output=True, text=True, check=False)  # finishes what is not finished
    assert again.returncode == 0, again.stderr
    assert {run.record().status for run in Store(tmp_path)} == {"completed"}


@pytest.mark.slow
def test_a_ray_that_cannot_start_is_one_sentence(tmp_path, capsys):
    if not installed("hydra_ray_launcher"):
        pytest.skip("needs hydra_ray_launcher")
    nowhere = "+hydra.launcher.ray.init._temp_dir=/proc/nowhere"
    assert main(["train", *TINY, "launcher=ray", nowhere, f"paths.output_dir={tmp_path}", "seed=1,2"]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert line.startswith("error: launcher=ray could not start the jobs: ")


needs_submitit = pytest.mark.skipif(not installed("hydra_submitit_launcher"), reason="needs the extra submitit")


@pytest.mark.slow
@needs_submitit
def test_a_job_that_submitit_preempts_saves_is_queued_again_and_ends_as_if_nothing_had_happened(tmp_path):
    """SIGUSR2 is what SLURM sends before preemption; submitit_local queues as submitit_slurm does."""
    words = [*LONG, "launcher=submitit_local", "seed=1"]
    command = [sys.executable, "-m", "genlab", "train", *words, f"paths.output_dir={tmp_path}"]
    sweep = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    preempted = None
    while preempted is None and sweep.poll() is None:
        time.sleep(0.1)
        for lock in tmp_path.glob("train/*/lock.json"):
            if len(history.read(lock.with_name("history.jsonl"))) > 5 and (holder := owner(lock)) is not None:
                preempted = holder["pid"]
                os.kill(preempted, signal.SIGUSR2)
    output = sweep.communicate()[0]
    assert sweep.returncode == 0, output
    (run,) = Store(tmp_path)
    assert run.record().status == "completed"
    assert "Requeued job" in "".join(p.read_text() for p in tmp_path.glob(".submitit/*/*.out"))
    assert main(["train", *[w for w in words if w not in ("-m", "launcher=submitit_local")],
                 f"paths.output_dir={tmp_path}/whole"]) == 0  # fmt: skip
    (whole,) = Store(tmp_path / "whole")
    losses = [[line["loss"] for line in history.read(r.history_file) if "loss" in line] for r in (run, whole)]
    assert losses[0] == losses[1]


@needs_submitit
def test_the_ready_config_of_slurm_asks_for_the_signal_and_for_coming_back(tmp_path, monkeypatch):
    """The batch file that submitit would give to sbatch; a `srun` on the path is all it looks for."""
    import submitit
    from omegaconf import OmegaConf

    (tmp_path / "srun").write_text("#!/bin/sh\n")
    (tmp_path / "srun").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    given = OmegaConf.load(conf_dir() / "launcher" / "submitit_slurm.yaml").hydra.launcher
    given = OmegaConf.to_container(given)
    executor = submitit.AutoExecutor(tmp_path, cluster="slurm", slurm_max_num_timeout=given.pop("max_num_timeout"))
    given.pop("submitit_folder")
    known = ("timeout_min", "cpus_per_task", "gpus_per_node", "mem_gb")
    executor.update_parameters(**{key if key in known else f"slurm_{key}": value for key, value in given.items()})
    text = executor._executor._make_submission_file_text("command", "id")
    for line in ("--signal=USR2@120", "--requeue", "--time=240", "--cpus-per-task=4", "--gpus-per-node=1"):
        assert f"#SBATCH {line}\n" in text
