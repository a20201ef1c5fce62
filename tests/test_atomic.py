"""A file is whole or absent, and what was there before survives every failure."""

import errno
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genlab import atomic


def test_a_failure_while_writing_leaves_the_old_content_and_no_rubbish(tmp_path):
    path = tmp_path / "record.json"
    path.write_text("old")

    def write_half():
        with atomic.replacing(path) as file:
            file.write(b"new")
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        write_half()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["record.json"]


def test_a_full_disk_is_called_by_its_name(tmp_path):
    path = tmp_path / "record.json"
    path.write_text("old")
    with pytest.raises(atomic.DiskFull, match="the disk is full"), atomic.replacing(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert path.read_text() == "old"


def test_a_really_full_device_keeps_the_old_checkpoint(tmp_path):
    """On a 1 MB file system, if this user may mount one."""
    import subprocess

    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)], capture_output=True
    ).returncode:
        pytest.skip("no right to mount a small file system")
    try:
        path = tmp_path / "last.ckpt"
        atomic.write_text(path, "good")
        with pytest.raises(atomic.DiskFull), atomic.replacing(path) as file:
            file.write(b"x" * 2**21)
        assert path.read_text() == "good"
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    )
)
def test_any_record_is_valid_json(value):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.json"
        atomic.write_json(path, value)
        json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_permissions_follow_the_umask(tmp_path):
    import os

    old = os.umask(0o022)
    try:
        atomic.write_text(tmp_path / "a", "x")
    finally:
        os.umask(old)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644
