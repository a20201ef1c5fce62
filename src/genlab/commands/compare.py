"""genlab compare A B: two trained models side by side on shared noise."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from genlab.commands.app import App, run_app
from genlab.commands.naming import question, refuse_one_place
from genlab.commands.noting import noted
from genlab.config.check import check, check_part
from genlab.config.schema import Compare
from genlab.config.words import flags_and_words, quoted, value_of
from genlab.errors import ConfigError
from genlab.runs.run_config import own_config, wants_run

if TYPE_CHECKING:
    from torch import Tensor

    from genlab.metrics.score import Score
    from genlab.runs.store import Run


def main(argv: list[str]) -> int:
    """Draw and score both, on the same seeds and classes; prints how they differ."""
    _, words = flags_and_words(argv)
    named = [word for word in words if word[0] != "~" and ("=" not in word or Path(word).is_dir())]
    rest = list(argv)
    if wants_run(argv):
        if len(named) != 2 and not (value_of(argv, "a", "") and value_of(argv, "b", "")):
            raise ConfigError(f"genlab compare takes two runs, as in genlab compare A B; got {len(named)}")
        rest = [word for word in argv if word not in named]
        rest += [f"{key}={quoted(name)}" for key, name in zip("ab", named, strict=False)]
    app = App(task=compare, check=lambda cfg: check(cfg, Compare), plan=refuse_one_place)
    run_app("compare", app, rest)
    return app.status()


def compare(cfg: DictConfig) -> Path:
    """Writes comparison.png, comparison.md and comparison.json; returns their folder."""
    check(cfg, Compare)
    from rich.console import Console
    from rich.table import Table

    from genlab.atomic import write_json, write_text
    from genlab.metrics.difference import compared
    from genlab.modalities import grids
    from genlab.reports import comparison
    from genlab.runs.store import Store

    runs = [Store(cfg.paths.output_dir).find(str(cfg[key])) for key in ("a", "b")]
    owns = [_own(cfg, run) for run in runs]
    (scores_a, pictures_a), (scores_b, pictures_b) = (
        _scored(cfg, own, run) for own, run in zip(owns, runs, strict=True)
    )
    differences = compared(scores_a, scores_b)
    if not differences:
        raise ConfigError("the two models have no score in common: choose other metrics")
    folder = Path(cfg.out) if cfg.out else runs[0].place("comparisons", f"{runs[1].path.name}-{question(cfg)}")
    names = [str(run.path) for run in runs]
    write_json(folder / "comparison.json", {"a": names[0], "b": names[1], "metrics": comparison.to_json(differences)})
    write_text(folder / "comparison.md", comparison.markdown(differences, *names))
    if pictures_a is not None and pictures_b is not None and pictures_a.shape == pictures_b.shape:
        picture = grids.pairs(pictures_a, pictures_b, cfg.columns, labels=("A", "B"))
        grids.save_png(folder / "comparison.png", picture)
    lines, notes = comparison.rows(differences)
    table = Table(*comparison.HEADS, caption="\n".join(f"{i}: {note}" for i, note in enumerate(notes, start=1)) or None)
    for line in lines:
        table.add_row(*line)
    Console().print(table)
    print(f"A {names[0]}\nB {names[1]}\nPictures and table: {folder}")
    return folder


def _own(cfg: DictConfig, run: Run) -> DictConfig:
    """The config of a run, with the folders and the allowed names of `cfg`; what it would build is sound."""
    own = own_config(run)
    own.paths, own.allow_targets = cfg.paths, cfg.allow_targets
    for key in ("model", "dataset"):
        check_part(own[key], list(cfg.allow_targets))
    return own


def _scored(cfg: DictConfig, own: DictConfig, run: Run) -> tuple[dict[str, Score], Tensor | None]:
    """A run's scores by the suite of `cfg` on the data of its `own` config, and stills of its first samples."""
    import torch

    from genlab.config.instantiate import build
    from genlab.metrics.source import Generated
    from genlab.progress import reporting
    from genlab.protocols import Samples
    from genlab.runs.restore import newest, restore

    suite, data = build(cfg.metrics), build(own.dataset, list(own.allow_targets))
    module: Any = restore(own, newest(run)).to("cuda" if torch.cuda.is_available() else "cpu")
    with noted(), reporting("computing the scores") as report:
        scores = suite.evaluate(module, data, progress=report)
    samples = isinstance(module, Samples)
    if not samples:
        return scores, None
    with module.averaged(), torch.no_grad():
        drawn = [batch.pixels for batch in Generated(module, cfg.n, suite.seed, data).batches(suite.batch_size)]
    return scores, data.modality.tiles(torch.cat(drawn).cpu())
