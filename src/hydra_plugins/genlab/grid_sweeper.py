"""The default sweeper: a grid of overrides, or explicit rows from a file."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from hydra.core.object_type import ObjectType
from hydra.core.override_parser.types import ChoiceSweep, Glob, Override, Sweep, Transformer

from genlab.config.explicit_rows import read_rows
from genlab.config.words import name_of
from genlab.errors import ConfigError
from hydra_plugins.genlab.sweeper import JobSweeper


class GridSweeper(JobSweeper):
    """Every combination of the swept values; with `rows=FILE`, every row of the file times those.

    All jobs go to the launcher at once, which composes and checks all of them before the first starts.

    Args:
        params: overrides that a config gives (`hydra.sweeper.params`), before those of the command line.
        max_batch_size: taken for Hydra's own configs; a launcher of ours needs none.
    """

    def __init__(self, params: dict[str, Any] | None = None, max_batch_size: int | None = None) -> None:
        super().__init__(params)

    def sweep(self, arguments: list[str]) -> Any:
        overrides = self._parsed(self._words(arguments))
        name = self._named(overrides, new_name())
        jobs = [[*row, *words, *name] for row in self._rows(overrides) for words in combinations(overrides)]
        results = self._hand_over(jobs, 0)
        self._task.remember(results)
        return results

    def _rows(self, overrides: Sequence[Override]) -> list[list[str]]:
        files = [o.value() for o in overrides if o.key_or_group == "rows"]
        if not files or not files[-1]:
            return [[]]
        rows, given = read_rows(Path(str(files[-1]))), {name_of(o): str(o.input_line) for o in overrides}
        for number, row in enumerate(rows, start=1):
            for word, override in zip(row, self._parsed(row), strict=True):
                if (name := name_of(override)) in given:
                    twice = f"{word} in row {number} of {files[-1]} and as {given[name]}"
                    raise ConfigError(f"{name[0]} is given twice, as {twice} beside it: give it once")
        return rows


def combinations(overrides: Sequence[Override]) -> list[list[str]]:
    """The grid: one list of overrides for each combination of swept values, the last key varying fastest.

    Raises:
        ConfigError: a sweep over an interval, which has no finite grid; a glob that nothing fits.
    """
    jobs: list[list[str]] = [[]]
    for override in overrides:
        key = override.get_key_element()
        if override.is_sweep_override():
            if not override.is_discrete_sweep():
                raise ConfigError(f"{override.input_line} sweeps an interval: a grid needs values, as in {key}=1,2,3")
            values = [f"{key}={value}" for value in swept_values(override)]
        else:
            values = [key if override.is_delete() else f"{key}={override.get_value_element_as_str()}"]
        jobs = [[*job, value] for job in jobs for value in values]
    return jobs


def swept_values(override: Override) -> list[str]:
    """The values of a sweep; a glob, alone or among others, gives its options (Hydra's own sees none in folders)."""
    value = override.value()
    elements = value.list if isinstance(value, ChoiceSweep) else [value]
    if not any(isinstance(element, Glob) for element in elements):
        return list(override.sweep_string_iterator())
    values: list[str] = []
    for element in elements:
        assert not isinstance(element, Sweep), "choice(...) and its short form hold no sweeps"
        values += _fitting(override, element) if isinstance(element, Glob) else [Transformer.str(element)]
    return list(dict.fromkeys(values))


def _fitting(override: Override, glob: Glob) -> list[str]:
    """The options that a glob fits, as `experiment=glob(diffusion/*)`."""
    group = override.key_or_group
    depths = {pattern.count("/") for pattern in glob.include}
    names = [name for name in glob.filter(_options(override, group)) if name.count("/") in depths]
    if not names:
        raise ConfigError(f"{override.input_line} fits none of the options of {group}")
    return names


def _options(override: Override, group: str) -> list[str]:
    """All names that may be chosen in a group, those in its folders as folder/name."""
    assert override.config_loader is not None, "the parser of overrides knows where configs are"
    names = list(override.config_loader.get_group_options(group))
    for folder in override.config_loader.get_group_options(group, ObjectType.GROUP):
        names += [f"{folder}/{name}" for name in _options(override, f"{group}/{folder}")]
    return names


def new_name() -> str:
    """A name for a sweep that two sweeps of the same second do not share."""
    return f"{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
