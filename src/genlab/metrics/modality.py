"""Which kind of data a metric reads: the metric names it beside its needs, or the extractor of the metric does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genlab.errors import ConfigError, nearest
from genlab.modalities.modality import modalities


def read_by(metric: Any) -> frozenset[str] | None:
    """The names of the modalities that a metric reads: its `modality`, its extractor's, or both where both say some;
    None for any."""
    own, through = (getattr(part, "modality", None) for part in (metric, getattr(metric, "extractor", None)))
    if own is None or through is None:
        return own if through is None else through
    return frozenset(own) & frozenset(through)


def reads(metric: Any, modality: str) -> bool:
    """Whether a metric reads data of the modality of this name."""
    readable = read_by(metric)
    return readable is None or modality in readable


def check_modalities(metrics: Mapping[str, Any]) -> None:
    """Raise ConfigError, one sentence, for a metric or an extractor that reads no modality that there is."""
    there = sorted({kind.name for kind in modalities()})
    for handle, metric in metrics.items():
        extractor: Any = getattr(metric, "extractor", None)
        for part, what in ((metric, f"the metric {handle}"), (extractor, f"the extractor of the metric {handle}")):
            for name in sorted(getattr(part, "modality", None) or ()):
                if name not in there:
                    raise ConfigError(
                        f"{what} reads the modality {name!r}, which there is not{nearest(name, there)}; there are "
                        f"{', '.join(there)}"
                    )
        if not (readable := read_by(metric)) and readable is not None:
            raise ConfigError(
                f"the metric {handle} reads {' or '.join(sorted(metric.modality))}, and its extractor "
                f"{extractor.name} reads {' or '.join(sorted(extractor.modality))}: choose another extractor"
            )
