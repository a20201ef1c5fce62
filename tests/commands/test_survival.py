"""A sweep in which a job raises, one diverges, one is killed, and the parent is killed too, asked for once more."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genlab.runs import history
from genlab.runs.lock import owner
from genlab.runs.store import Store

COMMON = [
    "experiment=autoencoder/cvae_digits", "dataset.train_size=256", "metrics=none", "logger=none",
    "trainer.max_epochs=30", "callbacks.previews=null", "callbacks.checkpoints.every_n_steps=5", "launcher=local",
    "hydra.launcher.workers=2",
    "hydra.launcher.threads=1", "retries=5",
]  # fmt: skip


def sweep(store, rows):
    """Start the sweep of `rows` (a list of overrides) in a process of its own."""
    path = Path(store).with_suffix(".yaml")
    path.write_text(json.dumps(rows))
    command = [sys.executable, "-m", "genlab", "train", "-m", f"rows={path}", f"paths.output_dir={store}", *COMMON]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def rows(n):
    """n jobs; the second raises while it trains, the third diverges."""
    jobs = [{"model.coding_size": 2 + i} for i in range(n)]
    jobs[1] |= {"trainer.limit_train_batches": 0.0001}
    jobs[2] |= {"optimizer.lr": 1.0e30}
    return jobs


def endings(store):
    """(settings, status, error, losses) of every run, without times."""
    found = {}
    for run in Store(store):
        record = run.record()
        key = tuple(
            word for word in record.overrides if word.split("=")[0] not in ("paths.output_dir", "rows", "sweep")
        )
        losses = tuple((line["step"], line["loss"]) for line in history.read(run.history_file) if "loss" in line)
        found[key] = (record.status, record.error and record.error["type"], losses)
    return found


def kill_one_job(store, deadline):
    """SIGKILL to the first job that trains; its process number."""
    while time.monotonic() < deadline:
        for lock in Path(store).glob("*/*/lock.json"):
            holder = owner(lock)
            if holder is not None and len(history.read(lock.with_name("history.jsonl"))) >= 10:
                os.kill(holder["pid"], signal.SIGKILL)
                return lock.parent.name
        time.sleep(0.02)
    raise AssertionError("no job ever trained")


def survive(tmp_path, n):
    undisturbed = sweep(tmp_path / "whole", rows(n))
    disturbed = sweep(tmp_path / "broken", rows(n))
    deadline = time.monotonic() + 900
    try:
        killed = kill_one_job(tmp_path / "broken", deadline)
        while len(list((tmp_path / "broken").glob("*/*/record.json"))) < min(4, n) and time.monotonic() < deadline:
            time.sleep(0.05)
    except BaseException:
        undisturbed.kill()
        raise
    finally:
        disturbed.kill()  # the parent; its children notice, save and end
        disturbed.communicate()
    assert undisturbed.communicate()[0].count("done before") == 1
    assert undisturbed.returncode == 1
    return killed


def finish(tmp_path, n):
    """Ask again until nothing is left that another process works on."""
    for _ in range(5):
        again = sweep(tmp_path / "broken", rows(n))
        output = again.communicate()[0]
        assert again.returncode == 1, output
        if "0 unfinished" in output:
            return output
        time.sleep(5)
    raise AssertionError(output)


def check(tmp_path, n):
    killed = survive(tmp_path, n)
    output = finish(tmp_path, n)
    whole, again = endings(tmp_path / "whole"), endings(tmp_path / "broken")
    assert again == whole
    assert sorted(status for status, *_ in whole.values()) == ["completed"] * (n - 2) + ["failed"] * 2
    assert "NonFiniteLoss" in {error for _, error, _ in whole.values()}
    (run,) = [run for run in Store(tmp_path / "broken") if run.path.name == killed]
    assert run.record().status == "completed"
    assert f"{n} jobs: " in output
    assert "2 failed" in output


def test_a_sweep_finishes_what_can_be_finished(tmp_path):
    check(tmp_path, 4)


@pytest.mark.slow
def test_a_sweep_of_twelve_finishes_what_can_be_finished(tmp_path):
    check(tmp_path, 12)
