"""A few points of a search's space that stand for all of it, where nothing is trained (`genlab check`)."""

from __future__ import annotations

from collections.abc import Mapping

from hydra.core.override_parser.types import IntervalSweep, Override

from hydra_plugins.genlab.grid_sweeper import swept_values


def search_space_corners(space: Mapping[str, Override]) -> list[list[str]]:
    """Jobs at the edges of a space: every key at its first value, every key at its last, and each key alone changed
    to each of its other values. Their number grows with the number of values, not with that of combinations."""
    edges = {key: _edges(override) for key, override in space.items()}
    first = {key: values[0] for key, values in edges.items()}
    points = [first, {key: values[-1] for key, values in edges.items()}]
    points += [first | {key: value} for key, values in edges.items() for value in values[1:]]
    return list({tuple(point.items()): [f"{key}={value}" for key, value in point.items()] for point in points}.values())


def _edges(override: Override) -> list[str]:
    """All values of a choice, both ends of an interval."""
    sweep = override.value()
    if isinstance(sweep, IntervalSweep):
        return [str(sweep.start), str(sweep.end)]
    return swept_values(override)
