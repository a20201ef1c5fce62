"""What the class of a part says of itself in its body, read from its source: a fact, or a function that needs no torch.

    class UNet(nn.Module):
        division = staticmethod(between_levels)

A rule asks for `division` and calls the very function that the network calls, without importing the network.
"""

from __future__ import annotations

import ast
import importlib
from functools import cache
from typing import Any

from genlab.annotations.definitions import Definition, UnknownTarget, bases, define, meaning


@cache
def declared(target: str, attribute: str) -> Any:
    """The value of a class attribute of `target`, or of a class that it is derived from; None where there is none.

    It is a literal, or the class or function that is named there: its module is imported, so it must be a light one.
    """
    try:
        for each in bases(define(target)):
            for statement in each.node.body:
                if (value := _value(statement, attribute)) is not None:
                    return _meant(value, each.module)
    except UnknownTarget:
        pass
    return None


def _value(statement: ast.stmt, attribute: str) -> ast.expr | None:
    """What a statement of a class's body gives to the attribute."""
    if isinstance(statement, ast.Assign):
        given: list[ast.expr] = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        given = [statement.target]
    else:
        return None
    return statement.value if any(isinstance(each, ast.Name) and each.id == attribute for each in given) else None


def _meant(value: ast.expr, module: str) -> Any:
    if isinstance(value, ast.Call) and ast.unparse(value.func) in ("staticmethod", "frozenset"):
        value = value.args[0] if value.args else ast.Tuple([])
    if isinstance(value, ast.Name | ast.Attribute):
        definition = meaning(module, ast.unparse(value))
        return imported(definition.name) if isinstance(definition, Definition) else None
    try:
        return ast.literal_eval(value)
    except ValueError:
        return None


def imported(name: str) -> Any:
    """The object of a dotted name."""
    module, _, last = name.rpartition(".")
    return getattr(importlib.import_module(module), last)
