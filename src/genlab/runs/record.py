"""record.json: what a run was, how it ended and what it scored."""

from __future__ import annotations

import platform
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_type_hints

from genlab import __version__
from genlab.atomic import write_json
from genlab.programs import ProgramError, run_program
from genlab.redact import redact, redact_text
from genlab.runs.reading import Damaged, Newer, check_fields, read_json

SCHEMA = 2
"""The form of record.json, raised by one whenever a field is added, removed or has another meaning.

1: the first. 2: `measurement` and `unscored`. An older form is read as it is; a newer one, or a key that no form has,
is refused, so that a genlab that does not know it never trains again over it.
"""
BEFORE_TRAINING = "before training"
"""The `stage` of an error that came before the first step of training, or that the request or the machine was to blame
for. Asked for again, such a run is begun again: it counts as no try."""

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
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)
    unscored: dict[str, str] = field(default_factory=dict)
    """Metrics that could not be computed, and why."""
    measurement: str | None = None
    """The name of what was measured, see `config.fingerprint.measurement`."""
    training: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    error: dict[str, str] | None = None
    errors: list[dict[str, str]] = field(default_factory=list)
    """Errors of earlier times, oldest first."""
    schema: int = SCHEMA

    has_stepped = False
    """Whether this process has begun to train, or had nothing to train; not written down."""

    def to_json(self) -> dict[str, Any]:
        content = asdict(self)
        schema = content.pop("schema")
        return redact({"schema": schema, **content})

    def save(self, path: Path) -> None:
        write_json(path, self.to_json())

    def begin(self) -> None:
        """Mark the run as running from now on; the seconds of earlier parts of it are kept."""
        self._watch = Stopwatch()
        self.status, self.finished = "running", None
        self.started = self.started or now()
        if self.error is not None:
            self.errors.append(self.error)
            self.error = None

    @property
    def elapsed(self) -> float:
        """The seconds up to now, of earlier parts and of the one that is running: `seconds` is written at its end."""
        watch: Stopwatch | None = getattr(self, "_watch", None)
        return round(self.seconds + (watch.seconds if watch is not None and self.status == "running" else 0.0), 3)

    def end(self, status: Status, seconds: float, error: BaseException | None = None, is_try: bool = True) -> None:
        """Write down how the work ended; an error that `is_try` is not has its stage noted."""
        self.status, self.finished = status, now()
        self.seconds = round(self.seconds + seconds, 3)
        self.error = None if error is None else described(error) | ({} if is_try else {"stage": BEFORE_TRAINING})

    @property
    def tries(self) -> int:
        """How often the training failed; what came before its first step is no try."""
        failures = [*self.errors, *([self.error] if self.error is not None else [])]
        return sum(error.get("stage") != BEFORE_TRAINING for error in failures)


def load(path: Path) -> Record | None:
    """The record at `path`; None when there is none.

    Raises:
        Damaged, Newer: it is there and cannot be read as one.
    """
    remedy = f"move {path.parent} away, or run beside it with force=true"
    if (content := read_record(path, remedy)) is None:
        return None
    fields = get_type_hints(Record)
    if unknown := sorted(set(content) - set(fields)):
        raise Newer(f"{path} is of another genlab (it has the key {unknown[0]!r}): update genlab, or {remedy}")
    try:
        return Record(**content)
    except TypeError as error:  # a field without a default
        lacking = next(name for name in fields if name not in content)
        raise Damaged(f"{path} is damaged ({lacking} is missing): {remedy}") from error


def read_record(path: Path, remedy: str) -> dict[str, Any] | None:
    """The content of a file that is a record, perhaps with more keys, as that of a measurement; None without a file.

    Args:
        remedy: what a person can do when it cannot be used, as the end of a sentence.

    Raises:
        Damaged, Newer: it is there and cannot be used.
    """
    if (content := read_json(path, remedy, SCHEMA)) is not None:
        _check(content, path, remedy)
    return content


def _check(content: Mapping[str, Any], path: Path, remedy: str) -> None:
    """Refuse content that is no record: other types, scores without a number, errors without a message."""
    check_fields(content, get_type_hints(Record), path, remedy)
    for name, score in (content.get("metrics") or {}).items():
        for part in ("value", "low", "high"):
            if not _is_number(score.get(part), optional=part != "value"):
                raise Damaged(f"{path} is damaged (metrics.{name}.{part} is no number): {remedy}")
    for error in [*content.get("errors", []), *([content["error"]] if content.get("error") else [])]:
        if not (error.get("type") and error.get("message", "").strip()):
            raise Damaged(f"{path} is damaged (an error without a type or a message): {remedy}")


def _is_number(value: Any, optional: bool) -> bool:
    """Numbers that are not finite are written as text."""
    if value is None:
        return optional
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, bool)


def family_name(target: str) -> str:
    """The family that a record names for the class or function of a model: the module it stands in, in one word.

    genlab.models.vae.VAE -> vae, mygan.Gan -> mygan, mygan.Gan.small -> mygan; without a module, the name itself.
    """
    words = target.split(".")
    part = next((i for i, word in enumerate(words) if word[:1].isupper()), len(words) - 1)
    return words[max(part - 1, 0)]


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
        ended = run_program(["git", "-C", str(root), *arguments], 10.0)
        if ended.status:
            raise ProgramError(ended.errors)
        return ended.output.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD"), bool(git("status", "--porcelain", "-uno"))
    except OSError:
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
