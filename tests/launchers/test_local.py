"""launcher=local: a job's crash is its own affair."""

import os
import signal
import time
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf

from hydra_plugins.genlab import local_launcher
from hydra_plugins.genlab.local_launcher import LocalLauncher


def behave(number):
    """What job `number` does with its life."""
    if number == 1:
        raise ValueError("no")
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 3:
        os._exit(7)
    if number == 4:
        os.kill(os.getpid(), signal.SIGSEGV)
    if number == 5:
        time.sleep(60)
    return number


@pytest.fixture
def launched(monkeypatch):
    """Launches seven jobs that end in seven ways; composing and Hydra's own run_job are left out."""
    jobs = [OmegaConf.create({"number": i, "hydra": {"overrides": {"task": [f"number={i}"]}}}) for i in range(7)]
    monkeypatch.setattr(local_launcher, "compose_all", lambda *_: jobs)

    def run(context, task, job):
        result = JobReturn(overrides=[f"number={job.number}"])
        try:
            result.return_value, result.status = behave(job.number), JobStatus.COMPLETED
        except Exception as error:
            result.return_value, result.status = error, JobStatus.FAILED
        return result

    monkeypatch.setattr(local_launcher, "run", run)

    def launch(**settings):
        launcher = LocalLauncher(**settings)
        launcher.setup(hydra_context=None, task_function=SimpleNamespace(), config=None)
        return launcher.launch([[]] * 7, 0)

    return launch


@pytest.mark.parametrize("workers", [1, 3])
def test_each_job_has_its_own_end_in_its_own_order(launched, workers):
    results = launched(workers=workers, threads=1, timeout_minutes=2 / 60)
    ends = [result._return_value for result in results]
    assert (ends[0], ends[6]) == (0, 6)
    assert isinstance(ends[1], ValueError)
    for number, reason in {2: "SIGKILL", 3: "status 7", 4: "SIGSEGV", 5: "took more than"}.items():
        assert type(ends[number]).__name__ == ("TimeoutError" if number == 5 else "JobDied")
        assert reason in str(ends[number])
        assert results[number].status == JobStatus.FAILED


def test_gpus_are_shared_out_by_their_visible_names(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
    assert local_launcher._gpus() == ["2", "5"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert local_launcher._gpus() == []


@pytest.mark.parametrize("visible", ["2,5", "GPU-a1,GPU-b2,GPU-c3"])
def test_one_job_a_gpu_and_every_gpu_its_own_job(monkeypatch, visible):
    """By its environment, which CUDA reads when a job first uses it."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    gpus = visible.split(",")
    jobs = [OmegaConf.create({"number": i, "hydra": {"overrides": {"task": []}}}) for i in range(2 * len(gpus))]

    def run(context, task, job):
        begun = time.monotonic()
        time.sleep(0.5)
        result = JobReturn(overrides=[], status=JobStatus.COMPLETED)
        result.return_value = (os.environ["CUDA_VISIBLE_DEVICES"], begun, time.monotonic())
        return result

    monkeypatch.setattr(local_launcher, "compose_all", lambda *_: jobs)
    monkeypatch.setattr(local_launcher, "run", run)
    launcher = LocalLauncher(threads=1)
    launcher.setup(hydra_context=None, task_function=SimpleNamespace(), config=None)
    worked = [result.return_value for result in launcher.launch([[]] * len(jobs), 0)]
    assert {gpu for gpu, _, _ in worked} == set(gpus)
    for gpu in gpus:
        of_it = sorted((begun, ended) for used, begun, ended in worked if used == gpu)
        assert all(ended <= begun for (_, ended), (begun, _) in pairwise(of_it))
    assert os.environ["CUDA_VISIBLE_DEVICES"] == visible


@pytest.mark.parametrize(
    ("said", "given", "threads"),
    [("1", None, "1"), ("3,2", None, "3"), ("3", 2, "2"), (None, None, "4"), ("", None, "4")],
)
def test_a_job_has_the_threads_that_were_asked_for_or_its_share_of_the_cores(said, given, threads, monkeypatch):
    monkeypatch.setattr(local_launcher, "_cores", lambda: 8)
    monkeypatch.setattr(local_launcher, "refuse_if_spoilt", lambda _: None)
    monkeypatch.setattr(local_launcher, "compose_all", lambda *_: [OmegaConf.create({"hydra": {}}) for _ in range(2)])

    def run(context, task, job):
        result = JobReturn(overrides=[], status=JobStatus.COMPLETED)
        result.return_value = os.environ["OMP_NUM_THREADS"]
        return result

    monkeypatch.setattr(local_launcher, "run", run)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if said is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", said)
    launcher = LocalLauncher(workers=2, threads=given)
    launcher.setup(hydra_context=None, task_function=SimpleNamespace(), config=None)
    assert [result.return_value for result in launcher.launch([[]] * 2, 0)] == [threads] * 2
