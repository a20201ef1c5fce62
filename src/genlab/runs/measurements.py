"""Measurements of a finished run: the first is in its record, every other one is in a record beside it.

A measurement has a name (`config.fingerprint.measurement`): asked for again it is found, and nothing is trained for it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from genlab.atomic import write_json
from genlab.config.fingerprint import measurement, name_with_measurement, of_saved, self_contained
from genlab.config.keys import decides
from genlab.errors import ConfigError
from genlab.redact import redact
from genlab.runs.reading import Damaged
from genlab.runs.record import Record, read_record
from genlab.runs.store import EVALUATIONS, Run, save_config

CONFIG = "config"
"""Where a record beside a run has the keys of the config that decide what was measured, as config.yaml has them."""


def is_measured(cfg: DictConfig, run: Run, record: Record) -> bool:
    """Whether a finished run has the scores that `cfg` asks for."""
    name = measurement(cfg)
    return name is None or name == _of_record(run, record) or scores(run, name) is not None


def scores(run: Run, name: str | None) -> dict[str, Any] | None:
    """The run's record with what was measured under `name`; None where it was not, or there is no record.

    Without a name: the record as it is.

    Raises:
        Damaged, Newer: a file that would say so cannot be used.
    """
    if (record := run.record()) is None:
        return None
    if name is None or name == _of_record(run, record):
        return record.to_json()
    file, remedy = _file(run, name), "move it away, and the run is scored again"
    if (content := read_record(file, remedy)) is not None:
        if content.get("measurement") != name:
            raise Damaged(f"{file} is damaged (it holds another measurement): {remedy}")
        content.pop(CONFIG, None)
    return content


def keep(cfg: DictConfig, run: Run, record: Record, measured: Record, seconds: float) -> None:
    """Write down what `measured` holds: in the run's record where that has no scores yet, else beside it.

    A record beside it has the run's own `seconds`, so that runs stay comparable however often they are scored; the
    `seconds` that this scoring took are its `scoring_seconds`.
    """
    measured.measurement = measurement(cfg)
    if _stands_beside(run, record):
        content = measured.to_json() | {CONFIG: _measured(cfg), "scoring_seconds": seconds}
        write_json(_file(run, str(measured.measurement)), content)
    else:
        record.metrics, record.unscored = measured.metrics, measured.unscored
        record.overrides, record.experiment = measured.overrides, measured.experiment
        record.measurement = measured.measurement
        record.seconds = round(record.seconds + seconds, 3)
        save_config(cfg, run.config_file)  # which says what the record's scores are
        record.save(run.record_file)


def _measured(cfg: DictConfig) -> dict[str, Any]:
    """The part of a config that decides what is measured."""
    measured: dict[str, Any] = redact({k: v for k, v in self_contained(cfg).items() if decides(k) == "measurement"})
    return measured


def set_aside(run: Run, record: Record) -> None:
    """Keep the scores of a record that another training is about to replace: beside it."""
    if record.metrics and (name := _of_record(run, record)) is not None:
        write_json(_file(run, name), record.to_json() | {"measurement": name, CONFIG: _measured(run.config())})


def folder(run: Run, record: Record, cfg: DictConfig) -> Path:
    """Where pictures of a measurement go: the run's folder for those of its record."""
    return run.place(EVALUATIONS, str(measurement(cfg))) if _stands_beside(run, record) else run.path


def _stands_beside(run: Run, record: Record) -> bool:
    """Whether another measurement is kept beside the record: it has scores, or the config that they would change
    gives the run its older name (`runs.older_names`)."""
    if record.metrics:
        return True
    older = of_saved(run.config, lambda cfg: name_with_measurement(cfg, str(record.data.get("sha256"))))
    return re.sub(r"-\d+$", "", run.path.name) == older


def weights(cfg: DictConfig, run: Run) -> Path:
    """The file with the weights of a finished run: its newest whole checkpoint, or the one that it only scored.

    Raises:
        ConfigError: it has no whole checkpoint.
    """
    if not cfg.train and cfg.ckpt_path:
        return Path(cfg.ckpt_path)
    if (checkpoint := run.checkpoint()) is not None:
        return checkpoint
    damaged = f" ({', '.join(names)})" if (names := run.damaged_checkpoints()) else ""
    raise ConfigError(
        f"run {run.path.name} is completed and not yet scored as asked, and it has no whole checkpoint to score"
        f"{damaged}: restart=true trains it again, and force=true another beside it"
    )


def file_of(cfg: DictConfig, run: Run, record: Record) -> Path:
    """Where the scores that `cfg` asks for stand, or would stand: the run's record, or a file beside it."""
    name = measurement(cfg)
    return run.record_file if name is None or name == _of_record(run, record) else _file(run, name)


def _file(run: Run, name: str) -> Path:
    return run.place(EVALUATIONS, f"measurement-{name}.json")


def _of_record(run: Run, record: Record) -> str | None:
    """What the record's own scores are; where it does not say so, as older ones, the config beside it does."""
    if record.measurement is not None or not record.metrics:
        return record.measurement
    return of_saved(run.config, lambda cfg: measurement(cfg, follow=False))
