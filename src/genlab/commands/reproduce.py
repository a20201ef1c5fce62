"""genlab reproduce: run the rows of a study that the store lacks, and write what came of them beside its table."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from genlab.config.keys import decides
from genlab.errors import ConfigError, nearest

if TYPE_CHECKING:
    from genlab.reports.studies.study import Study
    from genlab.runs.sweeps import Sweep

_KEYS = ("scale", "seeds", "out", "run")
_SET_BY_STUDY = ("sweep", "rows", "experiment", "task_name")

_HELP = """genlab reproduce runs the tables of a published report again and tests its claims.

usage: genlab reproduce STUDY|all [scale=full|cpu|smoke] [seeds=N] [out=DIR] [run=false] [launcher=...] [paths....=...]

Rows that the store holds are not run again; a study that was cut off goes on where it was. Then RESULTS.md and
results.json are written beside the study (scale smoke: to paths.output_dir/studies), or to out/STUDY.

  genlab reproduce vae_mnist scale=cpu             shortened, as the table then says
  genlab reproduce all scale=smoke                 the path, in minutes; its numbers mean nothing
  genlab reproduce vqvae_mnist run=false           write the page again from the runs that there are

Studies: {studies}
"""


def main(argv: list[str]) -> int:
    """Run and report the studies of `argv`; 1 when a row is missing.

    Raises:
        ConfigError: no such study or option.
    """
    from genlab.reports.studies import study as studies

    if not argv or {"-h", "--help"} & set(argv):
        print(_HELP.format(studies=", ".join(studies.available())), end="")
        return 0
    names, options, passed_on = _parse(argv)
    scale = options.get("scale", "full")
    chosen = [studies.load(n, scale) for n in (studies.available() if names == ["all"] else names)]
    if "seeds" in options:
        chosen = [dataclasses.replace(study, seeds=_positive(options["seeds"])) for study in chosen]
    root = Path(next((word.partition("=")[2] for word in passed_on if word.startswith("paths.output_dir=")), "outputs"))
    command = " ".join(["genlab reproduce", *(w for w in argv if not w.startswith(("paths.", "out=", "run=")))])
    if options.get("run", "true") != "false":
        _train(chosen, root, passed_on)
        _evaluate(chosen, root, passed_on)
    missing = False
    for study in chosen:
        out = Path(options["out"]) / study.name if "out" in options else _beside(study, root)
        missing |= _report(study, root, out, command)
    _update_readme(chosen, options)
    return int(missing)


def _parse(argv: list[str]) -> tuple[list[str], dict[str, str], list[str]]:
    names, options, passed_on = [], {}, []
    for word in argv:
        key, sign, value = word.partition("=")
        if not sign:
            names.append(word)
        elif key in _KEYS:
            options[key] = value
        elif decides(key) == "nothing" and key not in _SET_BY_STUDY:
            passed_on.append(word)
        else:
            accepted = (*_KEYS, "launcher", "logger", "paths.output_dir", "paths.data_dir", "force", "retries")
            raise ConfigError(
                f"genlab reproduce takes no {key!r}{nearest(key, accepted)}: the study decides what its rows are; what "
                "decides no result, as launcher, logger, paths, force, restart and retries, is yours"
            )
    if not names:
        raise ConfigError("genlab reproduce needs the name of a study, or all")
    return names, options, passed_on


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ConfigError(f"seeds = {text!r} must be a whole number from 1")
    return int(text)


def _sweep(study: Study, root: Path) -> Sweep:
    from genlab.runs.sweeps import Sweep

    return Sweep(root, f"{study.name}-{study.scale}")


def _train(studies: list[Study], root: Path, passed_on: list[str]) -> None:
    """One sweep for each study; a failed row ends none of them."""
    from genlab.commands import train
    from genlab.reports.studies.runs import jobs, write_rows
    from genlab.runs.store import STUDIES
    from genlab.signals import end_if_signalled

    for study in studies:
        sweep = _sweep(study, root)
        rows = root / STUDIES / f"{sweep.name}.rows.json"
        write_rows(rows, list(jobs(study)))
        print(f"{study.title} ({study.scale})")
        train.main(["-m", f"rows={rows}", f"sweep={sweep.name}", *passed_on])
        end_if_signalled()


def _evaluate(studies: list[Study], root: Path, passed_on: list[str]) -> None:
    """The evaluations that rows ask for, where they are not in the store."""
    from genlab.commands import evaluate
    from genlab.config.explicit_rows import words
    from genlab.reports.studies.runs import answers, folders

    for study in studies:
        sweep = _sweep(study, root)
        done = answers(study, sweep)[0]
        for job, path in folders(study, sweep).items():
            if job.evaluate is None or job.seed in done[job.row] or not (path / "checkpoints").is_dir():
                continue
            evaluate.main([f"run={path}", *words(job.evaluate), *(w for w in passed_on if w.startswith("paths."))])


def _beside(study: Study, root: Path) -> Path:
    """Where the page goes: beside the study, except for a smoke test, whose numbers nobody should keep."""
    from genlab.runs.store import STUDIES

    return root / STUDIES / f"{study.name}-smoke" if study.scale == "smoke" else study.folder


def _report(study: Study, root: Path, out: Path, command: str) -> bool:
    """Write results.json, the pictures and RESULTS.md; whether a row is missing."""
    from genlab.reports.studies import paper
    from genlab.reports.studies.figures import figures
    from genlab.reports.studies.results import gather, save

    results, shown = gather(study, _sweep(study, root), command)
    results = save(results, out / "results.json")
    page = paper.write(results, figures(shown, study.pictures, out), out)
    missing = [f"row {name}: {row['missing']}" for name, row in results["rows"].items() if row["missing"]]
    verdicts = [claim["verdict"] for claim in results["claims"]]
    counts = ", ".join(f"{verdicts.count(v)} {v}" for v in dict.fromkeys(verdicts)) or "no claims"
    print(f"{study.title}: {counts}; see {page}", *missing, sep="\n  ")
    return bool(missing)


def _update_readme(studies: list[Study], options: dict[str, str]) -> None:
    """Bring the README's table up to date, in a checkout."""
    from genlab.atomic import write_text
    from genlab.reports.studies.readme import updated

    folder = studies[0].folder.parent
    readme = folder.parents[1] / "README.md"
    if "out" in options or studies[0].scale == "smoke" or not readme.is_file():
        return
    text = readme.read_text(encoding="utf-8")
    if (new := updated(text, folder)) != text:
        write_text(readme, new)
