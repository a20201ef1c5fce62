"""The members of an annotation in source text, as they are written: `Optional["A | list[B]"]` has A, list[B] and None.

`values` reads of them which values fit, `parts` which parts do; names are followed there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A member of an annotation: a name with its arguments, `None`, or a syntax that names nothing."""

    node: ast.expr
    module: str
    """Whose names it is written in."""

    @property
    def name(self) -> str:
        """As it is written, without arguments: "list", "nn.Module", "None"; empty where it names nothing."""
        named = self.node.value if isinstance(self.node, ast.Subscript) else self.node
        if isinstance(named, ast.Name | ast.Attribute):
            return ast.unparse(named)
        return "None" if isinstance(named, ast.Constant) and named.value is None else ""

    @property
    def last(self) -> str:
        """The name without what it is an attribute of."""
        return self.name.rpartition(".")[2]

    @property
    def arguments(self) -> list[ast.expr]:
        """What stands in its brackets."""
        if not isinstance(self.node, ast.Subscript):
            return []
        return list(self.node.slice.elts) if isinstance(self.node.slice, ast.Tuple) else [self.node.slice]


def parsed(annotation: str) -> ast.expr:
    """The syntax tree of an annotation; that of `None` where it is empty or none."""
    try:
        return ast.parse(annotation or "None", mode="eval").body
    except SyntaxError:
        return ast.Constant(None)


def terms(node: ast.expr, module: str) -> Iterator[Term]:
    """The members of a union, in their order; quotes, Optional and Annotated taken away."""
    term = Term(node, module)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from terms(node.left, module)
        yield from terms(node.right, module)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from terms(parsed(node.value), module)
    elif term.arguments and term.last in ("Union", "Optional"):
        for argument in term.arguments:
            yield from terms(argument, module)
        if term.last == "Optional":
            yield Term(ast.Constant(None), module)
    elif term.arguments and term.last == "Annotated":
        yield from terms(term.arguments[0], module)
    else:
        yield term
