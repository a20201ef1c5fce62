"""genlab evaluate: score a trained model again, with other samplers or metrics, without training."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import re
import sys
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from genlab.commands.app import App, in_sweep, run_app
from genlab.commands.extractor_runs import note_runs
from genlab.commands.naming import task_words
from genlab.commands.noting import noted
from genlab.conditioning.rules import asked_by_config
from genlab.config.check import check
from genlab.config.schema import Evaluate
from genlab.config.words import as_hydra_reads, is_swept, value_of
from genlab.errors import ConfigError
from genlab.runs.run_config import the_run

if TYPE_CHECKING:
    from genlab.runs.evaluation_cache import EvaluationCache
    from genlab.runs.store import Run


def main(argv: list[str]) -> int:
    """Evaluate one checkpoint once, or with -m many ways; with folder= a folder of pictures. Prints the scores."""
    if value_of(argv, "folder", ""):
        from genlab.commands.evaluate_folder import main as of_folder

        return of_folder(argv)
    run = the_run(argv)
    benches: list[EvaluationCache] = []  # one for all jobs, made when the first is sound
    summary = Path(value_of(argv, "out", "") or ("" if run is None else run.place("evaluations", "samplers")))
    done: list[dict[str, Any]] = []

    def work(cfg: DictConfig) -> dict[str, Any]:
        done.append(evaluate(cfg, run, benches))
        if in_sweep() and multiprocessing.parent_process() is None:  # a sweep that is cut short has its summary
            _compare(done, summary)
        return done[-1]

    app = App(task=work, check=lambda cfg: check(cfg, Evaluate))
    run_app("evaluate", app, _words(argv, run))
    status = app.status()
    records = [job.value for job in app.results if isinstance(job.value, dict)]
    if records and run is not None:
        _print(records)
        if app.is_sweep and (picture := _compare(records, summary)) is not None:
            print(f"Quality against cost: {picture}")
        if app.is_sweep and (picture := _trade(records, summary)) is not None:
            print(f"FID against recall: {picture}")
    return status


def evaluate(cfg: DictConfig, run: Run | None, benches: list[EvaluationCache]) -> dict[str, Any]:
    """A record like the run's own, with the scores of this sampler and these metrics."""
    check(cfg, Evaluate)
    assert run is not None
    import torch

    from genlab.atomic import write_json
    from genlab.progress import progress, reporting
    from genlab.runs.evaluation_cache import EvaluationCache, checkpoint_of
    from genlab.runs.record import Stopwatch

    if cfg.get("metrics") is None:
        raise ConfigError("there is nothing to evaluate: the run has no metrics; give metrics=image")
    cfg = deepcopy(cfg)
    OmegaConf.set_readonly(cfg, None)
    note_runs(cfg)
    file = run.place("evaluations", f"{_name(cfg, run)}.json")
    checkpoint, is_timed = checkpoint_of(run, cfg.checkpoint), in_sweep() and not cfg.metrics.get("keep_features")
    made_of = _made_of(cfg, checkpoint)
    if (record := _done_before(file, made_of, is_timed)) is not None:
        print(f"{' '.join(task_words()) or 'as trained'}: done before", file=sys.stderr)
        return record | {"overrides": task_words()}
    benches[:] = benches or [EvaluationCache()]
    original = run.record()
    data, suite = benches[0].part(cfg, "dataset"), benches[0].part(cfg, "metrics")
    _check_conditions(cfg, data, suite)
    module = benches[0].model(cfg, checkpoint)
    _check_size(cfg, module)
    module.to("cuda" if torch.cuda.is_available() else "cpu")
    if is_timed:  # kept features were not
        suite.measure_cost()
    watch = Stopwatch()
    pictures = run.place("evaluations", file.stem)
    pictures.mkdir(parents=True, exist_ok=True)
    try:
        with noted(), reporting("computing the scores") as report:
            scores = suite.evaluate(module, data, out_dir=pictures, progress=report)
    except ConfigError:
        raise
    except ValueError as error:  # what a metric says of its samples
        raise ValueError(f"metrics, with n_samples = {suite.n_samples}: {error}") from error
    if "samples" in suite.needs:
        with progress("drawing pictures"):
            _draw(module, data, pictures, suite.negative_prompt)
    record = (original.to_json() if original else {}) | {
        "overrides": task_words(),
        "made_of": made_of | {"timed": is_timed},
        "metrics": {name: score.to_json() for name, score in scores.items()},
        "unscored": scores.unscored,
        "seconds": round(watch.seconds, 3),
        "status": "completed",
        "measurement": None,
    }
    write_json(file, record)
    print(f"{' '.join(task_words()) or 'as trained'}: {watch.seconds:.1f} s", file=sys.stderr)
    return record


def _check_conditions(cfg: DictConfig, data: Any, suite: Any) -> None:
    """Raise ConfigError, before weights are read, where the data lack what samples of the model are asked for."""
    from genlab.conditions import conditions_for

    asked = asked_by_config(cfg)
    if asked is None or not asked.asks - {"label"} or suite.prompts is not None or "samples" not in suite.needs:
        return
    try:
        conditions_for(asked, data, suite.split, 1)
    except ValueError as error:
        raise ConfigError(f"metrics: {error}") from error


def _check_size(cfg: DictConfig, module: Any) -> None:
    """Raise ConfigError where the model draws no pictures of the size of the data."""
    own, size = getattr(module, "picture_size", None), cfg.dataset.get("size")
    try:
        if own is not None and size is not None:
            module.shape_of(size)
    except ValueError as error:
        raise ConfigError(f"dataset.{error}") from error


def _draw(module: Any, data: Any, folder: Path, negative_prompt: str | None) -> None:
    """What this evaluation's samples look like, and how they came about: from the noise of the training's pictures."""
    from genlab.protocols import Samples, ShowsDenoising
    from genlab.reports.drawings import or_notice
    from genlab.reports.pictures import draw_samples, draw_unfolding

    samples, unfolds = isinstance(module, Samples), isinstance(module, ShowsDenoising)
    if not data.modality.singly:
        return
    with module.averaged():
        told = (module.device, data, negative_prompt)
        if samples:
            or_notice("samples", lambda: draw_samples(module, folder / "samples.png", *told))
        if unfolds:
            or_notice("unfolding", lambda: draw_unfolding(module, folder / "unfolding.png", *told))


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


def _name(cfg: DictConfig, run: Run) -> str:
    """The same question gets the same file, another question gets another file."""
    question = {key: OmegaConf.to_container(cfg[key], resolve=True) for key in ("model", "metrics")}
    question["checkpoint"] = cfg.checkpoint
    own = run.config()
    own.paths = cfg.paths
    dataset = OmegaConf.to_container(cfg.dataset, resolve=True)
    if dataset != OmegaConf.to_container(own.dataset, resolve=True):
        question["dataset"] = dataset
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:12]


def _made_of(cfg: DictConfig, checkpoint: Path) -> dict[str, Any]:
    """What decides the answer beside the question's words: the weights, the data, files that it names, and the code."""
    from genlab import RESULTS_VERSION
    from genlab.config.data_checksum import data_checksum
    from genlab.config.fingerprint import content_name
    from genlab.regular import file_digest

    dataset: Any = OmegaConf.to_container(cfg.dataset, resolve=True)
    data = data_checksum(dataset, Path(cfg.paths.data_dir).expanduser())
    content = content_name(cfg)  # what is asked by name may have changed: files, own classes
    return {
        "checkpoint_sha256": file_digest(checkpoint), "data_sha256": data, "results_version": RESULTS_VERSION,
        "asked": content,
    }  # fmt: skip


def _done_before(file: Path, made_of: dict[str, Any], is_timed: bool) -> dict[str, Any] | None:
    """The record in `file`, where it is of the same weights, data and code; timed, where that is wanted.

    Raises:
        Damaged, Newer: it is there and cannot be used.
    """
    from genlab.runs.record import read_record

    remedy = "move it away, and the run is evaluated again"
    if (record := read_record(file, remedy)) is None:
        return None
    before = record.get("made_of")
    if not isinstance(before, dict) or (is_timed and not before.get("timed")):
        return None
    same = all(before.get(key) == value for key, value in made_of.items())
    return record if same and record.get("status") == "completed" else None


def _print(records: list[dict[str, Any]]) -> None:
    from rich.console import Console

    from genlab.reports.table import runs_table, swept_keys

    Console().print(runs_table(records, swept_keys(records)))
    print(f"Run {records[0].get('fingerprint')}, {_measured(records)}; 95 % intervals")


def _measured(records: list[dict[str, Any]]) -> str:
    """What the scores are of: "2000 samples against digits/test (180 pictures), averaged weights"."""
    from genlab.metrics.score import provenance_of

    made = [(score["n"], provenance_of(score)) for record in records for score in record["metrics"].values()]
    sampled = [(n, p) for n, p in made if "extractor" in p and "reference_n" in p]
    weights = "averaged" if any(p.get("weights") == "ema" for _, p in made) else "raw"
    descriptions = {f"{n} samples against {p['reference']} ({p['reference_n']} pictures)" for n, p in sampled[:1]}
    return ", ".join([*descriptions, f"{weights} weights"])


def _compare(records: list[dict[str, Any]], folder: Path) -> Path | None:
    """Quality against cost, where the records are of samples: samplers.md, samplers.json and samplers.png.

    Returns:
        The picture.
    """
    from genlab.atomic import write_json, write_text
    from genlab.reports import pareto

    if (quality := pareto.quality_of(records)) is None:
        return None
    ways = pareto.ways(records, quality)
    write_text(folder / "samplers.md", pareto.table(ways, quality))
    write_json(folder / "samplers.json", pareto.to_json(ways, quality))
    return pareto.draw(ways, quality, folder / "samplers.png")


def _trade(records: list[dict[str, Any]], folder: Path) -> Path | None:
    """FID against recall, where the records have both: tradeoff.md and tradeoff.png, which is returned."""
    from genlab.atomic import write_text
    from genlab.reports import tradeoff

    if (names := tradeoff.names_of(records)) is None:
        return None
    write_text(folder / "tradeoff.md", tradeoff.table(records, names))
    return tradeoff.draw(records, names, folder / "tradeoff.png")
