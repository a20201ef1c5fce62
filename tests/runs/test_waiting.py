"""Who waits for a run that another process works on says so, once."""

import warnings

import pytest

from genlab.notice import Notice
from genlab.runs import job
from genlab.runs.job import Outcome, when_free


@pytest.mark.parametrize("times", [0, 1, 3])
def test_a_wait_is_told_once_with_whom_it_waits_for(monkeypatch, tmp_path, times):
    monkeypatch.setattr(job.time, "sleep", lambda _: None)
    busy = Outcome(tmp_path, None, "running", "process 7 on host is working on it", worked=False)
    answers = iter([*[busy] * times, Outcome(tmp_path, None, "completed")])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert when_free(lambda: next(answers)).status == "completed"
    assert [(str(said.message), said.category) for said in caught] == (
        [("waiting: process 7 on host is working on it", Notice)] if times else []
    )
