"""Reads the parameters of a dotted name from source files, without importing anything.

A config error must answer in about a second, while importing torch alone takes several: so the check of a config
reads `class Adam: def __init__(self, params, lr=1e-3, ...)` with `ast` instead.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cache

from genlab.annotations.definitions import Definition, UnknownTarget, define


@dataclass(frozen=True)
class Parameter:
    """A parameter: `annotation` is its source text, empty when it has none; `module` is where that is written."""

    name: str
    annotation: str
    required: bool
    module: str = field(default="", compare=False)
    default: str = field(default="", compare=False)
    """Its source text; empty where there is none."""


@dataclass(frozen=True)
class Signature:
    """The parameters that a call by keyword accepts; `open` when it takes any keyword (`**kwargs`)."""

    parameters: tuple[Parameter, ...]
    open: bool = False


@cache
def signature(target: str) -> Signature:
    """The keyword parameters of `target`; open where the source does not say.

    Raises:
        UnknownTarget: see `define`.
    """
    definition = define(target)
    if isinstance(definition.node, ast.FunctionDef):
        return _from_function(definition.node, definition.module, skip_first=False)
    return _from_class(definition)


def takes_parameter(target: str, name: str) -> bool:
    """Whether `target` has a parameter of that name; False for what is in no source file."""
    try:
        return any(p.name == name for p in signature(target).parameters)
    except UnknownTarget:
        return False


def _from_class(definition: Definition) -> Signature:
    node = definition.node
    assert isinstance(node, ast.ClassDef)
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            return _from_function(statement, definition.module, skip_first=True)
    own: list[Parameter] = []
    if any(_name(d.func if isinstance(d, ast.Call) else d) == "dataclass" for d in node.decorator_list):
        own = [
            Parameter(s.target.id, ast.unparse(s.annotation), s.value is None, definition.module, _text(s.value))
            for s in node.body
            if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name) and "ClassVar" not in ast.dump(s)
        ]
    inherited, is_open = _from_bases(definition)
    merged = {p.name: p for p in (*inherited, *own)}
    return Signature(tuple(merged.values()), is_open and not own)


def _from_bases(definition: Definition) -> tuple[tuple[Parameter, ...], bool]:
    assert isinstance(definition.node, ast.ClassDef)
    bases = [ast.unparse(base).split("[")[0] for base in definition.node.bases]
    for base in bases:
        if base in ("object", "Protocol", "NamedTuple", "Generic", "ABC", "nn.Module", "torch.nn.Module"):
            continue
        try:
            inherited = signature(f"{definition.module}.{base}" if "." not in base else base)
        except UnknownTarget:
            return (), True
        return inherited.parameters, inherited.open
    return (), False


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _from_function(node: ast.FunctionDef, module: str, skip_first: bool) -> Signature:
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    pairs = list(zip(positional, defaults, strict=True))[1 if skip_first else 0 :]
    pairs += list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    parameters = tuple(
        Parameter(a.arg, _text(a.annotation), default is None, module, _text(default)) for a, default in pairs
    )
    return Signature(parameters, arguments.kwarg is not None)


def _text(node: ast.expr | None) -> str:
    return "" if node is None else ast.unparse(node)
