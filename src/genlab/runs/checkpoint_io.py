"""How checkpoints are written and read: atomically, with a checksum, as tensors only."""

from __future__ import annotations

import os
import pickle
import re
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO

from genlab import atomic, frozen
from genlab.errors import ConfigError
from genlab.runs import sealing
from genlab.runs.sealing import write_sealed
from genlab.runs.store import LAST, PREVIOUS, digests_file


class AtomicCheckpointIO(TorchCheckpointIO):
    """Replaces a checkpoint only by a whole one, in one rename: the checksum is in the file.

    Lightning 2.6 stages in the system's temporary folder and then copies over the target, which destroys the old
    checkpoint when the disk fills up, and reports nothing when the folder is read-only.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write `path`. A whole last.ckpt that was there is kept as previous.ckpt."""
        path = Path(path)
        for digest, state in checkpoint.pop("frozen_state", {}).items():
            if not (file_of_part := frozen.file_of(path, digest)).exists():
                with atomic.replacing(file_of_part) as file:
                    torch.save(state, file)
        with atomic.replacing(path) as file:
            write_sealed(file, lambda sealed: torch.save(checkpoint, sealed))
            os.fsync(file.fileno())  # the new one is safe before the old one is moved
            if path.name == LAST and sealing.is_whole(path):
                os.replace(path, path.with_name(PREVIOUS))
        digests_file(path).unlink(missing_ok=True)  # of an earlier version, of a file that is there no more

    def load_checkpoint(self, path: str | Path, map_location: Any = None, weights_only: bool | None = True) -> Any:
        return load(Path(path), map_location or "cpu")

    def remove_checkpoint(self, path: str | Path) -> None:
        Path(path).unlink(missing_ok=True)
        digests_file(Path(path)).unlink(missing_ok=True)


def load(path: Path, map_location: Any = "cpu") -> dict[str, Any]:
    """The content of a checkpoint: tensors, numbers and text; nothing in it is executed.

    Raises:
        ConfigError: it is absent, damaged, or holds pickled objects.
    """
    try:
        return frozen.with_frozen(torch.load(path, map_location=map_location, weights_only=True), path)
    except FileNotFoundError as error:
        raise ConfigError(f"there is no checkpoint {path}") from error
    except pickle.UnpicklingError as error:
        named = re.search(r"safe_globals\(\[(.+?)\]\)", str(error))
        name = named[1] if named else "something else"
        raise ConfigError(f"checkpoint {path} is refused: it holds {name}, and only tensors are read") from error
    except (RuntimeError, EOFError, OSError, IndexError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0] if str(error) else "it ends too early"
        raise ConfigError(f"checkpoint {path} is damaged ({path.stat().st_size} bytes): {reason}") from error
