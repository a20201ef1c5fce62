"""What takes more than two seconds says what it is, how far it is and when it will end."""

import ast
import io
import pickle
from pathlib import Path

import pytest

import genlab
from genlab.progress import LOG_SECONDS, PATIENCE, TERMINAL_SECONDS, Line, Shown, Stage, clock, progress, reporting


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.delenv("GENLAB_PROGRESS", raising=False)
    return Terminal()


@pytest.fixture
def log():
    return io.StringIO()


def ticked(seconds, shown, now):
    """The work goes on for so long, looked at every tenth of a second."""
    for _ in range(round(seconds * 10)):
        now.now += 0.1
        shown.tick()


@pytest.mark.parametrize(
    ("total", "unit", "done", "seconds", "text"),
    [
        (1000, "images", 250, 30, "work: 25 %  250 of 1000 images  1:30 left"),
        (8e6, "bytes", 2e6, 10, "work: 25 %  2.0 of 8.0 MB  0:30 left"),
        (1500, "", 100, 12, "work: 7 %  100 of 1500  2:48 left"),
        (1000, "images", 0, 5, "work: 0:05"),  # nothing to go by yet
        (None, "bytes", 3e6, 61, "work: 3.0 MB  1:01"),
        (None, "", 0, 3700, "work: 1:01:40"),
        (10, "files", 10, 4, "work: 100 %  10 of 10 files  0:00 left"),
    ],
)
def test_the_line_says_what_is_done_how_far_and_how_long(total, unit, done, seconds, text):
    stage = Stage("work", total, unit)
    stage.done = done
    assert stage.text(seconds) == text


def test_short_work_says_nothing(log):
    now = Clock()
    shown = Shown(Stage("work", 10), Line(log), now)
    ticked(PATIENCE - 0.2, shown, now)
    assert log.getvalue() == ""


def test_elsewhere_than_on_a_terminal_a_line_comes_now_and_then(log):
    now = Clock()
    shown = Shown(Stage("work", 100), Line(log), now)
    for _ in range(100):
        shown.advance(1)
        ticked(1, shown, now)
    lines = log.getvalue().splitlines()
    assert len(lines) in (7, 8)  # from the second second on every 15
    assert lines[1].startswith("work: 18 %  18 of 100  1:")
    assert "\r" not in log.getvalue()


def test_on_a_terminal_it_is_one_line_that_is_gone_at_the_end(terminal):
    now = Clock()
    with Shown(Stage("work", 100), Line(terminal), now) as shown:
        shown.advance(50)
        ticked(PATIENCE + 3 * TERMINAL_SECONDS, shown, now)
    written = terminal.getvalue()
    assert "\n" not in written
    assert written.count("\r\033[Kwork: 50 %") >= 3
    assert written.endswith("\r\033[K")


def test_several_jobs_on_one_terminal_print_lines(terminal, monkeypatch):
    monkeypatch.setenv("GENLAB_PROGRESS", "lines")
    Line(terminal).put("work")
    assert terminal.getvalue() == "work\n"


def test_one_process_of_a_job_speaks(log, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    Line(log).put("work")
    assert log.getvalue() == ""


def test_work_that_tells_of_its_stages_shows_the_one_it_is_at(log):
    now = Clock()
    shown = Shown(Stage("scoring", None), Line(log), now)
    ticked(PATIENCE + 0.2, shown, now)
    shown.report("samples", 1, 4)
    ticked(LOG_SECONDS + 0.3, shown, now)
    shown.report("samples", 2, 4)
    ticked(LOG_SECONDS + 0.3, shown, now)
    shown.report("samples", 4, 4)
    ticked(LOG_SECONDS + 0.3, shown, now)
    first, *told, last = log.getvalue().splitlines()
    assert first == "scoring: 0:02"
    assert [line.partition("  ")[0] for line in told] == ["samples: 25 %", "samples: 50 %"]
    assert last.startswith("scoring: 0:")


@pytest.mark.parametrize("opened", [lambda: progress("work", 3, "images"), lambda: reporting("work")])
def test_an_error_ends_it(opened):
    with pytest.raises(ZeroDivisionError), opened():
        raise ZeroDivisionError


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (42.4, "0:42"), (725, "12:05"), (11045, "3:04:05")])
def test_a_clock_reads_as_people_say_it(seconds, text):
    assert clock(seconds) == text


def test_whoever_can_tell_is_listened_to():
    """Commands and callbacks give a report to every `evaluate`, `evaluate_pictures` and `check` of a suite."""
    mute = []
    for folder in ("commands", "callbacks"):
        for path in (Path(genlab.__file__).parent / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
                if name.endswith(("suite.evaluate", "suite.evaluate_pictures", "suite.check")):
                    told = [word for word in node.keywords if word.arg == "progress"] or len(node.args) > 2
                    mute += [] if told else [f"{path.name}: {name}"]
    assert not mute


def test_a_line_goes_to_another_process_and_shows_on_the_standard_error_there(capsys):
    """Trainings on several devices send their callbacks to processes."""
    pickle.loads(pickle.dumps(Line())).put("train: 1")
    assert "train: 1" in capsys.readouterr().err
