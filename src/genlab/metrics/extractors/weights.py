"""Where an extractor's weights are: a file that was given, a file in the folder of weights, or brought there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from genlab.data.digest import check_digest, file_digest
from genlab.data.download import Download


@dataclass(frozen=True)
class WeightFile:
    """A published file of weights.

    Args:
        asked_for: the config's words for it ("extractor=inception"), for errors.
        name: the file's name in the folder of weights.
        sha256: its digest, whole.
        bring: puts it at a path. Raises OSError or RuntimeError, in a few words, when it cannot.
        source: from where, for errors.
        instead: what else may be done.
    """

    asked_for: str
    name: str
    sha256: str
    bring: Callable[[Path], None]
    source: str
    instead: str

    def __post_init__(self) -> None:
        check_digest(self.sha256)

    def find(self, folder: Path, given: Path | None) -> tuple[Path, str]:
        """(the file, its SHA-256). A file that was `given` may be any; the one in `folder` is brought and checked.

        Raises:
            ValueError: there is none, or it is damaged.
        """
        if given is not None:
            if not given.is_file():
                raise ValueError(f"{self.asked_for}: weights={str(given)!r} is not a file; give {self.name} or null")
            return given, file_digest(given)
        path = folder / self.name
        if not path.is_file():
            self._bring(path)
        if (digest := file_digest(path)) != self.sha256:
            raise ValueError(
                f"{path} is damaged (SHA-256 {digest[:8]}... instead of {self.sha256[:8]}...): delete or replace it"
            )
        return path, digest

    def _bring(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.bring(path)
            if (digest := file_digest(path)) != self.sha256:
                path.unlink()
                raise OSError(f"what came has the SHA-256 {digest[:8]}... instead of {self.sha256[:8]}...")
        except (OSError, RuntimeError) as error:
            raise ValueError(
                f"{self.asked_for} needs {path}, and it could not be brought from {self.source} ({error}): "
                f"put the file there, set weights=FILE, or {self.instead}"
            ) from error


def downloaded(url: str, max_bytes: int) -> Callable[[Path], None]:
    """Brings a file of at most `max_bytes` from an address."""
    return lambda path: Download(url, path, max_bytes).run()
