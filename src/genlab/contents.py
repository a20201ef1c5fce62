"""The table of contents of a package: its public classes and functions, each imported when it is first asked for.

`genlab.models.VAE` is `genlab.models.vae.VAE`. The table is read from the package's own files, without importing them,
so that there is no list to keep and importing a package costs nothing.
"""

from __future__ import annotations

import ast
import importlib
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any


def table_of_contents(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` for the `__init__.py` of a package, by its name; `__all__` is the table, too.

    The names are the package's modules and packages, and the public classes and functions that these modules define. A
    name that two modules define, or that a module has, is found in its module alone.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807
        if name == "__all__":
            return sorted(contents(package))
        if not name.startswith("_"):
            if _is_module(package, name):  # known without the table
                return importlib.import_module(f"{package}.{name}")
            if (module := contents(package).get(name)) is not None:
                return getattr(importlib.import_module(module), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def __dir__() -> list[str]:  # noqa: N807
        return sorted({*vars(importlib.import_module(package)), *contents(package)})

    return __getattr__, __dir__


@cache
def contents(package: str) -> dict[str, str]:
    """Name -> the module that it is, or that defines it; of the package's own modules, not of packages within it."""
    folder = _folder(package)
    files = {path.stem: path for path in sorted(folder.glob("*.py")) if not path.stem.startswith("_")}
    packages = [path.parent.name for path in sorted(folder.glob("*/__init__.py"))]
    defined = [(name, f"{package}.{module}") for module, path in files.items() for name in _public(path)]
    times = Counter(name for name, _ in defined)
    modules = {name: f"{package}.{name}" for name in (*files, *packages)}
    return {name: module for name, module in defined if times[name] == 1} | modules


def _folder(package: str) -> Path:
    return Path(str(importlib.import_module(package).__file__)).parent


def _is_module(package: str, name: str) -> bool:
    path = _folder(package) / name
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def _public(path: Path) -> list[str]:
    """The classes and functions that a file defines, without those that begin with an underscore."""
    nodes = ast.parse(path.read_bytes()).body
    kinds = (ast.ClassDef, ast.FunctionDef)
    return [node.name for node in nodes if isinstance(node, kinds) and not node.name.startswith("_")]
