"""A process that has computed with several threads starts no jobs that would hang."""

import subprocess
import sys

import pytest

TRY = """
import sys
import torch
from genlab.errors import ConfigError
from hydra_plugins.genlab import forking

forking.PATIENCE_SECONDS = float(sys.argv[3])
if sys.argv[1] == "computed":
    torch.set_num_threads(2)
    torch.ones(2**20).exp().sum()
try:
    forking.refuse_if_spoilt(int(sys.argv[2]))
    print("sound")
except ConfigError as error:
    print(error)
"""


def tried(past, threads, patience):
    command = [sys.executable, "-c", TRY, past, str(threads), str(patience)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def test_jobs_that_would_wait_for_threads_for_ever_are_refused_in_one_sentence():
    said = tried("computed", threads=2, patience=3)
    assert "cannot start jobs of 2 threads from a process that has computed with several itself" in said
    assert "hydra.launcher.threads=1" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(("past", "threads"), [("only imported", 2), ("computed", 1)])
def test_what_can_be_forked_is_not_refused(past, threads):
    assert tried(past, threads, patience=60) == "sound\n"
