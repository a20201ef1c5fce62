"""Number types with a range: the one place where a parameter's limits are written.

A part annotates its parameters with these (`steps: PositiveInt`). To Python they are plain numbers; the config
check reads the annotations from the source, without importing the part, and refuses a value outside the range in
one sentence before anything heavy starts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, the ends included where the flags say so."""

    low: float
    high: float
    includes_low: bool = False
    includes_high: bool = False

    def holds(self, value: Any) -> bool:
        above = value >= self.low if self.includes_low else value > self.low
        below = value <= self.high if self.includes_high else value < self.high
        return bool(above and below)

    def __str__(self) -> str:
        if self.high == math.inf:
            return f"{self.low:g} or more" if self.includes_low else f"greater than {self.low:g}"
        return f"in {'[' if self.includes_low else '('}{self.low:g}, {self.high:g}{']' if self.includes_high else ')'}"


PositiveInt = Annotated[int, Range(1, math.inf, includes_low=True)]
NonNegativeInt = Annotated[int, Range(0, math.inf, includes_low=True)]
PositiveFloat = Annotated[float, Range(0, math.inf)]
NonNegativeFloat = Annotated[float, Range(0, math.inf, includes_low=True)]
Fraction = Annotated[float, Range(0, 1)]
"""Strictly between 0 and 1."""
Probability = Annotated[float, Range(0, 1, includes_low=True, includes_high=True)]
Rate = Annotated[float, Range(0, 1, includes_low=True)]
"""In [0, 1): a dropout rate, a decay."""

RANGES: dict[str, tuple[type, Range]] = {
    name: (alias.__origin__, alias.__metadata__[0])
    for name, alias in list(globals().items())
    if hasattr(alias, "__metadata__")
}
"""Alias name -> (number type, range), for readers of source annotations."""
