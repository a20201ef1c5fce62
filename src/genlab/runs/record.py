"""record.json: what a run was, how it ended and what it scored."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import time
import traceback
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from genlab import __version__
from genlab.config.redact import redact, redact_text
from genlab.runs.atomic import write_json

Status = Literal["completed", "interrupted", "pruned", "failed", "running"]


@dataclass
class Record:
    """The record of a run; `save` keeps record.json valid at any moment."""

    fingerprint: str
    task_name: str
    family: str
    experiment: str | None
    seed: int
    overrides: list[str]
    status: Status = "running"
    started: str = ""
    finished: str | None = None
    seconds: float = 0.0
    metrics: dict[str, Any] = field(default_factory=dict)
    measurement: str | None = None
    """The name of what was measured, see `config.fingerprint.measurement`."""
    training: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    error: dict[str, str] | None = None
    errors: list[dict[str, str]] = field(default_factory=list)
    """Errors of earlier tries, oldest first."""
    schema: int = 1

    def to_json(self) -> dict[str, Any]:
        content = asdict(self)
        schema = content.pop("schema")
        return redact({"schema": schema, **content})

    def save(self, path: Path) -> None:
        write_json(path, self.to_json())

    def begin(self) -> None:
        """Mark the run as running from now on; the seconds of earlier parts of it are kept."""
        self.status, self.finished = "running", None
        self.started = self.started or now()
        if self.error is not None:
            self.errors.append(self.error)
            self.error = None

    def end(self, status: Status, seconds: float, error: BaseException | None = None) -> None:
        self.status, self.finished = status, now()
        self.seconds = round(self.seconds + seconds, 3)
        self.error = None if error is None else described(error)


def load(path: Path) -> Record | None:
    """The record at `path`; None when there is none or it cannot be read as one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Record(**content)
    except (OSError, ValueError, TypeError):
        return None


def described(error: BaseException) -> dict[str, str]:
    """Type, message and traceback of an error, free of secrets."""
    text = "".join(traceback.format_exception(error))
    return {
        "type": type(error).__name__,
        "message": redact_text(str(error).strip() or type(error).__name__),
        "traceback": redact_text(text),
    }


def now() -> str:
    """The time, in ISO 8601, UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0).isoformat()


def environment(device: str, threads: int) -> dict[str, Any]:
    """Software and machine of this process."""
    import torch

    commit, dirty = _commit()
    return {
        "genlab": __version__,
        "commit": commit,
        "dirty": dirty,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": device,
        "threads": threads,
    }


@cache
def _commit() -> tuple[str | None, bool | None]:
    """The commit of genlab's own checkout, and whether it has changes; None when it is installed without one."""
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        return None, None

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=10, check=True
        ).stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD"), bool(git("status", "--porcelain", "-uno"))
    except (OSError, subprocess.SubprocessError):
        return None, None


def peak_memory_bytes() -> int:
    """The most memory that this process has held, in bytes."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start
