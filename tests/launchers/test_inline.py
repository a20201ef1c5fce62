"""launcher=inline: a job that failed leaves nothing in memory, and the next one runs."""

import gc
import weakref
from types import SimpleNamespace

from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf

from hydra_plugins.genlab import inline_launcher
from hydra_plugins.genlab.inline_launcher import InlineLauncher


class Heavy:
    """Stands for a model on a GPU."""


def test_what_a_failed_job_held_is_free_for_the_next(monkeypatch):
    jobs = [OmegaConf.create({"number": i}) for i in range(2)]
    held, alive = [], []

    def work(number):
        alive.append(any(reference() is not None for reference in held))
        heavy = Heavy()
        held.append(weakref.ref(heavy))
        if number == 0:
            raise ValueError("no")
        return number

    def run(context, task, job):
        result = JobReturn()
        try:
            result.return_value, result.status = work(job.number), JobStatus.COMPLETED
        except ValueError as error:
            result.return_value, result.status = error, JobStatus.FAILED
        return result

    monkeypatch.setattr(inline_launcher, "compose_all", lambda *_: jobs)
    monkeypatch.setattr(inline_launcher, "run", run)
    launcher = InlineLauncher()
    launcher.setup(hydra_context=None, task_function=SimpleNamespace(), config=None)
    first, second = launcher.launch([[]] * 2, 0)
    gc.collect()
    assert isinstance(first._return_value, ValueError)
    assert second.return_value == 1
    assert alive == [False, False]
