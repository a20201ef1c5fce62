"""What a person is told of an error: sentences on the terminal, and the traceback in a file."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from genlab import __version__
from genlab.errors import ConfigError
from genlab.failures import OutOfMemory, plainly, sentence
from genlab.redact import redact_text

_REQUEST = (ValueError, OSError, ImportError, OutOfMemory)
"""What the request or the machine is to blame for; every other error is genlab's own."""


def tell(error: Exception, words: Sequence[str]) -> int:
    """Print what is wrong, one line a problem; returns the exit status. `words` are those of the command."""
    problems, status = problems_and_status(error, words)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    return status


def problems_and_status(error: Exception, words: Sequence[str]) -> tuple[list[str], int]:
    """What is wrong, a sentence a problem, free of secrets; the traceback is kept where more than a config is wrong.

    Returns:
        The sentences, and the exit status: 2 for a request that cannot be carried out, 1 for an error of genlab's own.
    """
    cause = plainly(error)
    if not _has_working_directory():
        cause = ConfigError("the working directory has been deleted: change into one that is there")
    if isinstance(cause, ConfigError):
        return [redact_text(problem) for problem in cause.problems], 2
    kept = _keep(error, words)
    where = f"the traceback is in {kept}" if kept is not None else "its traceback could not be written to a file"
    if isinstance(cause, _REQUEST):
        return [redact_text(f"{_key(cause, words)}{sentence(cause)}; {where}")], 2
    own = f"genlab met an error of its own: {type(cause).__name__}: {sentence(cause)}; {where}"
    return [redact_text(own)], 1


def _has_working_directory() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True


def _key(error: Exception, words: Sequence[str]) -> str:
    """ "key = folder: " where the file of a system's error lies in a folder that the command names; else empty."""
    name = getattr(error, "filename", None)
    if not isinstance(name, str | Path):
        return ""
    file = Path(name).absolute()
    given = [word.partition("=")[::2] for word in words if "=" in word]
    for key, value in [*given, ("paths.output_dir", "outputs")]:
        folder = Path(value.strip("'\"")).expanduser().absolute()
        if value and (file == folder or folder in file.parents or file in folder.parents):
            return f"{key} = {value}: "
    return ""


def _keep(error: Exception, words: Sequence[str]) -> Path | None:
    """The file with the traceback: in `errors/` of the store that there is, else a temporary one; None without room."""
    from genlab.runs.store import ERRORS

    given = [word.partition("=")[2] for word in words if word.startswith("paths.output_dir=")]
    store = Path(given[-1] if given else "outputs").expanduser()
    started = datetime.now(UTC)
    command = " ".join(["genlab", *words])
    text = f"{started.isoformat()}\n{command}\ngenlab {__version__}, Python {platform.python_version()}\n\n"
    text = redact_text(text + "".join(traceback.format_exception(error)))
    name = f"{started:%Y%m%d-%H%M%S}-{os.getpid()}.txt"
    try:
        folder = store / ERRORS
        if store.is_dir():
            folder.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", errors="backslashreplace")
            return folder / name
    except OSError:
        pass
    try:
        with tempfile.NamedTemporaryFile("w", prefix="genlab-error-", suffix=".txt", delete=False) as file:
            file.write(text.encode(errors="backslashreplace").decode())
        return Path(file.name)
    except OSError:
        return None
