"""Finds the runs of a report and reads what they left: record, config, history, pictures, later evaluations."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from genlab.config.keys import decides
from genlab.config.untrusted import limited_text
from genlab.errors import ConfigError
from genlab.notice import Notice
from genlab.reports.sweep_keys import overrides
from genlab.runs import record as records
from genlab.runs.lock import owner
from genlab.runs.measurements import CONFIG
from genlab.runs.reading import or_noted
from genlab.runs.store import Run

_PICTURE = re.compile(r"step_(?P<step>\d+)(?:_(?P<kind>\w+))?\.(?:png|wav|gif|mp4)")

OF_A_SAMPLER = ("samples", "unfolding", "edited")
"""Kinds of pictures that another sampler draws otherwise."""


@dataclass(frozen=True)
class Collected:
    """A run, another measurement of one, or a later evaluation of one: then its record has an "evaluation"."""

    run: Run
    record: dict[str, Any]
    config: dict[str, Any]
    is_again: bool = False
    """Another record of a run that is in the list already: its curves, pictures and time are that run's."""

    def value(self, key: str) -> str | None:
        """The value of a dotted key in the run: its override, else its config's; None when it has no such key."""
        given = overrides(self.record)
        if key in given:
            return given[key]
        node: Any = self.config
        for part in key.split("."):
            node = node.get(part) if isinstance(node, Mapping) else None
        if isinstance(node, Mapping):
            node = str(node.get("_target_", "")).rpartition(".")[2] or None
        return None if node is None or isinstance(node, list) else str(node)

    @property
    def trained(self) -> Collected:
        """The run itself, also where this is a later evaluation of it."""
        return replace(self, record={key: value for key, value in self.record.items() if key != "evaluation"})

    def pictures(self) -> dict[str, dict[int, Path]]:
        """Kind ("samples", "reconstructions") -> training step -> file, a picture, a sound or a film: what the run drew
        while it trained, or, of a later evaluation, what the sampler of that evaluation drew."""
        if "evaluation" in self.record:
            step = int((self.record.get("training") or {}).get("steps") or 0)
            folder = self.run.path / "evaluations" / str(self.record["evaluation"])
            files = {kind: folder / f"{kind}.png" for kind in OF_A_SAMPLER}
            endings = {"sound": ".wav", "film": ".gif", "spectrogram": ".png"}
            files |= {kind: folder / f"samples_{kind}{ending}" for kind, ending in endings.items()}
            return {kind: {step: file} for kind, file in files.items() if file.is_file()}
        by_kind: dict[str, dict[int, Path]] = {}
        for path in sorted(self.run.samples.glob("step_*.*")):
            if match := _PICTURE.fullmatch(path.name):
                by_kind.setdefault(match["kind"] or "samples", {})[int(match["step"])] = path
        return by_kind

    def own_pictures(self) -> dict[str, dict[int, Path]]:
        """The pictures without those that another record of the same run has, too."""
        return {} if self.is_again and "evaluation" not in self.record else self.pictures()


def collect(folders: Iterable[Path], sweep: str | None = None) -> list[Collected]:
    """Every run in or below `folders`, oldest first, each once; with `sweep`, those of the sweep of that name.

    A folder below that has no record is no run and is left out; so is a run whose record is damaged, with a notice.

    Raises:
        ConfigError: a folder does not exist, or none of them holds a run.
    """
    by_path: dict[Path, Collected] = {}
    folders = list(folders)
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"{folder} is no folder")
        for file in [folder / "record.json", *sorted(folder.glob("**/record.json"))]:
            path = file.parent.resolve()
            if path not in by_path and file.is_file() and (read := _read(Run(path))) is not None:
                by_path[path] = read
    runs = [run for run in by_path.values() if sweep is None or run.config.get("sweep") == sweep]
    if not runs:
        where = ", ".join(str(folder) for folder in folders)
        raise ConfigError(f"{where} holds no run{f' of the sweep {sweep}' if sweep else ''}")
    runs.sort(key=lambda run: str(run.record.get("started") or ""))
    return [each for run in runs for each in (run, *_evaluations(run))]


def _read(run: Run) -> Collected | None:
    record = or_noted(run.record)
    if record is None:
        return None
    content = record.to_json()
    if content["status"] == "running" and owner(run.lock_file) is None:
        content["status"] = "interrupted"
    return Collected(run, content, _config(run.config_file))


def _evaluations(run: Collected) -> list[Collected]:
    """The run scored again: by `genlab train`, with the overrides and the config of that request, or as `genlab
    evaluate` left it, with the run's overrides before the evaluation's own."""
    evaluations = []
    for file in sorted(run.run.path.glob("evaluations/*.json")):
        if (record := or_noted(partial(records.read_record, file, "evaluate the run again"))) is None:
            continue
        if isinstance(measured := record.pop(CONFIG, None), Mapping):
            trained = {key: value for key, value in run.config.items() if decides(key) != "measurement"}
            evaluations.append(Collected(run.run, record, trained | dict(measured), is_again=True))
            continue
        own = record.get("overrides", [])
        given = [*run.record["overrides"], *own]
        again = {**record, "overrides": given, "evaluation": file.stem, "evaluation_overrides": own}
        evaluations.append(Collected(run.run, again, run.config, is_again=True))
    return evaluations


def _config(path: Path) -> dict[str, Any]:
    """A config as plain data. YAML's own fast reader: hundreds of configs are read for a page."""
    import yaml

    try:
        content = yaml.load(limited_text(path, aliases=False), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        content = None
    if isinstance(content, dict):
        return content
    warnings.warn(f"{path} is damaged; the run is shown without its config", Notice, stacklevel=2)
    return {}
