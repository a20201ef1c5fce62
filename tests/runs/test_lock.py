"""One owner for a run; a dead owner's lock is taken over."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genlab.runs import lock
from genlab.runs.lock import Lock, RunIsLocked, owner


def test_a_second_owner_is_refused_and_told_who_owns_it(tmp_path):
    with Lock(tmp_path / "lock.json"), pytest.raises(RunIsLocked, match=str(os.getpid())), Lock(tmp_path / "lock.json"):
        pass
    assert owner(tmp_path / "lock.json") is None


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path):
    path = tmp_path / "lock.json"
    code = (
        "import time; from pathlib import Path; from genlab.runs.lock import Lock;"
        f"Lock(Path({str(path)!r})).__enter__(); print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    assert owner(path)["pid"] == process.pid
    process.kill()
    process.wait()
    with Lock(path):
        assert owner(path)["pid"] == os.getpid()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="elsewhere a zombie is not told from the living")
def test_a_dead_owner_that_nobody_has_waited_for_holds_nothing(tmp_path):
    path = tmp_path / "lock.json"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        path.write_text(
            json.dumps({"host": socket.gethostname(), "pid": process.pid, "birth": lock._birth(process.pid)})
        )
        assert owner(path)["pid"] == process.pid
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays a zombie
        assert owner(path) is None
        with Lock(path):
            assert owner(path)["pid"] == os.getpid()


def test_a_process_number_used_again_is_not_mistaken_for_the_owner(tmp_path):
    path = tmp_path / "lock.json"
    path.write_text(json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "birth": "0"}))
    assert owner(path) is None


@pytest.mark.parametrize(("age", "alive"), [(1, True), (lock.STALE_SECONDS + 1, False)])
def test_on_another_machine_the_heartbeat_decides(tmp_path, age, alive):
    path = tmp_path / "lock.json"
    path.write_text(json.dumps({"host": "elsewhere", "pid": 1, "birth": "1"}))
    os.utime(path, (time.time() - age, time.time() - age))
    assert (owner(path) is not None) == alive


def test_the_heart_beats(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "HEARTBEAT_SECONDS", 0.02)
    with Lock(tmp_path / "lock.json"):
        os.utime(tmp_path / "lock.json", (0, 0))
        deadline = time.monotonic() + 5
        while (tmp_path / "lock.json").stat().st_mtime < 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (tmp_path / "lock.json").stat().st_mtime > 1


@pytest.mark.parametrize("text", ["", "{half", "null", "[]", "3", '{"host": null}', '{"host": "a", "pid": "1"}'])
@pytest.mark.parametrize(("age", "alive"), [(1, True), (lock.STALE_SECONDS + 1, False)])
def test_of_a_lock_that_does_not_say_whose_it_is_the_heartbeat_decides(tmp_path, text, age, alive):
    path = tmp_path / "lock.json"
    path.write_text(text)
    os.utime(path, (time.time() - age, time.time() - age))
    if alive:
        with pytest.raises(RunIsLocked, match="a process that its lock does not name is working on"), Lock(path):
            pass
        assert path.read_text() == text
    else:
        with Lock(path):
            assert owner(path)["pid"] == os.getpid()
