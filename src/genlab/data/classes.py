"""Which classes of a data set are used. Torch-free: the identity of a run needs it too."""

from __future__ import annotations

from collections.abc import Sequence


def selected(classes: Sequence[int] | int | None) -> list[int] | None:
    """`dataset.classes`, one label or several, as a list in order, each once; None stands for all."""
    if classes is None:
        return None
    return sorted({classes} if isinstance(classes, int) else {int(label) for label in classes})
