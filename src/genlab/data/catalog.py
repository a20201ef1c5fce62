"""The data sets genlab knows, and what identifies prepared data. Torch-free."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

_PREPARATION = 1
"""Raised when preparing the same files gives other pixels or splits."""


def default_data_dir() -> Path:
    """The environment's GENLAB_DATA_DIR, or ~/.cache/genlab/data."""
    return Path(os.environ.get("GENLAB_DATA_DIR") or Path.home() / ".cache" / "genlab" / "data")


def preparation_checksum(
    identity: str, channels: int, size: int, train_size: int | None, val_size: float, test_size: float | None
) -> str:
    """SHA-256 of all that decides the pictures of every split."""
    parts = [_PREPARATION, identity, channels, size, train_size, val_size, test_size]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
