"""Finds what a dotted name stands for in source files, without importing anything."""

from __future__ import annotations

import ast
import builtins
import importlib.util
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path


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


@dataclass(frozen=True)
class Alias:
    """A name of a module that stands for an expression there: `Conditions = Tensor | None`."""

    module: str
    value: ast.expr


@cache
def _roots(package: str) -> tuple[Path, ...]:
    """The file of a top-level module, or a file in each folder of a namespace package; imports nothing."""
    spec = importlib.util.find_spec(package)
    if spec is not None and spec.origin is None:
        return tuple(Path(folder) / "__init__.py" for folder in spec.submodule_search_locations or ())
    return (Path(spec.origin),) if spec and spec.origin and spec.origin.endswith(".py") else ()


@cache
def module_file(module: str) -> Path | None:
    """The source file of a module; None where there is none."""
    package, _, rest = module.partition(".")
    bases = [root.parent.joinpath(*rest.split(".")) for root in _roots(package)] if rest else []
    candidates = [file for base in bases for file in (base.with_suffix(".py"), base / "__init__.py")]
    return next((file for file in candidates or _roots(package) if file.is_file()), None)


@cache
def _statements(path: Path) -> list[ast.stmt]:
    """The statements of a file that bind names, the last one first, those under top-level `if` and `try` included."""

    def flat(body: list[ast.stmt]) -> list[ast.stmt]:
        statements: list[ast.stmt] = []
        for statement in body:
            statements.append(statement)
            if isinstance(statement, ast.If):
                statements += flat(statement.body) + flat(statement.orelse)
            elif isinstance(statement, ast.Try):
                statements += flat(statement.body)
        return statements

    return flat(ast.parse(path.read_text(encoding="utf-8")).body)[::-1]


def define(target: str) -> Definition:
    """Where the class or function `target` is defined, imports of its packages followed.

    Raises:
        UnknownTarget: no module of that name, or the module has no such class or function.
    """
    module, _, name = target.rpartition(".")
    if not module or module_file(module) is None:
        raise UnknownTarget(f"there is no module {module!r}")
    definition = meaning(module, name)
    if isinstance(definition, Alias):
        raise UnknownTarget(f"module {module!r} defines no class or function {name!r}")
    return definition


@cache
def meaning(module: str, name: str) -> Definition | Alias:
    """What `name` ("Adam", "nn.Module") stands for in `module`, imports followed.

    Raises:
        UnknownTarget: nothing that a source file defines.
    """
    return _meaning(module, name, frozenset())


def _meaning(module: str, name: str, seen: frozenset[tuple[str, str]]) -> Definition | Alias:
    path = module_file(module)
    if path is None or (module, name) in seen:  # packages that import each other whole
        raise UnknownTarget(f"module {module!r} defines no {name!r}")
    seen |= {(module, name)}
    first, _, rest = name.partition(".")
    for statement in _statements(path):
        if isinstance(statement, ast.ClassDef | ast.FunctionDef) and statement.name == name:
            return Definition(module, path, statement)
        if (value := _assigned(statement, name)) is not None:
            return _behind(Alias(module, value), seen)
        if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
            with suppress(UnknownTarget):
                return _meaning(_origin(statement, module, path), name, seen)
        elif (whole := _imported(statement, first, module, path)) is not None:
            return _absolute(f"{whole}.{rest}" if rest else whole, seen)
    raise UnknownTarget(f"module {module!r} defines no {name!r}")


def _behind(alias: Alias, seen: frozenset[tuple[str, str]]) -> Definition | Alias:
    """What an alias of a plain name stands for; another one stays."""
    if isinstance(alias.value, ast.Name | ast.Attribute):
        with suppress(UnknownTarget):
            return _meaning(alias.module, ast.unparse(alias.value), seen)
    return alias


def _absolute(dotted: str, seen: frozenset[tuple[str, str]]) -> Definition | Alias:
    """What a dotted name from the top stands for: the longest module in it, and a name in that."""
    pieces = dotted.split(".")
    for n in range(len(pieces) - 1, 0, -1):
        if module_file(module := ".".join(pieces[:n])) is not None:
            return _meaning(module, ".".join(pieces[n:]), seen)
    raise UnknownTarget(f"there is no module {dotted!r}")


@cache
def qualified(module: str, name: str) -> str:
    """`name` as `module` means it, from the top: "nn.Module" -> "torch.nn.Module"; a builtin stays as it is."""
    first, _, rest = name.partition(".")
    if (path := module_file(module)) is not None:
        for statement in _statements(path):
            defined = isinstance(statement, ast.ClassDef | ast.FunctionDef) and statement.name == first
            if defined or _assigned(statement, first) is not None:
                return f"{module}.{name}"
            if (whole := _imported(statement, first, module, path)) is not None:
                return f"{whole}.{rest}" if rest else whole
    return name if hasattr(builtins, first) else f"{module}.{name}"


def _assigned(statement: ast.stmt, name: str) -> ast.expr | None:
    """What a statement `name = value` assigns."""
    if isinstance(statement, ast.Assign):
        named = any(isinstance(target, ast.Name) and target.id == name for target in statement.targets)
        return statement.value if named else None
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.value if statement.target.id == name else None
    return None


def _imported(statement: ast.stmt, name: str, module: str, path: Path) -> str | None:
    """The whole dotted name that an import of `statement` binds to `name`."""
    if isinstance(statement, ast.ImportFrom):
        names = [alias.name for alias in statement.names if (alias.asname or alias.name) == name]
        return f"{_origin(statement, module, path)}.{names[0]}" if names else None
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            if (alias.asname or alias.name.partition(".")[0]) == name:
                return alias.name if alias.asname else name
    return None


def _origin(statement: ast.ImportFrom, module: str, path: Path) -> str:
    """The module that is imported from, a relative one made absolute."""
    if not statement.level:
        return statement.module or ""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    parts = package.split(".")
    parents = ".".join(parts[: len(parts) - statement.level + 1])
    return f"{parents}.{statement.module}" if statement.module else parents


@cache
def bases(definition: Definition) -> tuple[Definition, ...]:
    """The classes that a class is derived from, as far as source files define them: itself first. Of a function ()."""
    node = definition.node
    classes = [definition] if isinstance(node, ast.ClassDef) else []
    for base in node.bases if isinstance(node, ast.ClassDef) else []:
        written = ast.unparse(base.value if isinstance(base, ast.Subscript) else base)
        if qualified(definition.module, written).startswith(("typing.", "abc.")):
            continue
        with suppress(UnknownTarget):
            above = meaning(definition.module, written)
            if isinstance(above, Definition) and above != definition:
                classes += [each for each in bases(above) if each not in classes]
    return tuple(classes)
