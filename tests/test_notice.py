"""What genlab warns of is read by a person; what its libraries warn of is kept for who looks for it."""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest

from genlab.commands.noting import noted
from genlab.notice import Notice, in_one_line


def test_a_notice_is_one_line_without_secrets(capfd: pytest.CaptureFixture[str]) -> None:
    with in_one_line():
        warnings.warn("the server http://me:secret@host does not answer", Notice, stacklevel=1)
    err = capfd.readouterr().err
    assert err.startswith("note: the server http://")
    assert err.count("\n") == 1
    assert "secret" not in err


def test_a_notice_is_told_once_in_a_command(capfd: pytest.CaptureFixture[str]) -> None:
    with in_one_line():
        with noted() as notes:
            warnings.warn("few steps", Notice, stacklevel=1)
        warnings.warn("few steps", Notice, stacklevel=1)
        warnings.warn("few samples", Notice, stacklevel=1)
        warnings.warn("few steps", Notice, stacklevel=2)
    assert notes == ["few steps"]
    assert capfd.readouterr().err == "note: few steps\nnote: few samples\n"
    with in_one_line():
        warnings.warn("few steps", Notice, stacklevel=1)
    assert capfd.readouterr().err == "note: few steps\n"


def test_other_warnings_are_left_as_they_were() -> None:
    before = warnings.showwarning
    with pytest.warns(DeprecationWarning, match="old"), in_one_line():
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert warnings.showwarning is before


def test_a_run_shows_its_notices_and_logs_all_warnings(tmp_path, capfd) -> None:
    from genlab.runs.log import logged_to

    log = tmp_path / "train.log"
    with in_one_line(), logged_to(log):
        warnings.warn("few samples", Notice, stacklevel=1)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert capfd.readouterr().err == "note: few samples\n"
    assert "few samples" in log.read_text()
    assert "old" in log.read_text()


def test_a_training_says_nothing_but_its_table(tmp_path) -> None:
    """In a process of its own: Lightning's loggers get their handlers when it is imported, and that once."""
    words = ["experiment=autoencoder/cvae_digits", "trainer.max_steps=1", "trainer.max_epochs=1", "metrics=none"]
    more = ["callbacks.previews=null", "logger.wandb.mode=offline", f"paths.output_dir={tmp_path}"]
    command = [sys.executable, "-m", "genlab", "train", *words, *more]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0
    assert done.stderr == ""
    (log,) = tmp_path.glob("train/*/train.log")
    assert "GPU available" in log.read_text()  # who looks for it finds it
