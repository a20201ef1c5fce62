"""Forking with care: whether a process can still be forked, and how its children notice that it is gone."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading

from genlab.errors import ConfigError

PATIENCE_SECONDS = 20.0
_REMEDY = "run the sweep as a command of its own (genlab train -m ...), or take launcher=inline"


class Lifeline:
    """A pipe that the parent alone holds open while the block runs: its end tells the children that the parent died.

    So it does whatever ended the parent, SIGKILL included, and on any system.
    """

    def __enter__(self) -> Lifeline:
        self._read, self._write = os.pipe()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._read)
        os.close(self._write)

    def watch(self) -> None:
        """In a child: send SIGTERM to this process when the parent is gone."""
        os.close(self._write)
        threading.Thread(target=self._wait, daemon=True, name="genlab-lifeline").start()

    def _wait(self) -> None:
        os.read(self._read, 1)
        os.kill(os.getpid(), signal.SIGTERM)


def refuse_if_spoilt(threads: int) -> None:
    """Try whether a child of this process can compute with `threads` threads; without torch nothing was computed.

    OpenMP's threads do not come along with a fork: when this process has computed with several, as a notebook or a
    test has, a child that does so waits for them for ever. So a child tries, and is ended when it does not come back.

    Raises:
        ConfigError: it cannot, or this process has initialised CUDA, which a child cannot use then.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return
    if torch.cuda.is_initialized():
        raise ConfigError(f"launcher=local cannot start jobs from a process that has used the GPU: {_REMEDY}")
    if threads == 1:  # no other thread to wait for
        return
    child = multiprocessing.get_context("fork").Process(target=_compute, args=(threads,), daemon=True)
    child.start()
    child.join(PATIENCE_SECONDS)
    if child.is_alive():
        child.kill()
        child.join()
        raise ConfigError(
            f"launcher=local cannot start jobs of {threads} threads from a process that has computed with several "
            f"itself: {_REMEDY}, or hydra.launcher.threads=1"
        )


def _compute(threads: int) -> None:
    import torch

    with contextlib.suppress(RuntimeError):
        torch.set_num_threads(threads)
    torch.ones(2**20).exp().sum()  # large enough to be shared among threads
