"""A sweep's folder: `<store>/sweeps/<name>/` with its manifest and a readable link to the folder of each run."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from genlab.atomic import write_json
from genlab.config.keys import decides
from genlab.redact import redact
from genlab.runs.reading import Damaged, check_fields, or_noted, read_json
from genlab.runs.record import now
from genlab.runs.store import SWEEPS

_SCHEMA = 1
_FIELDS = {"name": str, "started": str, "finished": str | None, "rows": list[dict[str, Any]]}
_ROW = {"overrides": list[str], "task_name": str, "fingerprint": str, "run": str, "status": str}
_UNFINISHED = {"interrupted", "running"}


class Planned(NamedTuple):
    """A job of a sweep: what was asked for, the folder of its run, and what it measures (`config.fingerprint`)."""

    overrides: Sequence[str]
    run: Path
    measurement: str | None = None


class Sweep:
    """The sweep called `name` in the store at `root`; rows of an earlier sweep of that name stay in it.

    A row is {"overrides": [...], "task_name", "fingerprint", "run": folder below the store, "measurement", "status"},
    the status "planned" until the run ends, then the run's own; "interrupted" for one that had not begun when the sweep
    was ended. Two rows may measure one run in different ways.
    """

    def __init__(self, root: Path | str, name: str) -> None:
        self._root = Path(root).expanduser().resolve()
        self.name = safe(name)
        self.folder = self._root / SWEEPS / self.name
        self.manifest = self.folder / "manifest.json"

    def rows(self) -> list[dict[str, Any]]:
        """The rows so far; none when there is no manifest.

        Raises:
            Damaged, Newer: the manifest cannot be used.
        """
        return list(_read(self.manifest).get("rows", []))

    def plan(self, jobs: Sequence[Planned | tuple[Sequence[str], Path]]) -> None:
        """Write down the jobs that are about to start, and link to the folders of their runs.

        Raises:
            Damaged, Newer: the manifest that is there cannot be used, and is left as it is.
        """
        planned = [Planned(redact(list(job[0])), *job[1:]) for job in jobs]
        rows = [
            {
                "overrides": words, "task_name": path.parent.name, "fingerprint": path.name,
                "run": path.relative_to(self._root).as_posix(), "measurement": measurement, "status": "planned",
            }
            for words, path, measurement in planned
        ]  # fmt: skip
        with self._owned():
            self._write(rows, finished=None)
            shared = set.intersection(*(set(job.overrides) for job in planned)) if len(planned) > 1 else set()
            for given, path, _ in planned:
                self._link(readable([word for word in given if word not in shared]), path)

    def note(self, run: Path, measurement: str | None, status: str) -> None:
        """Write down how one job ended, if it is a row: the run, and what was to be measured of it."""
        key = (os.path.relpath(run, self._root), measurement)
        if self.manifest.exists():
            with self._owned():
                manifest = _read(self.manifest)
                changed = [row | {"status": status} for row in manifest.get("rows", []) if _what(row) == key]
                if any(row not in manifest["rows"] for row in changed):
                    self._write(changed, manifest.get("finished"))

    def conclude(self, statuses: Mapping[tuple[Path, str | None], str]) -> None:
        """Write down how the jobs ended: (run folder, measurement) -> status. With unfinished ones it is not finished.

        Raises:
            Damaged, Newer: the manifest cannot be used.
        """
        ended = {(path.relative_to(self._root).as_posix(), what): status for (path, what), status in statuses.items()}
        finished = None if _UNFINISHED & set(statuses.values()) else now()
        with self._owned():
            self._write([row | {"status": ended.get(_what(row), row["status"])} for row in self.rows()], finished)

    def _write(self, changed: Sequence[dict[str, Any]], finished: str | None) -> None:
        manifest = _read(self.manifest) or {"schema": _SCHEMA, "name": self.name, "started": now()}
        rows = {_what(row): row for row in [*manifest.get("rows", []), *changed]}
        write_json(self.manifest, manifest | {"finished": finished, "rows": list(rows.values())})

    def _link(self, name: str, run: Path) -> None:
        target = os.path.relpath(run, self.folder)
        for link in (self.folder / (name or run.name), self.folder / f"{name}-{run.name}"):
            if link.is_symlink() and os.readlink(link) == target:
                return
            if not link.is_symlink() and not link.exists():
                with contextlib.suppress(OSError):  # a file system without links has the manifest
                    link.symlink_to(target, target_is_directory=True)
                return

    @contextlib.contextmanager
    def _owned(self) -> Iterator[None]:
        """One process at a time reads the manifest and writes it again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("a") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield


def _what(row: Mapping[str, Any]) -> tuple[str, str | None]:
    """What makes a row one of its own: the run, and what is measured of it."""
    return row["run"], row.get("measurement")


def sweeps_of_runs(root: Path | str) -> dict[str, list[str]]:
    """Run folder -> the names of the sweeps that asked for it. A manifest that cannot be used is named in a notice."""
    root = Path(root).expanduser().resolve()
    sweeps: dict[str, list[str]] = {}
    for path in sorted((root / SWEEPS).glob("*/manifest.json")):
        for row in (or_noted(partial(_read, path)) or {}).get("rows", []):
            sweeps.setdefault(str(root / row["run"]), []).append(path.parent.name)
    return sweeps


def safe(name: str) -> str:
    """A file name that stays in its folder: letters, digits and `.=+_-`, at most 96 of them, no dot in front."""
    return re.sub(r"[^A-Za-z0-9.=+_-]+", "-", name).strip(".-")[:96] or "sweep"


def readable(words: Sequence[str]) -> str:
    """['model.coding_size=16', 'seed=1'] -> 'coding_size=16_seed=1'; without words that change no result, ''."""
    kept = [word.lstrip("+~").partition("=") for word in words if decides(word.partition("=")[0]) != "nothing"]
    text = "_".join(f"{key.rpartition('.')[2]}={value}" for key, _, value in kept)
    return safe(text) if text else ""


def _read(path: Path) -> dict[str, Any]:
    """The content of a manifest, {} when there is none.

    Raises:
        Damaged, Newer: it is there and cannot be used.
    """
    remedy = "move it away, or give the sweep another name with sweep=NAME"
    if (content := read_json(path, remedy, _SCHEMA)) is None:
        return {}
    check_fields(content, _FIELDS, path, remedy)
    for number, row in enumerate(content.get("rows", [])):
        if lacking := [key for key in _ROW if key not in row]:
            raise Damaged(f"{path} is damaged (rows[{number}] has no {lacking[0]}): {remedy}")
        check_fields(row, _ROW, path, remedy)
    return content
