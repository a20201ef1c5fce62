"""Reads the parameters of a dotted name from source files, without importing anything.

A config error must answer in about a second, while importing torch alone takes several: so the check of a config
reads `class Adam: def __init__(self, params, lr=1e-3, ...)` with `ast` instead.
"""

from __future__ import annotations

import ast
import importlib.util
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Parameter:
    """A parameter: `annotation` is its source text, empty when it has none."""

    name: str
    annotation: str
    required: bool


@dataclass(frozen=True)
class Signature:
    """The parameters that a call by keyword accepts; `open` when it takes any keyword (`**kwargs`)."""

    parameters: tuple[Parameter, ...]
    open: bool = False


class UnknownTarget(LookupError):
    """The dotted name leads to no class or function in any source file."""


@dataclass(frozen=True)
class Definition:
    """A class or function of a module: `name` is its fully qualified name where it is defined."""

    module: str
    path: Path
    node: ast.ClassDef | ast.FunctionDef

    @property
    def name(self) -> str:
        return f"{self.module}.{self.node.name}"


@cache
def _root(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)  # a top-level name: finds the file, imports nothing
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


def _module_file(module: str) -> Path | None:
    package, _, rest = module.partition(".")
    root = _root(package)
    if root is None or not rest:
        return root
    base = root.parent.joinpath(*rest.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _statements(body: list[ast.stmt]) -> list[ast.stmt]:
    """The module's statements, those under top-level `if` and `try` included."""
    found: list[ast.stmt] = []
    for statement in body:
        found.append(statement)
        if isinstance(statement, ast.If):
            found += _statements(statement.body) + _statements(statement.orelse)
        elif isinstance(statement, ast.Try):
            found += _statements(statement.body)
    return found


def modules(package: str) -> list[str]:
    """The names of the modules in a package folder."""
    path = _module_file(package)
    return [] if path is None else sorted(f"{package}.{p.stem}" for p in path.parent.glob("*.py") if p.stem[0] != "_")


def names(module: str) -> list[str]:
    """The public classes and functions that a module defines."""
    path = _module_file(module)
    kinds = (ast.ClassDef, ast.FunctionDef)
    return [] if path is None else [n.name for n in _tree(path).body if isinstance(n, kinds) and n.name[0] != "_"]


@cache
def define(target: str) -> Definition:
    """Where the class or function `target` is defined, imports of its packages followed.

    Raises:
        UnknownTarget: no module of that name, or the module has no such class or function.
    """
    module, _, name = target.rpartition(".")
    path = _module_file(module) if module else None
    if path is None:
        raise UnknownTarget(f"there is no module {module!r}")
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for statement in reversed(_statements(_tree(path).body)):
        if isinstance(statement, ast.ClassDef | ast.FunctionDef) and statement.name == name:
            return Definition(module, path, statement)
        if isinstance(statement, ast.ImportFrom):
            origin = _absolute(statement, package)
            for alias in statement.names:
                if (alias.asname or alias.name) == name:
                    return define(f"{origin}.{alias.name}")
                if alias.name == "*":
                    with suppress(UnknownTarget):
                        return define(f"{origin}.{name}")
    raise UnknownTarget(f"module {module!r} defines no {name!r}")


def _absolute(statement: ast.ImportFrom, package: str) -> str:
    if not statement.level:
        return statement.module or ""
    parts = package.split(".")
    parents = ".".join(parts[: len(parts) - statement.level + 1])
    return f"{parents}.{statement.module}" if statement.module else parents


def signature(target: str) -> Signature:
    """The keyword parameters of `target`; open where the source does not say.

    Raises:
        UnknownTarget: see `define`.
    """
    definition = define(target)
    if isinstance(definition.node, ast.FunctionDef):
        return _from_function(definition.node, skip_first=False)
    return _from_class(definition)


def _from_class(definition: Definition) -> Signature:
    node = definition.node
    assert isinstance(node, ast.ClassDef)
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            return _from_function(statement, skip_first=True)
    own: list[Parameter] = []
    if any(_name(d.func if isinstance(d, ast.Call) else d) == "dataclass" for d in node.decorator_list):
        own = [
            Parameter(s.target.id, ast.unparse(s.annotation), s.value is None)
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
            found = signature(f"{definition.module}.{base}" if "." not in base else base)
        except UnknownTarget:
            return (), True
        return found.parameters, found.open
    return (), False


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _from_function(node: ast.FunctionDef, skip_first: bool) -> Signature:
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    pairs = list(zip(positional, defaults, strict=True))[1 if skip_first else 0 :]
    pairs += list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    parameters = tuple(
        Parameter(a.arg, ast.unparse(a.annotation) if a.annotation else "", default is None) for a, default in pairs
    )
    return Signature(parameters, arguments.kwarg is not None)
