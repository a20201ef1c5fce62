"""A study: one table of a published report, as rows of overrides, columns of numbers, and claims to test."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from genlab.config.files import conf_dir
from genlab.config.untrusted import limited_text
from genlab.errors import ConfigError, nearest

SCALES = ("full", "cpu", "smoke")
_KEYS = ("title", "source", "note", "experiment", "overrides", "each", "evaluate", "seeds", "seeds_of", "rows",
         "columns", "claims", "pictures", "scales")  # fmt: skip
_SCALED = ("says", "seeds", "seeds_of", "experiment", "overrides", "rows", "columns", "each", "evaluate")
SeedsOf = Literal["training", "samples"]
Kind = Literal["metric", "history", "record", "latent", "signal"]
_KINDS: tuple[Kind, ...] = get_args(Kind)
_COLUMN = (*_KINDS, "title", "unit", "better", "epoch", "last", "statistic", "stage", "where", "equals", "report")


@dataclass(frozen=True)
class Column:
    """A number of every row, and where it is read.

    `metric` names an entry of record.json's metrics, `record` a dotted key of record.json, `latent` one of
    latent.json, `history` a term of history.jsonl at the end of `epoch` (from 0, or "last"), and `signal` a fraction of
    the noise process, at which sqrt(alpha_bar) is taken.
    """

    name: str
    kind: Kind
    key: str
    title: str
    unit: str = ""
    better: Literal["lower", "higher"] | None = None
    epoch: int | Literal["last", "row"] = "last"
    """At the end of which epoch, from 0; "row": of that which the row names."""
    last: int | Literal["epoch"] = 1
    """How many steps, up to the end of the epoch, enter the statistic; "epoch": all of that epoch's."""
    statistic: Literal["mean", "std"] = "mean"
    stage: Literal["own", "first"] = "own"
    """Whether the number is of the run, or of the first stage that it stands on."""
    where: Mapping[str, list[Any]] = field(default_factory=dict)
    """Of a study that runs each row for several values of a key: the values that the number is a mean over."""
    equals: Any = None
    """The number is 1 where the key has this value, else 0."""
    report: Mapping[str, float] = field(default_factory=dict)
    """What the report prints, by row."""


@dataclass(frozen=True)
class Row:
    """A row of the table: a training, and perhaps one more evaluation of it."""

    name: str
    overrides: Mapping[str, Any]
    evaluate: Mapping[str, Any] | None = None
    """Overrides of `genlab evaluate`: then the row's scores are of that evaluation. The study's own `evaluate` is what
    all such rows share, where they say nothing else."""
    epoch: int | None = None
    """Where columns with `epoch: row` are read. Rows that differ in this alone, or in `evaluate`, share a training."""


@dataclass(frozen=True)
class Claim:
    """An observation of the report, as an expression over columns and rows."""

    id: str
    text: str
    expression: str | None = None
    every_row: bool = False
    why_not: str = ""
    """Why there is no expression."""


@dataclass(frozen=True)
class Study:
    """A table at one scale."""

    name: str
    folder: Path
    title: str
    source: str
    note: str
    experiment: str
    overrides: Mapping[str, Any]
    each: Mapping[str, list[Any]]
    """A key and its values: every row is run once for each of them, and its numbers are means over them."""
    seeds: int
    rows: Mapping[str, Row]
    columns: Mapping[str, Column]
    claims: list[Claim]
    pictures: list[str]
    """Kinds of pictures shown of each row: samples, reconstructions, loss, ..."""
    scale: str
    says: str
    """How the scale differs from the report's settings; empty when it does not."""
    seeds_of: SeedsOf = "training"
    """What has the seeds: "training", each is of another model; "samples", one model is trained, with seed 0, and each
    seed is of another evaluation of it (`metrics.seed`)."""


def available() -> list[str]:
    """The names of the studies, in alphabetical order."""
    return sorted(file.parent.name for file in (conf_dir() / "experiment" / "report").glob("*/study.yaml"))


def load(name: str, scale: str) -> Study:
    """The study of that name, as `scale` changes it.

    Raises:
        ConfigError: no such study or scale, or the file says something else than a study may.
    """
    if name not in (names := available()):
        raise ConfigError(f"there is no study {name!r}{nearest(name, names) or ': ' + ', '.join(names)}")
    return read(conf_dir() / "experiment" / "report" / name / "study.yaml", scale)


def read(path: Path, scale: str) -> Study:
    """The study in a file; raises ConfigError as `load`."""
    import yaml

    if scale not in SCALES:
        raise ConfigError(f"scale = {scale!r}{nearest(scale, SCALES) or ' is none of ' + ', '.join(SCALES)}")
    content = yaml.safe_load(limited_text(path))
    where = f"{path.parent.name}/study.yaml"
    _only(content, _KEYS, where)
    scales = content.pop("scales", None) or {}
    _only(scales, SCALES, f"{where}, scales")
    changed = scales.get(scale) or {}
    _only(changed, _SCALED, f"{where}, scales.{scale}")
    if scale in scales and not changed.get("says"):
        raise ConfigError(f"{where}: scales.{scale}.says must tell how the scale differs from the report's settings")
    return _study(_merged(content, changed), path, scale, where)


def _study(content: dict[str, Any], path: Path, scale: str, where: str) -> Study:
    for key in ("title", "source", "experiment", "rows", "columns"):
        if not content.get(key):
            raise ConfigError(f"{where} has no {key}")
    rows = {str(name): _row(str(name), row, content.get("evaluate") or {}) for name, row in content["rows"].items()}
    columns = {name: _column(name, column or {}, rows, where) for name, column in content["columns"].items()}
    seeds_of: Any = content.get("seeds_of") or "training"
    if seeds_of not in get_args(SeedsOf):
        raise ConfigError(f"{where}: seeds_of = {seeds_of!r} is none of {', '.join(get_args(SeedsOf))}")
    if seeds_of == "samples" and (lacking := [row.name for row in rows.values() if row.evaluate is None]):
        raise ConfigError(f"{where}: seeds_of = samples, and row {lacking[0]} has no evaluate, which draws samples")
    claims = [Claim(**_only(c, ("id", "text", "expression", "every_row", "why_not"), f"{where}, claims"))
              for c in content.get("claims") or []]  # fmt: skip
    return Study(
        name=path.parent.name, folder=path.parent.resolve(), title=content["title"], source=content["source"],
        note=content.get("note") or "", experiment=content["experiment"], overrides=content.get("overrides") or {},
        each=content.get("each") or {}, seeds=int(content.get("seeds") or 3), rows=rows, columns=columns, claims=claims,
        pictures=content.get("pictures") or [], scale=scale, says=content.get("says") or "", seeds_of=seeds_of,
    )  # fmt: skip


def _row(name: str, content: Mapping[str, Any] | None, shared: Mapping[str, Any]) -> Row:
    given = dict(content or {})
    own, epoch = given.pop("evaluate", None), given.pop("epoch", None)
    return Row(name, given, None if own is None else {**shared, **own}, epoch)


def _column(name: str, content: Mapping[str, Any], rows: Collection[str], where: str) -> Column:
    place = f"{where}, columns.{name}"
    _only(content, _COLUMN, place)
    kinds = [kind for kind in _KINDS if kind in content]
    if len(kinds) != 1:
        raise ConfigError(f"{place} needs exactly one of {', '.join(_KINDS)}")
    given = dict(content)
    report = {str(row): float(value) for row, value in (given.pop("report", None) or {}).items()}
    _only(report, rows, f"{place}.report")
    key = str(given.pop(kinds[0]))
    return Column(name=name, kind=kinds[0], key=key, title=given.pop("title", name), report=report, **given)


def _only(content: Any, keys: Collection[str], where: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise ConfigError(f"{where} must be a mapping")
    for key in content:
        if key not in keys:
            raise ConfigError(f"{where} has no key {key!r}{nearest(str(key), keys) or ': ' + ', '.join(keys)}")
    return content


def _merged(base: Any, change: Any) -> Any:
    """`change` laid over `base`: mappings key by key, all else replaced."""
    if not isinstance(base, dict) or not isinstance(change, dict):
        return change
    return {**base, **{key: _merged(base.get(key), value) for key, value in change.items()}}
