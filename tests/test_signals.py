"""A signal ends what may end, waits for what must be whole, and is never lost."""

import contextlib
import os
import pickle
import signal
import threading

import pytest

from genlab import signals
from genlab.atomic import replacing
from genlab.runs.lock import Lock, owner
from genlab.signals import Interrupted, end_if_signalled, handled, received, uncut

NUMBERS = [int(number) for number in signals.SIGNALS]


def send(number=signal.SIGTERM):
    os.kill(os.getpid(), number)


@contextlib.contextmanager
def interrupted(by=Interrupted):
    """A block in which signals are handled, and which one of them ends."""
    with pytest.raises(by) as caught, handled():
        yield caught


def handlers():
    return [signal.getsignal(number) for number in NUMBERS]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_is_raised_at_once_and_what_caught_it_before_is_back_afterwards(number):
    before, went_on = handlers(), False
    with interrupted() as caught:
        send(number)
        went_on = True
    assert not went_on
    assert caught.value.exit_status == 128 + number
    assert handlers() == before
    assert received() is None


def test_it_waits_for_the_end_of_a_block_that_must_be_whole_however_many_are_nested():
    done = []
    with interrupted():
        with uncut():
            with uncut():
                send()
                done.append("inner")
            done.append("outer")
        done.append("after")
    assert done == ["inner", "outer"]


def test_a_file_that_is_being_written_becomes_whole(tmp_path):
    (tmp_path / "file").write_text("old")
    with interrupted(), replacing(tmp_path / "file") as file:
        file.write(b"new, ")
        send()
        file.write(b"and whole")
    assert (tmp_path / "file").read_text() == "new, and whole"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_error_of_a_whole_block_is_told_first_and_the_signal_after_it():
    """What went wrong can be written down; the signal still ends the command."""
    with interrupted():
        try:
            with uncut():
                send()
                raise ValueError("no")
        except ValueError as error:
            told = str(error)
    assert told == "no"


def test_while_the_work_is_ending_another_signal_does_not_disturb_it():
    with interrupted():
        try:
            send()
        finally:
            send()
            cleaned = True
    assert cleaned


def test_an_exception_that_was_swallowed_is_raised_again_at_a_safe_point():
    with interrupted():
        try:
            send()
        except BaseException:
            swallowed = True
        end_if_signalled()
    assert swallowed


def test_no_except_exception_swallows_it():
    with interrupted():
        try:
            send()
        except Exception:
            pytest.fail("it is no error")


def test_a_block_inside_another_is_the_same_block():
    with interrupted():
        with handled(), uncut():
            send()
            assert received() == signal.SIGTERM
        pytest.fail("the inner block has raised")


def test_outside_of_a_block_and_in_other_threads_nothing_waits_or_is_raised():
    seen = []

    def work():
        with handled(), uncut():
            seen.append(received())

    with interrupted(), uncut():
        send()
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert seen == [signal.SIGTERM]
    with uncut():
        end_if_signalled()


def test_a_signal_that_the_process_was_told_to_ignore_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with handled():
            send(signal.SIGINT)
            assert received() is None
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", NUMBERS[2:])
@pytest.mark.parametrize("answer", [None, ValueError("queued too often"), SystemExit(0)])
def test_a_scheduler_that_had_caught_its_own_signal_is_told_at_the_end(number, answer):
    told = []

    def requeue(received, frame):
        told.append((received, list(order)))
        if answer is not None:
            raise answer

    before, order = signal.signal(number, requeue), []
    try:
        with interrupted(SystemExit if isinstance(answer, SystemExit) else Interrupted):
            try:
                send(number)
            finally:
                order.append("saved")
    finally:
        signal.signal(number, before)
    assert told == [(number, ["saved"])]


def test_a_lock_that_a_signal_met_while_it_was_taken_is_free_again(tmp_path, monkeypatch):
    unharmed = Lock._take

    def take(self):
        unharmed(self)
        send()

    monkeypatch.setattr(Lock, "_take", take)
    with interrupted(), Lock(tmp_path / "lock.json"):
        pytest.fail("the signal comes first")
    assert owner(tmp_path / "lock.json") is None


def test_a_forked_helper_is_ended_by_sigterm_and_leaves_ctrl_c_to_its_parent():
    def helper(number):
        pid = os.fork()
        if pid == 0:
            send(number)
            os._exit(7)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    with handled():
        assert (helper(signal.SIGINT), helper(signal.SIGTERM)) == (7, -signal.SIGTERM)
    assert received() is None


def test_what_was_raised_can_travel_between_processes():
    travelled = pickle.loads(pickle.dumps(Interrupted(signal.SIGINT)))
    assert (str(travelled), travelled.exit_status, travelled.is_ctrl_c) == ("interrupted by SIGINT", 130, True)
