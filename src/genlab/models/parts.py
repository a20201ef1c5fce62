"""Parts of a module named by prefixes of the names in its state, and what a frozen part does not leave behind."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from genlab.errors import ConfigError, nearest


def within(name: str, parts: Iterable[str]) -> bool:
    """Whether a name in a module's state is of one of the parts: "generator" and "generator." have "generator.w"."""
    return any(part in ("", name) or name.startswith(f"{part.rstrip('.')}.") for part in parts)


def require_parts(module: nn.Module, attribute: str, parts: Sequence[str]) -> None:
    """Raise ValueError where one of the parts is none of the module's."""
    names = [*(name for name, _ in module.named_modules()), *module.state_dict()]
    for part in parts:
        if not any(within(name, [part]) for name in names):
            children = sorted({name.partition(".")[0] for name in names if name})
            raise ValueError(
                f"{attribute} of {type(module).__name__} names {part!r}, which is no part of it"
                f"{nearest(part.rstrip('.'), children) or ': it has ' + ', '.join(children)}"
            )


def content_hash(module: nn.Module, part: str) -> str:
    """SHA-256 of a part's weights and buffers: their names within it, types, shapes and bytes."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        if within(name, [part]):
            plain = tensor.detach().cpu().contiguous().reshape(-1)
            digest.update(f"{name} {plain.dtype} {tuple(tensor.shape)};".encode())
            digest.update(plain.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def leave_out(checkpoint: dict[str, Any], hashes: Mapping[str, str]) -> None:
    """Take frozen parts out of a checkpoint that is about to be written, and name them by their content."""
    state: Mapping[str, Tensor] = checkpoint["state_dict"]
    checkpoint["state_dict"] = {name: value for name, value in state.items() if not within(name, hashes)}
    checkpoint["frozen"] = dict(hashes)


def require_same_content(checkpoint: Mapping[str, Any], hashes: Mapping[str, str]) -> None:
    """Raise ConfigError where a checkpoint was trained with another content of a frozen part."""
    for part, digest in checkpoint.get("frozen", {}).items():
        if part not in hashes:
            raise ConfigError(f"the checkpoint leaves out its frozen part {part!r}, which the model does not freeze")
        if hashes[part] != digest:
            raise ConfigError(
                f"the checkpoint was trained with another {part!r}: its content has the SHA-256 {digest[:12]}, and the "
                f"one here {hashes[part][:12]}"
            )
