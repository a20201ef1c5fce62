"""Runs that are named as they were when what is measured, too, decided a run's name: found by their new name.

A store is looked through once; what was found is kept in `<store>/older_names.json`. No folder is renamed, because
manifests, links and notes of people name it.
"""

from __future__ import annotations

import re
import warnings

from omegaconf import DictConfig

from genlab.atomic import write_json
from genlab.config.fingerprint import fingerprint, name_with_measurement, of_saved
from genlab.notice import Notice
from genlab.runs.reading import Damaged, check_fields, or_noted, read_json
from genlab.runs.store import Run, Store

FILE = "older_names.json"


def older_name(store: Store, task_name: str, name: str) -> Run | None:
    """The run of an older name whose training is the one that `name` names; None when there is none."""
    folder = _names(store).get(f"{task_name}/{name}")
    run = None if folder is None else store.run(task_name, folder)
    return run if run is not None and run.path.is_dir() else None


def _names(store: Store) -> dict[str, str]:
    """Task and new fingerprint -> the name of the folder. Made at the first call for a store that has runs."""
    path = store.root / FILE
    try:
        if (content := read_json(path, "delete it, and it is made again")) is not None:
            check_fields(content, {"runs": dict[str, str]}, path, "delete it, and it is made again")
            return dict(content.get("runs", {}))
    except Damaged as error:
        warnings.warn(f"{error}; it is made again now", Notice, stacklevel=2)
    names = _look_through(store)
    if store.root.is_dir() and any(store):
        write_json(path, {"schema": 1, "runs": names})
    return names


def _look_through(store: Store) -> dict[str, str]:
    """The newest completed one of several runs of one training, else the newest."""
    best: dict[str, tuple[bool, str, str]] = {}
    for run in store:
        task, folder = run.path.parent.name, run.path.name
        if (record := or_noted(run.record)) is None or (new := _new_name(run, str(record.data.get("sha256")))) is None:
            continue
        worth = (record.status == "completed", record.started, folder)
        if not (run.path.parent / new).exists():
            best[f"{task}/{new}"] = max(worth, best.get(f"{task}/{new}", worth))
    return {new: folder for new, (_, _, folder) in best.items()}


def _new_name(run: Run, data_checksum: str) -> str | None:
    """The name that the run would have today; None where its own is no older name of the same results."""

    def name(cfg: DictConfig) -> str | None:
        is_older = re.sub(r"-\d+$", "", run.path.name) == name_with_measurement(cfg, data_checksum)
        return fingerprint(cfg, data_checksum, follow=False) if is_older else None

    return of_saved(run.config, name)
