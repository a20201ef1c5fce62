"""The store: run folders named by fingerprint under one root, found again by any later request."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from genlab import atomic
from genlab.config.places import ERRORS, EVALUATIONS, OWN_FOLDERS, REPORTS, STUDIES, SWEEPS  # noqa: F401
from genlab.config.renamed import present_names
from genlab.config.untrusted import load_untrusted
from genlab.errors import ConfigError, listed
from genlab.notice import Notice
from genlab.redact import redact
from genlab.regular import MOST_BYTES, file_digest, read_regular
from genlab.runs import record, sealing
from genlab.runs.reading import Damaged, or_noted
from genlab.runs.record import Record

LAST, PREVIOUS = "last.ckpt", "previous.ckpt"
"""Of a run's checkpoints the newest, and the one before it."""


class Run:
    """A run's folder and the files of its contract. No dataclass: Hydra would turn it into a config."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def config_file(self) -> Path:
        return self.path / "config.yaml"

    @property
    def record_file(self) -> Path:
        return self.path / "record.json"

    @property
    def history_file(self) -> Path:
        return self.path / "history.jsonl"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def samples(self) -> Path:
        return self.path / "samples"

    def place(self, *names: str) -> Path:
        """Where a command writes a file or a folder of this run, which may come from a stranger.

        Raises:
            ConfigError: links lead out of the run's folder.
        """
        path = self.path.joinpath(*names)
        if not path.resolve().is_relative_to(self.path.resolve()):
            raise ConfigError(f"{path} leads out of the run's folder, to {path.resolve()}: nothing is written there")
        return path

    @property
    def lock_file(self) -> Path:
        return self.path / "lock.json"

    @property
    def log_file(self) -> Path:
        return self.path / "train.log"

    def record(self) -> Record | None:
        """The run's record; None when there is none.

        Raises:
            Damaged, Newer: it is there and cannot be used.
        """
        return record.load(self.record_file)

    def config(self) -> DictConfig:
        """The run's own config, without its `allow_targets`: whoever reads a run says anew what it may build.

        Raises:
            ConfigError: there is none, or it is no config.
        """
        try:
            cfg = load_untrusted(self.config_file)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ConfigError(f"{self.path} is no run: it has no config.yaml") from error
        except OSError as error:
            raise Damaged(f"{self.config_file} cannot be read ({error.strerror})") from error
        except (UnicodeDecodeError, RecursionError) as error:
            raise Damaged(f"{self.config_file} is damaged: it is no text of a config") from error
        if not isinstance(cfg, DictConfig):
            raise ConfigError(f"{self.config_file} holds no mapping")
        present_names(cfg)
        cfg.pop("allow_targets", None)  # a folder from a stranger cannot allow itself anything
        return cfg

    def checkpoint(self) -> Path | None:
        """The newest checkpoint that is whole, by its checksum; a damaged one is named in a warning."""
        damaged = None
        for name in (LAST, PREVIOUS):
            path = self.checkpoints / name
            if not path.exists():
                continue
            if is_whole(path):
                if damaged is not None:
                    warnings.warn(f"{damaged} is damaged; {path} is used instead", Notice, stacklevel=2)
                return path
            damaged = path
        return None

    def damaged_checkpoints(self) -> list[str]:
        """What is the matter with each checkpoint that is there and not whole, in words."""
        there = [path for path in sorted(self.checkpoints.glob("*.ckpt")) if not is_whole(path)]
        return [f"{path.name} is damaged ({path.stat().st_size} bytes)" for path in there]


def is_whole(path: Path) -> bool:
    """Whether a checkpoint is there and has its checksum; an older one has that in a file beside it."""
    if sealing.is_whole(path):
        return True
    try:
        noted = read_regular(digests_file(path), MOST_BYTES).decode().split()
    except (OSError, UnicodeDecodeError):
        return False
    return path.exists() and file_digest(path) in noted


def is_damaged(path: Path) -> bool:
    """Whether a checkpoint that has a checksum has another content; one that never had a checksum is not known to."""
    return (sealing.is_sealed(path) or digests_file(path).exists()) and not is_whole(path)


def digests_file(path: Path) -> Path:
    """Where earlier versions noted the checksums of a checkpoint."""
    return path.with_name(path.name + ".sha256")


def save_config(cfg: DictConfig, path: Path) -> None:
    """Write a config: values resolved, secrets redacted, references to whole nodes and to paths kept as they are.

    A kept reference (`sampler: ${sampler}`) makes one later override reach every place that uses the node.
    """
    from genlab.config.fingerprint import self_contained

    atomic.write_text(path, OmegaConf.to_yaml(OmegaConf.create(redact(self_contained(cfg)))))


class Store:
    """All runs below `root`: `<root>/<task_name>/<fingerprint>/`.

    Raises:
        ConfigError: `root` is no folder and can become none.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root).expanduser().resolve()
        there = next(path for path in (self.root, *self.root.parents) if path.exists())
        if not there.is_dir():
            raise ConfigError(f"paths.output_dir = {root}: {there} is a file, and a folder is needed")

    def run(self, task_name: str, fingerprint: str) -> Run:
        path = (self.root / task_name / fingerprint).resolve()
        if not path.is_relative_to(self.root):
            raise ConfigError(f"task_name = {task_name!r} leads out of {self.root}")
        return Run(path)

    def beside(self, run: Run) -> Run:
        """A new folder next to `run`, for the same config run again: <fingerprint>-2, -3, ..."""
        n = 2
        while (path := run.path.with_name(f"{run.path.name}-{n}")).exists():
            n += 1
        return Run(path)

    def __iter__(self) -> Iterator[Run]:
        for file in sorted(self.root.glob("*/*/record.json")):
            if file.parent.parent.name not in OWN_FOLDERS:
                yield Run(file.parent)

    def newest_of(self, experiment: str) -> Run | None:
        """The finished run of a recipe that began last; None where there is none."""
        records = [(run, or_noted(run.record)) for run in self]
        finished = [
            (record.started, str(run.path), run)
            for run, record in records
            if record is not None and record.experiment == experiment and record.status == "completed"
        ]
        return max(finished, key=lambda one: one[:2])[-1] if finished else None

    def find(self, reference: str) -> Run:
        """The run that `reference` names: a folder, a fingerprint (or its beginning), or `latest`.

        Raises:
            ConfigError: there is none, or several.
        """
        if (Path(reference).expanduser() / "config.yaml").is_file():
            return Run(Path(reference).expanduser().resolve())
        runs = list(self)
        if reference == "latest":
            finished = [run for run in runs if any((run.checkpoints / name).exists() for name in (LAST, PREVIOUS))]
            if not finished:
                raise ConfigError(f"run = latest: {self.root} holds no run with a checkpoint yet")
            return max(finished, key=lambda run: run.record_file.stat().st_mtime)
        matching = (
            [run for run in runs if run.path.name.startswith(reference)] if re.fullmatch(r"[\w-]+", reference) else []
        )
        exact = [run for run in matching if run.path.name == reference]
        if len(exact or matching) == 1:
            return (exact or matching)[0]
        if matching:
            raise ConfigError(f"run = {reference!r} names several runs: {listed(run.path.name for run in matching)}")
        there = listed(run.path.name for run in runs) or "none yet"
        raise ConfigError(
            f"run = {reference!r} is no run folder, no fingerprint in {self.root} and not 'latest' (it has {there})"
        )
