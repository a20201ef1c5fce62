"""Named tensors on disk, made once: written atomically, checked by digest when read, safe between processes."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from genlab.data.lock import locked
from genlab.notice import Notice

Tensors = dict[str, Tensor]


def cached(path: Path, make: Callable[[], Tensors]) -> Tensors:
    """The tensors stored at `path`; made and stored first where they are absent or damaged.

    Other processes that want the same file wait for the one that makes it.
    """
    with locked(path.with_suffix(".lock")):
        stored = _read(path)
        if stored is None:
            stored = {name: tensor.contiguous().cpu() for name, tensor in make().items()}
            _write(path, stored)
    return stored


def digest(*parts: Tensor | str) -> str:
    """SHA-256 of tensors (their bytes, shape and type) and texts, in order."""
    sha = hashlib.sha256()
    for part in parts:
        if isinstance(part, Tensor):
            sha.update(f"{part.dtype}{tuple(part.shape)}".encode())
            sha.update(part.contiguous().cpu().reshape(-1).view(torch.uint8).numpy().data)
        else:
            sha.update(part.encode() + b"\0")
    return sha.hexdigest()


def _content(tensors: Tensors) -> str:
    return digest(*[part for name in sorted(tensors) for part in (name, tensors[name])])


def _read(path: Path) -> Tensors | None:
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        return None
    try:
        with safe_open(str(path), framework="pt") as file:
            expected = (file.metadata() or {}).get("sha256")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError, ValueError):
        tensors, expected = {}, "damaged"
    if _content(tensors) == expected:
        return tensors
    warnings.warn(f"{path} is damaged and is made again", Notice, stacklevel=3)
    return None


def _write(path: Path, tensors: Tensors) -> None:
    from safetensors.torch import save_file

    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        save_file(tensors, str(partial), metadata={"sha256": _content(tensors)})
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
