"""Parts of a model that stand in a folder written by others: read from it, and in no checkpoint.

A part of this kind is a class with `folder` and `sha256: str | None = None` among its parameters, both keys in its
config file (`sha256: null`). A training, or an import, writes the SHA-256 of the folder's content there: it is part of
the run's name, and the folder is not. When the part is built again and the folder has changed, that is an error.

    class SomeCodec(FromFolder):
        def __init__(self, folder: str, sha256: str | None = None) -> None:
            super().__init__(folder, sha256)                              # self.folder, self.sha256: checked
            name, config = named_class(self.folder, {"AutoencoderKL"})    # of foreign_folder: config.json, by a table
            self.first = self.taken(AutoencoderKL.from_config(config))    # weights read, frozen, evaluation mode
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Self, TypeVar

import torch
from torch import Tensor, nn

from genlab.errors import listed
from genlab.foreign_folder import found, require_content, weight_files

Module = TypeVar("Module", bound=nn.Module)


class FromFolder(nn.Module):
    """A part whose weights are those of a folder: frozen, in evaluation mode, and left out of every state.

    Args:
        folder: has config.json and weights in safetensors.
        sha256: of its content, see `foreign_folder.content`; None for whatever is there.
        frozen: False takes the weights as a beginning: they are trained, and are in the state as any others.

    Raises:
        ValueError: there is no such folder, it lacks a file, or its content has changed.
    """

    def __init__(self, folder: str, sha256: str | None = None, frozen: bool = True) -> None:
        super().__init__()
        self.folder: Path = found(folder)
        self.sha256: str = require_content(self.folder, sha256)
        self.frozen = frozen
        if frozen:
            self.register_state_dict_post_hook(_leave_out)
            self.register_load_state_dict_pre_hook(_keep_own)

    def taken(self, module: Module, ignored: Iterable[str] = ()) -> Module:
        """`module` with the folder's weights; see `take_weights`."""
        take_weights(module, read_weights(self.folder), self.folder, ignored)
        return module.requires_grad_(not self.frozen).eval()

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode where it is frozen."""
        return super().train(mode and not self.frozen)


def _leave_out(module: nn.Module, state: dict[str, Any], prefix: str, local_metadata: Any) -> None:
    for name in [name for name in state if name.startswith(prefix)]:
        del state[name]


def _keep_own(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """A state without the folder's weights is whole."""
    nn.Module._save_to_state_dict(module, state, prefix, keep_vars=True)
    for name, child in module.named_children():
        child.state_dict(destination=state, prefix=f"{prefix}{name}.", keep_vars=True)


def read_weights(folder: Path) -> dict[str, Tensor]:
    """All weights of a folder, by name.

    Raises:
        ValueError: there are none, or a file is damaged; see `foreign_folder.weight_files`.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    weights: dict[str, Tensor] = {}
    for name in weight_files(folder):
        try:
            weights |= load_file(folder / name)
        except (SafetensorError, OSError, ValueError) as error:
            reason = (str(error).strip().splitlines() or ["it is cut off"])[0]
            raise ValueError(f"{folder / name} is damaged: {reason}") from error
    return weights


def take_weights(module: nn.Module, weights: Mapping[str, Tensor], folder: Path, ignored: Iterable[str] = ()) -> None:
    """Copy weights of a folder into a module that its config describes: all of them, each in its shape.

    Args:
        weights: by the names of today; older names of diffusers' attention are known.
        ignored: patterns of names in the folder that the module need not have ("*.position_ids").

    Raises:
        ValueError: some are missing, left over, of another shape, or not finite.
    """
    given = dict(weights)
    modernise: Callable[[dict[str, Tensor]], Any] | None = getattr(module, "_fix_state_dict_keys_on_load", None)
    if modernise is not None:
        modernise(given)
    own, file = module.state_dict(), folder / (weight_files(folder)[0])
    if missing := own.keys() - given.keys():
        raise ValueError(f"{file} lacks {_count(missing)} of config.json: {listed(missing, 3)}")
    left_over = {n for n in given.keys() - own.keys() if not any(fnmatchcase(n, pattern) for pattern in ignored)}
    if left_over:
        raise ValueError(f"{file} has {_count(left_over)} that config.json does not speak of: {listed(left_over, 3)}")
    if other := {name for name in own if own[name].shape != given[name].shape}:
        name = min(other)
        shapes = f"{tuple(given[name].shape)}, and {tuple(own[name].shape)} by config.json"
        raise ValueError(f"{file} has {_count(other)} of another shape: {name} is {shapes}")
    if broken := {name for name in own if not bool(given[name].isfinite().all())}:
        raise ValueError(f"{file} has NaN or infinity in {_count(broken)}: {listed(broken, 3)}")
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(given[name])


def _count(names: Iterable[str]) -> str:
    n = len(list(names))
    return f"{n} weight{'s' if n > 1 else ''}"
