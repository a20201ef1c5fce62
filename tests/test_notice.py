"""What genlab warns of is read by a person; what its libraries warn of is kept for who looks for it."""

from __future__ import annotations

import warnings

import pytest

from genlab.notice import Notice, in_one_line


def test_a_notice_is_one_line_without_secrets(capfd: pytest.CaptureFixture[str]) -> None:
    with in_one_line():
        warnings.warn("the server http://me:secret@host does not answer", Notice, stacklevel=1)
    err = capfd.readouterr().err
    assert err.startswith("note: the server http://")
    assert err.count("\n") == 1
    assert "secret" not in err


def test_other_warnings_are_left_as_they_were() -> None:
    before = warnings.showwarning
    with pytest.warns(DeprecationWarning, match="old"), in_one_line():
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert warnings.showwarning is before


def test_a_run_shows_its_notices_and_logs_all_warnings(tmp_path, capfd) -> None:
    from genlab.runs.job import _logged_to

    log = tmp_path / "train.log"
    with in_one_line(), _logged_to(log):
        warnings.warn("few samples", Notice, stacklevel=1)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert capfd.readouterr().err == "note: few samples\n"
    assert "few samples" in log.read_text()
    assert "old" in log.read_text()
