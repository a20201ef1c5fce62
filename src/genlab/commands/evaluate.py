"""genlab evaluate: score a trained model again, with other samplers or metrics, without training."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from genlab.commands.noting import noted
from genlab.config.app import App, run_app
from genlab.config.check import check
from genlab.config.errors import ConfigError
from genlab.config.of_run import the_run
from genlab.config.words import as_hydra_reads, is_swept, value_of

if TYPE_CHECKING:
    from genlab.runs.store import Run
    from genlab.runs.workbench import Workbench

_KEYS = ("run", "checkpoint", "out")


def main(argv: list[str]) -> int:
    """Evaluate one checkpoint once, or with -m many ways; with folder= a folder of pictures. Prints the scores."""
    if value_of(argv, "folder", ""):
        from genlab.commands.evaluate_folder import main as of_folder

        return of_folder(argv)
    run = the_run(argv)
    benches: list[Workbench] = []  # one for all jobs, made when the first is sound
    app = App(task=lambda cfg: evaluate(cfg, run, benches), check=lambda cfg: check(cfg, extra=_KEYS))
    run_app("evaluate", app, _words(argv, run))
    status = app.status()
    records = [job.value for job in app.results if isinstance(job.value, dict)]
    if records and run is not None:
        _print(records)
        if app.is_sweep:
            out = value_of(argv, "out", "")
            _compare(records, Path(out) if out else run.path / "evaluations" / "samplers")
    return status


def evaluate(cfg: DictConfig, run: Run | None, benches: list[Workbench]) -> dict[str, Any]:
    """A record like the run's own, with the scores of this sampler and these metrics."""
    check(cfg, extra=_KEYS)
    assert run is not None
    import torch

    from genlab.progress import progress, reporting
    from genlab.runs.atomic import write_json
    from genlab.runs.record import Stopwatch
    from genlab.runs.workbench import Workbench, checkpoint_of

    if cfg.get("metrics") is None:
        raise ConfigError("there is nothing to evaluate: the run has no metrics; give metrics=image")
    benches[:] = benches or [Workbench()]
    original = run.record()
    data, suite = benches[0].part(cfg, "dataset"), benches[0].part(cfg, "metrics")
    module = benches[0].model(cfg, checkpoint_of(run, cfg.checkpoint))
    module.to("cuda" if torch.cuda.is_available() else "cpu")
    if _is_sweep() and not suite.keep_features:  # kept features were not timed
        suite.measure_cost()
    watch = Stopwatch()
    pictures = run.path / "evaluations" / _name(cfg)
    pictures.mkdir(parents=True, exist_ok=True)
    try:
        with noted(), reporting("computing the scores") as report:
            scores = suite.evaluate(module, data, out_dir=pictures, progress=report)
    except ValueError as error:  # too few samples for a metric, and the like
        raise ValueError(f"metrics, with n_samples = {suite.n_samples}: {error}") from error
    with progress("drawing pictures"):
        _draw(module, data, pictures)
    record = (original.to_json() if original else {}) | {
        "overrides": _given(),
        "metrics": {name: score.to_json() for name, score in scores.items()},
        "seconds": round(watch.seconds, 3),
        "status": "completed",
        "measurement": None,
    }
    write_json(run.path / "evaluations" / f"{_name(cfg)}.json", record)
    print(f"{' '.join(_given()) or 'as trained'}: {watch.seconds:.1f} s", file=sys.stderr)
    return record


def _draw(module: Any, data: Any, folder: Path) -> None:
    """What this evaluation's samples look like, and how they came about: from the noise of the training's pictures."""
    from genlab.protocols import Samples, Unfolds
    from genlab.reports.pictures import draw_samples, draw_unfolding

    samples, unfolds = isinstance(module, Samples), isinstance(module, Unfolds)
    if len(data.shape) != 3:
        return
    with module.averaged():
        if samples:
            draw_samples(module, folder / "samples.png", module.device)
        if unfolds:
            draw_unfolding(module, folder / "unfolding.png", module.device)


def _words(argv: list[str], run: Run | None) -> list[str]:
    """The words as Hydra needs them.

    A suite that is chosen looks through the run's own extractor, or through the default one where the run has none. Of
    a group that is swept the config of a sweep has none: single values of its keys become sweeps over one value.
    """
    chosen = {word.partition("=")[0] for word in argv}
    blind = run is not None and "metrics" in chosen and "extractor" not in {*chosen, *run.config()}
    words = as_hydra_reads([*argv, "extractor=digits"] if blind else argv)
    swept = tuple(f"{key}." for word in words if (key := word.partition("=")[0]).isidentifier() and is_swept(word))
    return [
        re.sub("=(.*)", r"=choice(\1)", word) if swept and word.startswith(swept) and not is_swept(word) else word
        for word in words
    ]


def _is_sweep() -> bool:
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    return bool(HydraConfig.get().mode == RunMode.MULTIRUN)


def _given() -> list[str]:
    from hydra.core.hydra_config import HydraConfig

    words = [str(word) for word in OmegaConf.to_container(HydraConfig.get().overrides.task) or []]
    return [word for word in words if not word.startswith(("run=", "paths.", "out="))]


def _name(cfg: DictConfig) -> str:
    """The same question gets the same file."""
    asked = {key: OmegaConf.to_container(cfg[key], resolve=True) for key in ("model", "metrics")}
    asked["checkpoint"] = cfg.checkpoint
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]


def _print(records: list[dict[str, Any]]) -> None:
    from rich.console import Console

    from genlab.reports.table import runs_table, swept_keys

    Console().print(runs_table(records, swept_keys(records)))
    print(f"Run {records[0].get('fingerprint')}, {_measured(records)}; 95 % intervals")


def _measured(records: list[dict[str, Any]]) -> str:
    """What the scores are of: "2000 samples against digits/test (180 pictures), averaged weights"."""
    made = [(score["n"], score["provenance"]) for record in records for score in record["metrics"].values()]
    sampled = [(n, p) for n, p in made if "extractor" in p and "reference_n" in p]
    weights = "averaged" if any(p.get("weights") == "ema" for _, p in made) else "raw"
    found = {f"{n} samples against {p['reference']} ({p['reference_n']} pictures)" for n, p in sampled[:1]}
    return ", ".join([*found, f"{weights} weights"])


def _compare(records: list[dict[str, Any]], folder: Path) -> None:
    """Quality against cost, where the records are of samples: samplers.md, samplers.json and samplers.png."""
    from genlab.reports import pareto
    from genlab.runs.atomic import write_json, write_text

    if (quality := pareto.quality_of(records)) is None:
        return
    found = pareto.ways(records, quality)
    write_text(folder / "samplers.md", pareto.table(found, quality))
    write_json(folder / "samplers.json", pareto.to_json(found, quality))
    print(f"Quality against cost: {pareto.draw(found, quality, folder / 'samplers.png')}")
