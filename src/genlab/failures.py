"""What a library says in its own way, in one sentence for a user: no memory, no room, a process that failed."""

from __future__ import annotations

import errno
import os
import re

from genlab.atomic import DiskFull
from genlab.errors import ConfigError

_SYSTEM = {
    errno.ENOENT: "does not exist",
    errno.ENOTDIR: "cannot be there: a part of its path is a file",
    errno.EEXIST: "is there already, and not as a folder",
    errno.EISDIR: "is a folder, and a file is needed",
    errno.EACCES: "may not be read or written: permission is denied",
    errno.EPERM: "may not be read or written: permission is denied",
    errno.EROFS: "cannot be written: its disk or folder is read-only",
    errno.ELOOP: "is a link that leads back to itself",
    errno.ENAMETOOLONG: "has too long a name",
}
"""What the system says of a file -> how a person would say it."""


def sentence(error: BaseException) -> str:
    """What an error says, as one line: of the system's errors in plain words, of other libraries' the first line."""
    if isinstance(error, ConfigError):
        return "; ".join(error.problems)
    if isinstance(error, OSError) and error.filename is not None and error.errno in _SYSTEM:
        return f"{os.fsdecode(error.filename)} {_SYSTEM[error.errno]}"
    text = str(error).strip()
    if isinstance(error, KeyError) and error.args:
        text = f"there is no {error.args[0]!r}"
    if not text:
        return type(error).__name__
    return text if type(error).__module__.startswith("genlab.") else text.splitlines()[0]


class OutOfMemory(RuntimeError):
    """The main memory or the GPU's was too small."""


class CalledExit(RuntimeError):
    """Something that the run uses called sys.exit: the process was to end before the run was done."""


def plainly(error: Exception | SystemExit) -> Exception:
    """The same error, said plainly; one that needs no translation is returned as it is."""
    plain: Exception | None = None
    if isinstance(error, SystemExit):
        plain = CalledExit(f"sys.exit({error.code!r}) was called before the run was done; its traceback says where")
    elif type(error).__name__ == "MisconfigurationException":  # Lightning's, on what the trainer was given
        plain = ConfigError(f"trainer: {sentence(error)}")
    elif type(error).__name__ == "ProcessRaisedException":  # of a spawned process: its traceback, the reason at its end
        plain = RuntimeError(str(error).strip().splitlines()[-1])
    elif is_of_memory(error):
        plain = OutOfMemory(f"the {_where(error)} is too small{_asked_for(str(error))}: {_REMEDY}")
    elif isinstance(error, OSError) and not isinstance(error, DiskFull) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        plain = DiskFull(error.errno, f"the disk is full: {error.filename or 'a file'} could not be written")
    else:
        return error
    plain.__cause__ = error
    return plain


_REMEDY = "try a smaller dataset.batch_size, a smaller model, or fewer hydra.launcher.workers"
_SIGNS = ("DefaultCPUAllocator", "out of memory", "std::bad_alloc", "Cannot allocate memory", "can't allocate memory")


def is_of_memory(error: BaseException) -> bool:
    """Whether the main memory or the GPU's was too small, whatever library says so."""
    return isinstance(error, MemoryError) or any(sign in str(error) for sign in _SIGNS)


def _where(error: Exception) -> str:
    return "GPU's memory" if "CUDA" in str(error) or "MPS" in str(error) else "memory"


def _asked_for(text: str) -> str:
    """Of torch on the CPU "tried to allocate 4096 bytes", of CUDA "Tried to allocate 2.00 GiB", of numpy "7.11 PiB"."""
    amount = re.search(r"allocate ([\d.]+) (bytes|[KMGTP]iB)", text)
    if amount is None:
        return ""
    size = f"{float(amount[1]) / 2**30:.3g} GiB" if amount[2] == "bytes" else f"{amount[1]} {amount[2]}"
    return f" for {size} more"
