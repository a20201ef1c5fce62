"""Weights whose names have changed: a checkpoint of before is read with today's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn


def accept_former_names(module: nn.Module, names: Mapping[str, str]) -> None:
    """Let `load_state_dict` take the weights of `module` under former names: {former child: today's child}."""
    module.former_names = dict(names)  # type: ignore[assignment]
    module.register_load_state_dict_pre_hook(_rename)


def _rename(module: Any, state: dict[str, Any], prefix: str, *_: Any) -> None:
    for former, present in module.former_names.items():
        for name in [name for name in state if name.startswith(f"{prefix}{former}.")]:
            state[f"{prefix}{present}.{name.removeprefix(f'{prefix}{former}.')}"] = state.pop(name)


def with_present_names(module: nn.Module, state: Mapping[str, Any]) -> dict[str, Any]:
    """Values by the names of a module's weights: former names become today's."""
    renamed = dict(state)
    for path, child in module.named_modules():
        if hasattr(child, "former_names"):
            _rename(child, renamed, f"{path}." if path else "")
    return renamed
