"""A process may be killed at any moment of a save: a whole checkpoint as new as the last finished save is found."""

import builtins
import os
import socket
import tempfile
import warnings
from unittest import mock

import pytest
import torch

from genlab import atomic
from genlab.regular import file_digest
from genlab.runs import checkpoint_io
from genlab.runs.checkpoint_io import AtomicCheckpointIO
from genlab.runs.store import Run, is_whole

CALLS = [
    (builtins, "open"), (tempfile, "mkstemp"),
    *((os, name) for name in ("open", "close", "fsync", "replace", "rename", "link", "unlink", "remove", "chmod")),
]  # fmt: skip
"""What changes a disk. A killed process makes none of them any more."""


class Killed(BaseException):
    pass


class Fuse:
    """Lets so many calls to the system pass, and none after them: not even those that would tidy up."""

    def __init__(self, passing):
        self.passing = passing
        self.made = 0

    def guarded(self, call):
        def guard(*arguments, **options):
            if self.made >= self.passing:
                raise Killed
            self.made += 1
            return call(*arguments, **options)

        return guard

    def __enter__(self):
        self._patches = [mock.patch.object(home, name, self.guarded(getattr(home, name))) for home, name in CALLS]
        for patch in self._patches:
            patch.start()

    def __exit__(self, *_):
        for patch in reversed(self._patches):
            patch.stop()


def save(run, step, name="last.ckpt"):
    content = {"global_step": step, "weights": torch.full((8,), float(step))}
    AtomicCheckpointIO().save_checkpoint(content, run.checkpoints / name)


def note_beside(path):
    content = checkpoint_io.load(path)
    torch.save(content, path)
    path.with_name(path.name + ".sha256").write_text(file_digest(path) + "\n")


def nothing(run):
    return 0


def first(run):
    save(run, 1)
    return 1


def two(run):
    save(run, 1)
    save(run, 2)
    return 2


def newest_is_damaged(run):
    two(run)
    (run.checkpoints / "last.ckpt").write_bytes(b"damaged")
    return 1


def newest_is_missing(run):
    two(run)
    (run.checkpoints / "last.ckpt").unlink()
    return 1


def earlier_version(run):
    two(run)
    for name in ("last.ckpt", "previous.ckpt"):
        note_beside(run.checkpoints / name)
    return 2


def newest_step(run):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = run.checkpoint()
    return 0 if path is None else checkpoint_io.load(path)["global_step"]


STATES = [nothing, first, two, newest_is_damaged, newest_is_missing, earlier_version]


@pytest.mark.parametrize("before", STATES)
def test_a_kill_at_any_call_to_the_system_leaves_the_last_finished_save(before, tmp_path):
    """Two saves, killed at the k-th call: for every k until both are finished."""
    k = 0
    while True:
        run = Run(tmp_path / str(k))
        run.checkpoints.mkdir(parents=True)
        finished = before(run)
        assert newest_step(run) == finished
        fuse = Fuse(k)
        try:
            with fuse:
                for step in (10, 20):
                    save(run, step)
                    finished = step
        except Killed:
            assert newest_step(run) >= finished
        else:
            break
        save(run, 30)  # the run that goes on
        assert newest_step(run) == 30
        atomic.remove_leftovers(run.path)
        assert not list(run.path.rglob("*.tmp"))
        k += 1
    assert k > 10
    assert (newest_step(run), is_whole(run.checkpoints / "previous.ckpt")) == (20, True)


def test_the_best_checkpoint_is_whole_at_any_call_to_the_system(tmp_path):
    run = Run(tmp_path)
    save(run, 1, "best.ckpt")
    for k in range(100):
        try:
            with Fuse(k):
                save(run, k + 2, "best.ckpt")
        except Killed:
            assert is_whole(run.checkpoints / "best.ckpt")
        else:
            break
    assert 5 < k < 99


def test_a_damaged_newest_checkpoint_never_takes_the_place_of_the_one_before_it(tmp_path):
    run = Run(tmp_path)
    newest_is_damaged(run)
    save(run, 3)
    assert checkpoint_io.load(run.checkpoints / "last.ckpt")["global_step"] == 3
    assert checkpoint_io.load(run.checkpoints / "previous.ckpt")["global_step"] == 1


def left_behind(folder, pid, monkeypatch):
    """The temporary file of `replacing` in a process that was killed while it wrote, by the name that it really has."""
    before = set(folder.glob(".*.tmp"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: pid)
        with atomic.replacing(folder / "record.json"):
            (path,) = set(folder.glob(".*.tmp")) - before
    path.write_text("")
    return path


def test_leftovers_of_the_dead_are_removed_and_files_that_others_write_are_not(tmp_path, monkeypatch):
    for name in ("samples", "wandb/run-1/files"):
        (tmp_path / name).mkdir(parents=True)
    dead = [left_behind(folder, 999999999, monkeypatch) for folder in (tmp_path, tmp_path / "samples")]
    wandbs = tmp_path / "wandb/run-1/files" / dead[0].name
    kept = [left_behind(tmp_path, os.getppid(), monkeypatch), tmp_path / "mine.tmp", tmp_path / ".lock", wandbs]
    kept += [tmp_path / "samples" / name for name in (".x.png.999999999.ab.tmp", ".step_1.png.abc_d.tmp", ".x.tmp")]
    with monkeypatch.context() as patch:
        patch.setattr(socket, "gethostname", lambda: "another.host")
        kept.append(left_behind(tmp_path, 999999998, monkeypatch))
    for path in kept:
        path.write_text("")
    atomic.remove_leftovers(tmp_path)
    assert [path.exists() for path in dead + kept] == [False] * 2 + [True] * len(kept)
