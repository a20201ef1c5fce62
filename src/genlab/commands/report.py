"""genlab report: runs become a page, a table, a LaTeX table or a CSV file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from genlab.errors import ConfigError, nearest

if TYPE_CHECKING:
    from genlab.reports.collect import Collected
    from genlab.reports.groups import Group
    from genlab.reports.leaderboard import Leaderboard

_FORMATS = {"html": "html", "md": "md", "tex": "tex", "csv": "csv"}
_KEYS = ("format", "out", "sweep", "study", "scale", "title", "wandb", "paths.output_dir")

_HELP = """genlab report turns runs into a page that opens without a server, or into a table.

usage: genlab report [RUN ...] [format=html|md|tex|csv] [out=FILE] [sweep=NAME | study=NAME] [title=TEXT]

RUN is a run folder, a folder with runs below it, a fingerprint, or `latest`; all of paths.output_dir by default.
Runs that differ by their seed alone become one row, with the mean of each score and its interval.

  genlab report                                  all runs, to outputs/report.html
  genlab report sweep=20260101-120000-ab12       the runs of one sweep
  genlab report study=cvae_mnist scale=cpu       the runs behind a reproduced table
  genlab report outputs/train format=tex out=-   a LaTeX table on standard output
  genlab report sweep=NAME wandb=genlab          the page, and its table and pictures as a run of W&B

Options: format (html), out (report.FORMAT in paths.output_dir; - for standard output), sweep, study (with its scale:
full), title, wandb (a project; offline without an API key; online a sweep gets a saved view of its scores, swept keys,
losses and pictures too, with the extra "workspace"), paths.output_dir (outputs).
"""


def main(argv: list[str]) -> int:
    """Write the report that `argv` asks for; 0 when it was written.

    Raises:
        ConfigError: an unknown option, or no runs.
    """
    if {"-h", "--help"} & set(argv):
        print(_HELP, end="")
        return 0
    options, references = _parse(argv)
    kind = options.get("format", "html")
    if kind not in _FORMATS:
        raise ConfigError(f"format = {kind!r}{nearest(kind, _FORMATS) or ' is none of ' + ', '.join(_FORMATS)}")
    root = Path(options.get("paths.output_dir", "outputs"))
    report = _report(references, root, options)
    out = options.get("out", str(root / f"report.{_FORMATS[kind]}"))
    text = _text(report, kind)
    if out == "-":
        sys.stdout.write(text)
    else:
        from genlab.atomic import write_text

        write_text(Path(out), text)
        print(f"{len(report.runs)} runs in {len(report.groups)} rows: {out}")
    if "wandb" in options:
        from genlab.interop.publish import publish
        from genlab.runs.store import REPORTS

        folder = root / REPORTS / (_sweep(options) or "all")
        publish(report.title, report.runs, report.groups, report.board, folder, options["wandb"], _sweep(options))
    return 0


class _Report(NamedTuple):
    title: str
    runs: list[Collected]
    groups: list[Group]
    board: Leaderboard


def _report(words: list[str], root: Path, options: dict[str, str]) -> _Report:
    """The runs that `words` name, as rows."""
    from genlab.reports.collect import collect
    from genlab.reports.groups import group, varied_keys
    from genlab.reports.leaderboard import leaderboard
    from genlab.runs.store import Store
    from genlab.runs.sweeps import Sweep

    store = Store(root)
    folders = [Path(word) if Path(word).is_dir() else store.find(word).path for word in words] or [root]
    sweep = _sweep(options)
    planned = [root / row["run"] for row in Sweep(root, sweep).rows()] if sweep else []
    if planned:  # the manifest also knows runs that another sweep had trained before
        folders = [folder for folder in planned if folder.is_dir()]
    runs = collect(folders, None if planned else sweep)
    keys = varied_keys(runs)
    groups = group(runs, keys)
    title = options.get("title") or _study(options) or sweep or ", ".join(folder.resolve().name for folder in folders)
    return _Report(title, runs, groups, leaderboard([each.record for each in groups], keys))


def _sweep(options: dict[str, str]) -> str | None:
    """The sweep that is asked for, by its name or as that of a study."""
    if "study" not in options:
        return options.get("sweep")
    from genlab.reports.studies.study import load

    study = load(options["study"], options.get("scale", "full"))
    return f"{study.name}-{study.scale}"


def _study(options: dict[str, str]) -> str:
    """What a study calls itself; empty without one."""
    if "study" not in options:
        return ""
    from genlab.reports.studies.study import load

    study = load(options["study"], options.get("scale", "full"))
    return study.title if study.scale == "full" else f"{study.title} (scale {study.scale})"


def _text(report: _Report, kind: str) -> str:
    from genlab.reports import formats

    if kind == "html":
        from genlab.reports.page.render import page

        return page(*report)
    if kind == "csv":
        return formats.comma_separated(report.board)
    return (formats.markdown if kind == "md" else formats.latex)(report.board, report.title)


def _parse(argv: list[str]) -> tuple[dict[str, str], list[str]]:
    options, references = {}, []
    for word in argv:
        key, sign, value = word.partition("=")
        if not sign or Path(word).exists():
            if word.startswith("-"):
                raise ConfigError(f"genlab report has no option {word!r}; its options are written {_KEYS[0]}=...")
            references.append(word)
        elif key in _KEYS:
            options[key] = value
        else:
            raise ConfigError(f"genlab report has no option {key!r}{nearest(key, _KEYS) or ': ' + ', '.join(_KEYS)}")
    return options, references
