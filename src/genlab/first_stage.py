"""A trained model that another one stands on: codes, a guide, a teacher."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genlab.frozen import with_frozen


def trained(first: nn.Module, checkpoint: str | None, key: str, what: str) -> Any:
    """`first` with the weights of a checkpoint (None: as it is), frozen and in evaluation mode.

    Args:
        key, what: the config key of the checkpoint and what the model is there, for the error.

    Raises:
        ValueError: the checkpoint is damaged, or of another model.
    """
    if checkpoint is not None:
        try:
            first.load_state_dict(weights(checkpoint))
        except (KeyError, RuntimeError, EOFError, OSError, pickle.UnpicklingError) as error:
            reason = (str(error).strip().splitlines() or ["it is cut off"])[-1].strip()
            raise ValueError(f"{key}={checkpoint} does not fit {what}: {reason}") from error
    return first.requires_grad_(False).eval()


def weights(checkpoint: str) -> dict[str, Tensor]:
    """The weights that the model of a checkpoint is sampled with: the averaged ones where it has them."""
    content = torch.load(checkpoint, map_location="cpu", weights_only=True)
    return averaged_weights(with_frozen(content, Path(checkpoint)))


def averaged_weights(content: dict[str, Any]) -> dict[str, Tensor]:
    """The weights in the content of a checkpoint: the averaged ones where it has them."""
    raw: dict[str, Tensor] = content["state_dict"]
    return raw | {name: value for name, value in content.get("ema", {}).items() if name in raw}
