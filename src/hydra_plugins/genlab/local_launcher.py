"""launcher=local: each job in a child process of a parent that has already paid for the imports.

A crash, an `os._exit`, a segmentation fault or the out-of-memory killer ends one job and no other, and a job's
memory is returned when it ends. The parent only imports; it never computes, so that forking it is safe. When it is
ended, or dies, its jobs save and end too.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import NamedTuple

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn, JobStatus, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from genlab.commands.task import SweepTask, task_of
from genlab.ranges import PositiveFloat, PositiveInt
from genlab.signals import Interrupted, handled, received, uncut
from hydra_plugins.genlab.forking import Lifeline, refuse_if_spoilt
from hydra_plugins.genlab.jobs import compose_all, existing_result, result_of, run, with_unbegun

ConfigStore.instance().store(
    group="hydra/launcher",
    name="genlab_local",
    node={
        "_target_": "hydra_plugins.genlab.local_launcher.LocalLauncher",
        "workers": None,
        "threads": None,
        "timeout_minutes": None,
    },
    provider="genlab",
)


class JobDied(RuntimeError):
    """A job's process ended without a result."""


class _Child(NamedTuple):
    """A running job. No dataclass: Hydra executes this module before it is in sys.modules."""

    job: int
    process: BaseProcess
    results: Connection
    slot: int
    deadline: float


class LocalLauncher(Launcher):
    """Runs up to `workers` jobs at a time.

    Args:
        workers: jobs at a time; None is one for each GPU, or one for every two processor cores without one.
        threads: of each job; None is what OMP_NUM_THREADS says, and shares the cores among the workers without it.
        timeout_minutes: a job that takes longer is ended and counts as failed.
    """

    def __init__(
        self,
        workers: PositiveInt | None = None,
        threads: PositiveInt | None = None,
        timeout_minutes: PositiveFloat | None = None,
    ) -> None:
        self._workers, self._threads = workers, threads
        self._timeout = 60 * timeout_minutes if timeout_minutes is not None else float("inf")

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self._context, self._task, self._config = hydra_context, task_of(task_function), config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        setup_globals()
        jobs = compose_all(self._context, self._config, self._task, job_overrides, initial_job_idx)
        results: list[JobReturn | None] = [None] * len(jobs)
        with handled():
            try:
                for index, job in enumerate(jobs):
                    results[index] = existing_result(self._task, job)
                self._carry_out(jobs, results)
            except Interrupted as ending:
                return with_unbegun(self._task, jobs, results, ending)
        return [result for result in results if result is not None]

    def _carry_out(self, jobs: Sequence[DictConfig], results: list[JobReturn | None]) -> None:
        """Run the jobs that have no result yet. A signal ends them all, and is raised when they have ended."""
        waiting = deque(index for index, result in enumerate(results) if result is None)
        if not waiting:
            return
        self._task.preimport([jobs[index] for index in waiting])
        gpus = _gpus()
        workers = max(1, min(len(waiting), self._workers or len(gpus) or _cores() // 2))
        threads = self._threads or _threads_of_environment() or max(1, _cores() // workers)
        refuse_if_spoilt(threads)
        free = deque(range(workers))
        running: dict[Connection, _Child] = {}
        is_ending = False
        with uncut(), Lifeline() as lifeline, _none_left(running):
            while waiting or running:
                if received() is not None and not is_ending:
                    is_ending = _tell(running)
                    waiting.clear()
                while waiting and free:
                    index, slot = waiting.popleft(), free.popleft()
                    gpu = gpus[slot % len(gpus)] if gpus else None
                    child = self._start(index, jobs[index], slot, (lifeline, threads, gpu))
                    running[child.results] = child
                for child in self._ended(running):
                    results[child.job] = self._result(child, jobs[child.job])
                    free.append(child.slot)

    def _start(self, index: int, job: DictConfig, slot: int, setting: tuple[Lifeline, int, str | None]) -> _Child:
        receiver, sender = multiprocessing.Pipe(duplex=False)
        arguments = (self._context, self._task, job, sender, *setting)
        process = multiprocessing.get_context("fork").Process(target=_child, args=arguments, daemon=False)
        sys.stdout.flush()
        sys.stderr.flush()
        process.start()
        sender.close()
        return _Child(index, process, receiver, slot, time.monotonic() + self._timeout)

    def _ended(self, running: dict[Connection, _Child]) -> list[_Child]:
        """Waits until a job ends or is out of time; takes what ended out of `running`."""
        first = min((child.deadline for child in running.values()), default=0.0) - time.monotonic()
        done = set(map(id, wait(list(running), timeout=max(0.0, min(1.0, first)))))  # of no job: at once
        ready = [connection for connection in running if id(connection) in done]
        late = [c for c in running.values() if time.monotonic() > c.deadline and c.results not in ready]
        for child in late:
            child.process.kill()
        return [running.pop(connection) for connection in [*ready, *(c.results for c in late)]]

    def _result(self, child: _Child, job: DictConfig) -> JobReturn:
        result: JobReturn
        timed_out = time.monotonic() > child.deadline
        try:
            result = pickle.loads(child.results.recv_bytes())
        except (EOFError, OSError):
            child.process.join()
            error: Exception = JobDied(f"the job's process {_how(child.process.exitcode)}")
            if timed_out:
                error = TimeoutError(f"the job took more than {self._timeout / 60:g} minutes")
            outcome = self._task.crashed(job, error)
            result = result_of(job, error if outcome is None else outcome)
            result.status = JobStatus.FAILED if outcome is None else JobStatus.COMPLETED
        child.process.join()
        child.results.close()
        return result


def _tell(running: Mapping[Connection, _Child]) -> bool:
    """Have the jobs save and end."""
    for child in running.values():
        child.process.terminate()
    return True


@contextlib.contextmanager
def _none_left(running: Mapping[Connection, _Child]) -> Iterator[None]:
    """Whatever the block raises, no job outlives it."""
    try:
        yield
    except BaseException:
        _tell(running)
        for child in running.values():
            child.process.join()
        raise


def _child(
    context: HydraContext, task: SweepTask, job: DictConfig, results: Connection, lifeline: Lifeline, threads: int,
    gpu: str | None,
) -> None:  # fmt: skip
    os.environ["OMP_NUM_THREADS"] = str(threads)
    os.environ["GENLAB_PROGRESS"] = "lines"  # several jobs share one terminal
    if gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)
    with handled():
        lifeline.watch()
        try:
            result = run(context, task, job)
        except Interrupted as ending:  # before the run had an owner
            (result,) = with_unbegun(task, [job], [None], ending)
        with contextlib.suppress(Interrupted), uncut():
            _send(result, results)


def _send(result: JobReturn, results: Connection) -> None:
    if isinstance(error := result._return_value, Exception):
        error.add_note("".join(traceback.format_exception(error)))  # which does not travel by itself
    try:
        content = pickle.dumps(result)
    except Exception:  # an error that cannot travel: its text can
        result.return_value = RuntimeError(f"{type(result._return_value).__name__}: {result._return_value}")
        content = pickle.dumps(result)
    with contextlib.suppress(OSError):  # there is no parent any more
        results.send_bytes(content)
        results.close()


def _how(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        name = signal.Signals(-exit_code).name
        hint = " (out of memory?)" if name == "SIGKILL" else ""
        return f"was ended by {name}{hint}"
    return f"ended with status {exit_code} before it had a result"


def _threads_of_environment() -> int:
    """The threads that the user gives to every process; 0 where nothing is said."""
    text = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    return int(text) if text.isdecimal() else 0


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _gpus() -> list[str]:
    """The GPUs that jobs may use, by number, found without initialising CUDA (a fork could not use it then)."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [gpu for gpu in visible.split(",") if gpu not in ("", "-1")]
    torch = sys.modules.get("torch")
    return [str(i) for i in range(torch.cuda.device_count())] if torch is not None else []
