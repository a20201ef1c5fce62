"""Which pictures of a source are the two domains, and how they are divided: all that decides the data. Torch-free."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from genlab.data.preparation import Preparation


@dataclass(frozen=True)
class PreparationOfTwo(Preparation):
    """The arguments are those of `TwoDomains`.

    Raises:
        ValueError: `domains` are not two labels.
    """

    domains: Sequence[int] = (0, 1)

    def __post_init__(self) -> None:
        if len(self.domains) != 2 or self.domains[0] == self.domains[1]:
            raise ValueError(f"dataset.domains={list(self.domains)} must be two labels, of the domains a and b")
        object.__setattr__(self, "classes", [int(label) for label in self.domains])

    @property
    def checksum(self) -> str:
        """SHA-256 of what decides the pictures of every split, and which domain is which."""
        return hashlib.sha256(json.dumps([super().checksum, [int(k) for k in self.domains]]).encode()).hexdigest()
