"""What became of the jobs of a launcher that lost one: told by what each job asked for, not by its run alone."""

import os
import time

import pytest

from composing import composed
from genlab.config.fingerprint import measurement
from genlab.runs.job import find
from genlab.runs.measurements import keep
from genlab.runs.orphans import orphaned
from genlab.runs.record import Record
from genlab.runs.store import save_config

WORDS = ["experiment=autoencoder/cvae_digits", "dataset.train_size=128"]
KILLED = RuntimeError("worker was killed\nits traceback")
SCORE = {"psnr": {"value": 1.0, "low": None, "high": None, "better": "higher"}}


@pytest.fixture
def trained(tmp_path):
    """(what is measured) -> the config that asks for it; a run that was trained for it long ago and not scored."""

    def job(*words):
        return composed(*WORDS, *words, f"paths.output_dir={tmp_path}")

    run = find(job())
    Record(run.path.name, "train", "autoencoder", None, 0, [], status="completed").save(run.record_file)
    save_config(job("metrics=none"), run.config_file)
    for path in (run.record_file, run.path):
        os.utime(path, (1e9, 1e9))
    return job


def test_nothing_that_began_is_no_answer(trained):
    assert orphaned([trained()], time.time(), KILLED) is None


def test_a_scoring_that_was_killed_failed_and_another_of_the_same_run_was_done(trained):
    kept, killed = trained("metrics.n_samples=20"), trained("metrics.n_samples=30")
    run = find(kept)
    since = time.time()
    record = run.record()
    keep(kept, run, record, Record(**{**vars(record), "metrics": SCORE}), 1.0)
    done, lost, untold = orphaned([kept, killed, trained("metrics=none")], since, KILLED)
    assert (done.status, done.measurement, done.exit_status) == ("completed", measurement(kept), 0)
    assert (lost.status, lost.measurement, lost.exit_status) == ("failed", measurement(killed), 1)
    assert lost.reason == "the job's process is gone; its launcher says: 'worker was killed'"
    assert (untold.status, untold.measurement) == ("completed", None)
    assert run.record().status == "completed"


def test_a_scoring_that_was_the_only_job_and_was_killed_began(trained):
    cfg = trained()
    since = time.time()
    (find(cfg).path / "lock.json").touch()
    (lost,) = orphaned([cfg], since, KILLED)
    assert lost.status == "failed"
