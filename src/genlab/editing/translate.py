"""A picture of one domain as one of another, and what comes back from there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from genlab.editing.editable import Edited
from genlab.protocols import Conditions, Direction, Translates
from genlab.randomness import Randomness


@dataclass(frozen=True)
class Translate:
    """`translate`, as a person asks for it, and the way back. Nothing is random: one picture has one result.

    Args:
        direction: from which domain to which. A test picture is one of the first of them.
    """

    direction: Direction = "a_to_b"

    needs: ClassVar[type] = Translates
    needs_in_words: ClassVar[str] = "that translates between two domains"

    def __call__(
        self, model: Translates, x: Tensor, condition: Conditions = None, *, generator: Randomness = None
    ) -> Edited:
        there: Direction = self.direction
        back: Direction = "a_to_b" if there == "b_to_a" else "b_to_a"
        translated = model.translate(x[:1], there)
        return Edited(None, torch.cat([translated, model.translate(translated, back)]), names=("translated", "cycled"))

    def data_of(self, data: Any) -> Any:
        """The data of the domain that is translated from, of a data module of two."""
        return data.domains[self.direction == "b_to_a"] if hasattr(data, "domains") else data
