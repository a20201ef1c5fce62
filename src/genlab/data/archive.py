"""Takes files out of an archive that nobody has checked yet."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO

_MAX_MEMBERS = 100_000
_CHUNK = 1 << 20


class ArchiveError(ValueError):
    """An archive that is damaged, or not what it should be."""


def extract_tar(stream: IO[bytes], choose: Callable[[str], str | None], into: Path, max_bytes: int) -> list[str]:
    """Write the chosen members of a tar stream (plain or compressed) under `into`, nothing else.

    Folders have no content of their own: they are made where a chosen file lies in them.

    Args:
        stream: read once, from where it stands.
        choose: member name -> relative path to write it to, or None to leave it. Names have no leading "./".
        max_bytes: the unpacked size of all members together must not exceed this.

    Returns:
        The relative paths written.

    Raises:
        ArchiveError: a chosen member is not a plain file, would be written outside `into` or twice, the archive is
            larger than allowed, or it is damaged.
    """
    written: list[str] = []
    total = 0
    try:
        with tarfile.open(fileobj=stream, mode="r|*") as archive:
            for count, member in enumerate(archive):
                total += member.size
                if count >= _MAX_MEMBERS or total > max_bytes:
                    raise ArchiveError(f"the archive holds more than {_MAX_MEMBERS} members or {max_bytes} bytes")
                name = None if member.isdir() else choose(member.name.removeprefix("./"))
                if name is not None:
                    _write(archive, member, _inside(into, name))
                    written.append(name)
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's error, not the archive's
        raise ArchiveError(f"the archive is damaged ({error})") from error
    return written


def _inside(into: Path, name: str) -> Path:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts:
        raise ArchiveError(f"the archive asks for a file outside its folder: {name!r}")
    return into / path


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    content = archive.extractfile(member) if member.isreg() else None
    if content is None:
        raise ArchiveError(f"{member.name!r} in the archive is a link or no plain file")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("xb") as file:
            while chunk := content.read(_CHUNK):
                file.write(chunk)
    except FileExistsError:
        raise ArchiveError(f"the archive holds {member.name!r} twice") from None
