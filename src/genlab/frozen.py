"""Frozen parts of a model: no checkpoint has their weights, which lie once beside all checkpoints of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genlab.errors import ConfigError

SUFFIX = ".frozen"


def within(name: str, parts: Iterable[str]) -> bool:
    """Whether a name in a module's state is of one of the parts: "generator" and "generator." have "generator.w"."""
    return any(part in ("", name) or name.startswith(f"{part.rstrip('.')}.") for part in parts)


def content_hash(state: Mapping[str, Tensor], part: str) -> str:
    """SHA-256 of a part's weights and buffers in a module's state: their names, types, shapes and bytes."""
    digest = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        if within(name, [part]):
            plain = tensor.detach().cpu().contiguous().reshape(-1)
            digest.update(f"{name} {plain.dtype} {tuple(tensor.shape)};".encode())
            digest.update(plain.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def leave_out(checkpoint: dict[str, Any], hashes: Mapping[str, str]) -> None:
    """Take frozen parts out of the state in a checkpoint that is about to be written, and name them by their content.

    Whoever writes it puts "frozen_state" (digest -> weights) where `file_of` says, in place of writing it.
    """
    state: Mapping[str, Tensor] = checkpoint["state_dict"]
    checkpoint["state_dict"] = {name: value for name, value in state.items() if not within(name, hashes)}
    checkpoint["frozen"] = dict(hashes)
    checkpoint["frozen_state"] = {
        digest: {name: value for name, value in state.items() if within(name, [part])}
        for part, digest in hashes.items()
    }


def file_of(checkpoint: Path, digest: str) -> Path:
    """Where the weights of that SHA-256 lie that a checkpoint leaves out."""
    return checkpoint.with_name(f"{digest[:32]}{SUFFIX}")


def with_frozen(content: dict[str, Any], path: Path) -> dict[str, Any]:
    """The content of a checkpoint with the weights of its frozen parts, where they lie beside it.

    Raises:
        ConfigError: a file of them is damaged.
    """
    parts: dict[str, Tensor] = {}
    for part, digest in (content.get("frozen") or {}).items():
        file = file_of(path, str(digest))
        if not file.is_file():
            continue
        try:
            state = torch.load(file, map_location="cpu", weights_only=True)
            is_whole = content_hash(state, part) == digest
        except Exception:  # torch raises errors of many kinds for a file that is cut off
            is_whole = False
        if not is_whole:
            raise ConfigError(f"{file} is damaged: it has not the weights of the frozen part {part!r}")
        parts |= state
    return content | {"state_dict": {**parts, **content["state_dict"]}} if parts else content


def require_same_content(checkpoint: Mapping[str, Any], hashes: Mapping[str, str]) -> None:
    """Raise ConfigError where a checkpoint lacks a frozen part and was trained with another content of it."""
    for part, digest in checkpoint.get("frozen", {}).items():
        if any(within(name, [part]) for name in checkpoint["state_dict"]):
            continue
        if part not in hashes:
            raise ConfigError(f"the checkpoint leaves out its frozen part {part!r}, which the model does not freeze")
        if hashes[part] != digest:
            raise ConfigError(
                f"the checkpoint was trained with another {part!r}: its content has the SHA-256 {digest[:12]}, and the "
                f"one here {hashes[part][:12]}; the file {digest[:32]}{SUFFIX} beside it would have it"
            )
