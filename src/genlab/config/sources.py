"""What a config refers to by name and what counts by its content: files, and the source of the user's own classes."""

from __future__ import annotations

import ast
import hashlib
import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from genlab.annotations.signatures import UnknownTarget, define
from genlab.data.digest import file_digest, folder_digest


def content_digest(text: str, of_folders: bool = True) -> str:
    """A digest of the file or folder that `text` names; `text` itself where it names none that can be read.

    Args:
        text: a value of a config.
        of_folders: False for data, whose folders count by the checksum of the data: they give the word "folder".
    """
    if not {"/", os.sep, "."} & set(text) or "\n" in text or "${" in text:
        return text
    path = Path(text)
    try:
        path = path.expanduser()
        if path.is_file():
            facts = path.stat()
            return _digest_of_file(path, facts.st_mtime_ns, facts.st_size)
        if {"/", os.sep} & set(text) and path.is_dir():
            return f"sha256:{folder_digest(path)}" if of_folders else "folder"
    except (OSError, RuntimeError, ValueError):  # too long for a name, no permission, no home of that user
        pass
    return text


@lru_cache(maxsize=64)
def _digest_of_file(path: Path, changed: int, size: int) -> str:
    return f"sha256:{file_digest(path)}"


def source_digest(targets: Iterable[str]) -> str:
    """SHA-256 of the modules that define `targets`, and of all that they import from the same folder or below.

    Of an installed package its version counts. A name that cannot be found counts as text: the check of the config
    says so in its own words.
    """
    files: dict[Path, None] = {}
    names = []
    for target in sorted(targets):
        try:
            definition = define(target)
        except UnknownTarget:
            names.append(target)
            continue
        if _is_installed(definition.path):
            names.append(f"{target} {_version(target.partition('.')[0])}")
            continue
        _gather(definition.path, _top(definition.path, definition.module), files)
        names.append(f"{target} {file_digest(definition.path)}")
    digests = sorted(file_digest(path) for path in files)
    return hashlib.sha256("\n".join([*names, *digests]).encode()).hexdigest()


def _is_installed(path: Path) -> bool:
    """Whether a file is of a package that somebody else versions, or of Python itself."""
    return bool({"site-packages", "dist-packages"} & set(path.parts)) or path.is_relative_to(Path(os.__file__).parent)


def _version(package: str) -> str:
    """The version of the distribution that brings an installed package; empty where it says none."""
    distributions = metadata.packages_distributions().get(package) or [package]
    try:
        return metadata.version(distributions[0])
    except metadata.PackageNotFoundError:
        return ""


def _top(path: Path, module: str) -> Path:
    """The folder that holds a module's top-level package or file: what lies in it is the user's own."""
    depth = module.count(".") + (path.name == "__init__.py")
    return path.parents[depth]


def _gather(path: Path, top: Path, files: dict[Path, None]) -> None:
    """Add `path` and every module below `top` that it imports, directly or not."""
    if path in files:
        return
    files[path] = None
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError:
        return
    for module in _imported(tree, path, top):
        base = top.joinpath(*module.split("."))
        for candidate in (base.with_suffix(".py"), base / "__init__.py"):
            if candidate.is_file() and not _is_installed(candidate):
                _gather(candidate, top, files)


def _imported(tree: ast.Module, path: Path, top: Path) -> Iterator[str]:
    """The dotted names, seen from `top`, of what a module imports; of `from a import b` both `a` and `a.b`."""
    package = path.parent.relative_to(top).parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            origin = [*above, *(node.module.split(".") if node.module else [])]
            yield ".".join(origin)
            yield from (".".join([*origin, alias.name]) for alias in node.names)
