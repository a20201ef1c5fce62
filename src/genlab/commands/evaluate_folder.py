"""genlab evaluate folder=DIR reference=mnist: score pictures that are there already, whoever made them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from genlab.commands.app import App, run_app
from genlab.commands.naming import question, refuse_one_place
from genlab.commands.noting import noted
from genlab.config.check import check
from genlab.config.schema import EvaluateFolder
from genlab.errors import ConfigError


def main(argv: list[str]) -> int:
    """Score one folder, or with -m several; prints the table of the scores."""
    app = App(task=evaluate, check=_check, plan=refuse_one_place)
    run_app("evaluate", app, argv, config_name="evaluate_folder")
    status = app.status()
    if records := [job.value for job in app.results if isinstance(job.value, dict)]:
        from rich.console import Console

        from genlab.reports.table import runs_table, swept_keys

        Console().print(runs_table(records, swept_keys(records)))
    return status


def _check(cfg: DictConfig) -> None:
    check(cfg, EvaluateFolder)
    if not Path(str(cfg.folder)).expanduser().is_dir():
        raise ConfigError(f"folder = {cfg.folder!r} is no folder")


def evaluate(cfg: DictConfig) -> dict[str, Any]:
    """A record of the folder's scores, written as JSON too."""
    _check(cfg)
    import torch

    from genlab.atomic import write_json
    from genlab.config.instantiate import build
    from genlab.metrics.folder import folder_pictures
    from genlab.progress import reporting
    from genlab.runs.record import SCHEMA, Stopwatch, environment
    from genlab.runs.store import EVALUATIONS

    watch, device = Stopwatch(), "cuda" if torch.cuda.is_available() else "cpu"
    data, suite = build(cfg.reference), build(cfg.metrics)
    try:
        with noted() as notes:
            pictures = folder_pictures(cfg.folder, data, cfg.paths.data_dir, cfg.resize, cfg.captions, cfg.range)
        name, made = Path(str(cfg.folder)).expanduser().resolve().name, pictures.provenance()
        digest = str(made["origin_sha256"])[:12]
        named = f"{name}-{digest}-{question(cfg)}.json"
        path = Path(cfg.out) if cfg.out else Path(cfg.paths.output_dir) / EVALUATIONS / named
        with noted() as more, reporting("computing the scores") as report:
            scores = suite.evaluate_pictures(
                pictures, data, out_dir=path.with_suffix(""), device=device, progress=report
            )
    except ValueError as error:
        raise ConfigError(str(error)) from error
    record = {
        "schema": SCHEMA, "status": "completed", "fingerprint": digest, "task_name": "evaluate",
        "notes": [*notes, *more], "overrides": [f"folder={cfg.folder}"], "seconds": round(watch.seconds, 3),
        "metrics": {name: score.to_json() for name, score in scores.items()},
        "unscored": scores.unscored,
        "environment": environment(device, torch.get_num_threads()),
        "data": {"name": data.name, "sha256": data.checksum},
    }  # fmt: skip
    write_json(path, record)
    print(f"{pictures.n} pictures of {cfg.folder} against {data.name}: {path}")
    return record
