"""Errors of memory and disk, as the libraries raise them, become one sentence each."""

import errno

import numpy as np
import pytest
import torch

from genlab.atomic import DiskFull
from genlab.failures import OutOfMemory, plainly


@pytest.mark.parametrize(
    ("allocate", "size"),
    [
        (lambda: torch.empty(10**15), " for 3.73e+06 GiB more"),
        (lambda: np.ones(10**15), " for 7.11 PiB more"),
        (lambda: bytearray(10**15), ""),
        (lambda: torch.nn.Linear(10**8, 10**8), " for 3.73e+07 GiB more"),
    ],
)
def test_every_way_to_run_out_of_memory_is_called_so(allocate, size):
    with pytest.raises((RuntimeError, MemoryError)) as caught:
        allocate()
    said = plainly(caught.value)
    assert isinstance(said, OutOfMemory)
    assert str(said).startswith(f"the memory is too small{size}: try a smaller dataset.batch_size")
    assert said.__cause__ is caught.value


def test_cudas_words_are_known():
    """As torch 2.15 writes them; a GPU is not needed for the translation."""
    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of ...")
    assert str(plainly(error)).startswith("the GPU's memory is too small for 20.00 GiB more: ")


def test_a_full_disk_is_called_so(tmp_path):
    said = plainly(OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "x")))
    assert isinstance(said, DiskFull)
    assert f"the disk is full: {tmp_path}/x could not be written" in str(said)


@pytest.mark.parametrize("error", [ValueError("no"), OSError(errno.ENOENT, "gone"), RuntimeError("shape mismatch")])
def test_other_errors_stay_what_they_are(error):
    assert plainly(error) is error
