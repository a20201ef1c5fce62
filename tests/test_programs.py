"""Every wait for a program or the network has a limit, and says what it waits for."""

import ast
import os
import select
import sys
import warnings
from pathlib import Path

import pytest

import genlab
from genlab.notice import Notice
from genlab.programs import ProgramError, run_program

SOURCE = Path(genlab.__file__).parents[1]
MODULES = sorted(SOURCE.rglob("*.py"))
RUNNERS = {"subprocess", "pty", "os.system", "os.popen", "os.startfile", "asyncio.subprocess"}
ENDLESS = {"urlretrieve", "download_url_to_file", "load_state_dict_from_url"}
"""Fetch from the network, and have no limit."""
LIMITED = {"urlopen", "create_connection", "HTTPConnection", "HTTPSConnection"}
WAITING = {"communicate", "wait"}


def names(path):
    """Dotted names that a module uses or imports, and its calls."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.name, None) for alias in node.names)
            yield getattr(node, "module", None) or "", None
        elif isinstance(node, ast.Call):
            yield ast.unparse(node.func), node
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node), None


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_wait_is_without_a_limit(path):
    for name, call in names(path):
        last = name.rpartition(".")[2]
        assert name not in RUNNERS or path.name == "programs.py", f"{name}: use genlab.programs.run_program"
        assert last not in ENDLESS, f"{name} has no time limit: use genlab.data.download"
        assert name.partition(".")[0] != "requests", "use genlab.data.download"
        if call is not None and last in LIMITED:
            assert "timeout" in {keyword.arg for keyword in call.keywords}, ast.unparse(call)
        if call is not None and last in WAITING:
            assert call.args or "timeout" in {keyword.arg for keyword in call.keywords}, ast.unparse(call)


def test_what_a_program_says_and_how_it_ends(tmp_path):
    code = "import os, sys; print(os.getcwd()); print(os.environ['X'], file=sys.stderr); sys.exit(3)"
    ended = run_program([sys.executable, "-c", code], 60, folder=tmp_path, environment={**os.environ, "X": "x"})
    assert (ended.status, ended.output, ended.errors) == (3, f"{tmp_path}\n", "x\n")


def test_a_program_that_asks_gets_no_answer():
    assert run_program([sys.executable, "-c", "print(input())"], 60).status != 0


def test_a_program_that_is_not_there_is_named():
    with pytest.raises(ProgramError, match="the program no-such-program is not installed"):
        run_program(["no-such-program"], 60)


def test_a_program_that_hangs_is_ended_with_all_that_it_started(tmp_path):
    """The child holds the pipes of its parent: were it left, one would wait for it."""
    code = f"""if True:
        import os, pathlib, subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
        pathlib.Path({str(tmp_path / "child")!r}).write_text(str(child.pid))
        time.sleep(1000)
    """
    with pytest.raises(ProgramError, match="the answer took longer than 3 s"):
        run_program([sys.executable, "-c", code], 3, "the answer")
    if (tmp_path / "child").exists():  # else it was ended before
        assert ends(int((tmp_path / "child").read_text()))


def ends(pid):
    """Whether a process that was killed is gone; True also for one that is long gone."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 60)[0])
    finally:
        os.close(process)


def test_a_person_is_told_what_is_waited_for_and_how_long():
    with pytest.warns(Notice, match="waiting for npm pack x, at most 0.3 s"), pytest.raises(ProgramError):
        run_program([sys.executable, "-c", "import time; time.sleep(1000)"], 0.3, "npm pack x", told_after=0.1)


def test_what_is_quick_is_not_told():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_program([sys.executable, "-c", "pass"], 600, told_after=300)
