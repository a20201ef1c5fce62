"""Which classes of a data set are used. Torch-free: the identity of a run needs it too."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from genlab.errors import ConfigError, listed
from genlab.notice import Notice


def selected(classes: Sequence[int] | int | None) -> list[int] | None:
    """`dataset.classes`, one label or several, as a list in order, each once; None stands for all."""
    if classes is None:
        return None
    return sorted({classes} if isinstance(classes, int) else {int(label) for label in classes})


def check_trained(untrained: Sequence[str], conditional: bool) -> None:
    """Say that classes have no picture to train on; a conditional model cannot do without.

    Raises:
        ConfigError: `conditional`, and there are such classes.
    """
    if not untrained:
        return
    have = "a class has" if len(untrained) == 1 else f"{len(untrained)} classes have"
    text = f"{have} no picture to train on: {listed(untrained, 5)}"
    if conditional:
        raise ConfigError(
            f"{text}; the model would draw them without having seen one: give them more pictures, a smaller "
            "dataset.test_size or val_size, or a larger train_size, or take an unconditional model"
        )
    warnings.warn(text, Notice, stacklevel=3)
