"""genlab evaluate: score a trained model again, with other samplers or metrics, without training."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from genlab.config.app import App, run_app
from genlab.config.check import check
from genlab.config.errors import ConfigError
from genlab.config.of_run import find_run, offer, wants_run

if TYPE_CHECKING:
    from genlab.runs.store import Run


def main(argv: list[str]) -> int:
    """Evaluate one checkpoint once, or with -m many ways; prints the table of the scores."""
    run = find_run(argv) if wants_run(argv) else None
    offer(run, argv)
    app = App(task=lambda cfg: evaluate(cfg, run), check=lambda cfg: check(cfg, extra=("run",)))
    run_app("evaluate", app, argv)
    records = [job.value for job in app.results if isinstance(job.value, dict)]
    if records:
        _print(records)
    for job in app.results:
        if isinstance(job.value, ConfigError):
            raise job.value
        if isinstance(job.value, BaseException):
            raise job.value
    return 0


def evaluate(cfg: DictConfig, run: Run | None) -> dict[str, Any]:
    """A record like the run's own, with the scores of this sampler and these metrics."""
    check(cfg, extra=("run",))
    assert run is not None
    import torch

    from genlab.config.instantiate import build
    from genlab.runs.atomic import write_json
    from genlab.runs.record import Stopwatch
    from genlab.runs.restore import newest, restore

    checkpoint = newest(run)
    allowed = list(cfg.get("allow_targets") or [])
    if cfg.get("metrics") is None:
        raise ConfigError("there is nothing to evaluate: the run has no metrics; give metrics=image")
    data, suite, module = build(cfg.dataset, allowed), build(cfg.metrics, allowed), restore(cfg, checkpoint)
    module.to("cuda" if torch.cuda.is_available() else "cpu")
    watch = Stopwatch()
    pictures = run.path / "evaluations" / _name(cfg)
    pictures.mkdir(parents=True, exist_ok=True)
    scores = suite.evaluate(module, data, out_dir=pictures)
    original = run.record()
    record = (original.to_json() if original else {}) | {
        "overrides": _given(),
        "metrics": {name: score.to_json() for name, score in scores.items()},
        "seconds": round(watch.seconds, 3),
        "status": "completed",
    }
    write_json(run.path / "evaluations" / f"{_name(cfg)}.json", record)
    return record


def _given() -> list[str]:
    from hydra.core.hydra_config import HydraConfig

    words = [str(word) for word in OmegaConf.to_container(HydraConfig.get().overrides.task) or []]
    return [word for word in words if not word.startswith(("run=", "paths."))]


def _name(cfg: DictConfig) -> str:
    """The same question gets the same file."""
    asked = {
        key: OmegaConf.to_container(cfg[key], resolve=True)
        for key in ("sampler", "guidance", "metrics")
        if cfg.get(key)
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]


def _print(records: list[dict[str, Any]]) -> None:
    from rich.console import Console

    from genlab.reports.table import runs_table, swept_keys

    Console().print(runs_table(records, swept_keys(records)))
    print(f"Scores: {len(records)} evaluations of run {records[0].get('fingerprint')}")
