"""What an annotation in source text says of a value in a config: `Optional[Union[int, float]]`, `Literal["a", "b"]`.

Names are followed to where they are defined, again by reading source alone, so that type aliases of other libraries
are understood without importing them. What the source does not say is not refused.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from genlab.annotations.definitions import Definition, UnknownTarget, meaning
from genlab.annotations.terms import Term, parsed, terms
from genlab.errors import nearest
from genlab.ranges import LIMITED, Form, Range


@dataclass(frozen=True)
class Scalar:
    """A number, a text or a truth value, within a limit where there is one."""

    type: type
    limit: Range | Form | None = None

    @property
    def is_number(self) -> bool:
        return self.type in (int, float)

    @property
    def words(self) -> str:
        noun = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}[self.type]
        if isinstance(self.limit, Form):
            return self.limit.words
        if isinstance(self.limit, Range) and not math.isinf(self.limit.low):
            return f"{noun}{' ' if str(self.limit).startswith(('in', 'greater')) else ' of '}{self.limit}"
        return noun

    def mismatch(self, value: Any) -> str | None:
        """What `value` must be, in words; None when it fits."""
        if not _is(value, self.type):
            return self.words
        if self.type is float and not _is_finite(value):
            return f"finite{'' if self.limit is None else f': {self.words}'}"
        return None if self.limit is None or self.limit.holds(value) else str(self.limit)


@dataclass(frozen=True)
class Choice:
    """One of a few values."""

    values: tuple[Any, ...]

    @property
    def words(self) -> str:
        *rest, last = [str(value) for value in self.values]
        return last if not rest else f"{', '.join(rest)} or {last}"

    def mismatch(self, value: Any) -> str | None:
        if any(type(value) is type(choice) and value == choice for choice in self.values):
            return None
        return f"{self.words}{nearest(str(value), map(str, self.values))}"


@dataclass(frozen=True)
class Items:
    """A list; `each` are the annotations of its entries, one for all of them where `is_open`."""

    each: tuple[ast.expr, ...]
    module: str
    is_open: bool

    @property
    def words(self) -> str:
        if not self.is_open:
            return f"a list of {len(self.each)} values"
        return f"a list, each entry {worded(list(members(self.each[0], self.module)))}" if self.each else "a list"


@dataclass(frozen=True)
class Table:
    """A mapping of names to values of one kind."""

    value: ast.expr | None
    module: str
    words: str = "a mapping"


@dataclass(frozen=True)
class Null:
    """None."""

    words: str = "null"


@dataclass(frozen=True)
class Object:
    """An instance of a class, which a config can only describe."""

    name: str
    words: str = "a part, with the _target_ that builds it"


@dataclass(frozen=True)
class Anything:
    """No more is known."""

    words: str = "any value"


Kind = Scalar | Choice | Items | Table | Null | Object | Anything

_SCALARS = {"int": int, "float": float, "bool": bool, "str": str, "Number": float}
_LISTS = {"list", "List", "tuple", "Tuple", "Sequence", "Iterable", "Collection", "set", "frozenset"}
_TABLES = {"dict", "Dict", "Mapping", "MutableMapping"}
_OBJECTS = {"Callable", "Type", "type"}


def kinds(annotation: str, module: str) -> Iterator[Kind]:
    """The kinds of values that `annotation`, as it stands in `module`, lets through: those of a union one by one.

    Kinds that need no look into other files come first, so that who finds a fit early reads none of them.
    """
    if not annotation:
        yield Anything()
        return
    yield from members(parsed(annotation), module)


def members(node: ast.expr, module: str, seen: frozenset[str] = frozenset()) -> Iterator[Kind]:
    """As `kinds`, of a syntax tree."""
    for term in sorted(terms(node, module), key=_is_defined_elsewhere):
        if term.name == "None":
            yield Null()
        elif term.arguments:
            yield from _generic(term)
        elif isinstance(term.node, ast.Name):
            yield from _named(term.name, module, seen)
        else:  # nn.Module, torch.Tensor
            yield Object(term.name) if term.name else Anything()


def _is_defined_elsewhere(term: Term) -> bool:
    return isinstance(term.node, ast.Name) and term.name not in _SCALARS


def _generic(term: Term) -> Iterator[Kind]:
    name, arguments = term.last, term.arguments
    if name == "Literal":
        yield Choice(tuple(ast.literal_eval(argument) for argument in arguments))
    elif name in _LISTS:
        is_open = name not in ("tuple", "Tuple") or ast.unparse(arguments[-1]) == "..."
        yield Items(tuple(a for a in arguments if ast.unparse(a) != "..."), term.module, is_open)
    elif name in _TABLES:
        yield Table(arguments[-1], term.module)
    else:  # Callable[...], and generic classes
        yield Object(name)


def _named(name: str, module: str, seen: frozenset[str]) -> Iterator[Kind]:
    if name in LIMITED and module.split(".")[0] in ("genlab", "hydra_plugins"):
        yield Scalar(*LIMITED[name])
    elif name in _SCALARS:
        yield Scalar(_SCALARS[name])
    elif name in _LISTS:
        yield Items((), module, is_open=True)
    elif name in _TABLES:
        yield Table(None, module)
    elif name in _OBJECTS or name == "Part":
        yield Object(name)
    elif name in ("Path", "PathLike"):  # which a config gives as text
        yield Scalar(str)
    elif name in ("Any", "object") or f"{module}.{name}" in seen:
        yield Anything()
    else:
        yield from _defined(name, module, seen)


def _defined(name: str, module: str, seen: frozenset[str]) -> Iterator[Kind]:
    """A type alias, followed to its definition, or a class."""
    try:
        definition = meaning(module, name)
    except UnknownTarget:
        yield Anything()
        return
    if isinstance(definition, Definition):
        yield Object(name) if isinstance(definition.node, ast.ClassDef) else Anything()
    elif isinstance(definition.value, ast.Call):  # TypeVar("T"), NewType("N", int)
        yield Anything()
    elif definition.module == "genlab.ranges" and name in LIMITED:
        yield Scalar(*LIMITED[name])
    else:
        yield from members(definition.value, definition.module, seen | {f"{module}.{name}"})


def worded(kinds: Sequence[Kind]) -> str:
    """All that fits, in words: choices together, null last."""
    rest = [kind.words for kind in kinds if not isinstance(kind, Choice | Null)]
    together = [chosen.words] if (chosen := choices(kinds)) is not None else []
    null = ["null"] if any(isinstance(kind, Null) for kind in kinds) else []
    return ", or ".join(dict.fromkeys([*rest, *together, *null]))


def choices(kinds: Sequence[Kind]) -> Choice | None:
    """The choices of a union as one; None where it has none."""
    values = {str(value): value for kind in kinds if isinstance(kind, Choice) for value in kind.values}
    return Choice(tuple(values.values())) if values else None


def _is(value: Any, kind: type) -> bool:
    if kind is not bool and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if kind is float else kind)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond the largest float
        return False
