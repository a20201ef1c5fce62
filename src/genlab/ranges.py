"""Number and text types with limits: the one place where a parameter's limits are written.

A part annotates its parameters with these (`steps: PositiveInt`). To Python they are plain numbers and texts; the
config check reads the annotations from the source, without importing the part, and refuses a value outside the limits
in one sentence before anything heavy starts. What other libraries' parts accept is in `annotations/limits.py`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any


@dataclass(frozen=True)
class Range:
    """Finite numbers from `low` to `high`, the ends included where the flags say so."""

    low: float
    high: float
    includes_low: bool = False
    includes_high: bool = False

    def holds(self, value: Any) -> bool:
        above = value >= self.low if self.includes_low else value > self.low
        below = value <= self.high if self.includes_high else value < self.high
        return bool(above and below)

    def __str__(self) -> str:
        if self.low == -math.inf and self.high == math.inf:
            return "finite"
        if self.high == math.inf:
            return f"{self.low:.12g} or more" if self.includes_low else f"greater than {self.low:.12g}"
        ends = "[" if self.includes_low else "(", "]" if self.includes_high else ")"
        return f"in {ends[0]}{self.low:.12g}, {self.high:.12g}{ends[1]}"


@dataclass(frozen=True)
class Form:
    """Texts that the whole of `pattern` fits; `words` say what they are."""

    pattern: str
    words: str

    def holds(self, value: str) -> bool:
        return re.fullmatch(self.pattern, value) is not None

    def __str__(self) -> str:
        return self.words


AnyInt = Annotated[int, Range(-math.inf, math.inf)]
"""A whole number that may be negative."""
AnyFloat = Annotated[float, Range(-math.inf, math.inf)]
"""A finite number that may be negative."""
PositiveInt = Annotated[int, Range(1, math.inf, includes_low=True)]
NonNegativeInt = Annotated[int, Range(0, math.inf, includes_low=True)]
SeveralInt = Annotated[int, Range(2, math.inf, includes_low=True)]
"""2 or more."""
Seed = Annotated[int, Range(0, 2**32 - 1, includes_low=True, includes_high=True)]
"""What the generators of Python, NumPy and torch all take."""
PositiveFloat = Annotated[float, Range(0, math.inf)]
NonNegativeFloat = Annotated[float, Range(0, math.inf, includes_low=True)]
Fraction = Annotated[float, Range(0, 1)]
"""Strictly between 0 and 1."""
Share = Annotated[float, Range(0, 1, includes_high=True)]
"""In (0, 1]: a part of something, or all of it."""
Probability = Annotated[float, Range(0, 1, includes_low=True, includes_high=True)]
Rate = Annotated[float, Range(0, 1, includes_low=True)]
"""In [0, 1): a dropout rate, a decay."""
ColourValue = Annotated[float, Range(-1, 1, includes_low=True, includes_high=True)]
"""From black, -1, to white, 1, as models see pictures."""

Name64 = Annotated[str, Form(r"(?s).{1,64}", "text of 1 to 64 characters")]
Name128 = Annotated[str, Form(r"(?s).{1,128}", "text of 1 to 128 characters")]
Project = Annotated[str, Form(r"[^/\\#?%:]{1,128}", "text of 1 to 128 characters, none of them / \\ # ? % :")]
"""The name of a W&B project."""
Devices = Annotated[str, Form(r"-1|0*[1-9]\d*|\d+(, *\d+)+,?|\d+,", "numbers of devices such as '0,1'")]
"""What Lightning reads as a number of devices, or a list of them."""
Duration = Annotated[str, Form(r"\d+:\d\d:\d\d:\d\d", "a time as days:hours:minutes:seconds, such as 00:12:00:00")]

Part = Annotated[Any, "a part"]
"""What a mapping with a `_target_` describes, for keys whose type the config does not know."""

LIMITED: dict[str, tuple[type, Range | Form]] = {
    name: (alias.__origin__, alias.__metadata__[0])
    for name, alias in list(globals().items())
    if hasattr(alias, "__metadata__") and isinstance(alias.__metadata__[0], Range | Form)
}
"""Alias name -> (type, limit), for readers of source annotations."""
