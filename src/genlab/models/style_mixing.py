"""Style mixing: pictures of two styles, so that neighbouring layers do not learn to go together."""

from __future__ import annotations

import torch
from torch import Tensor


def mixed(styles: Tensor, others: Tensor, probability: float) -> Tensor:
    """`styles` (batch, num_styles, style_size) that become `others` from some layer on, each with that probability.

    The layer is the second at the earliest, drawn for each item (Karras et al. 2019, section 3.1).

    Paper: https://arxiv.org/abs/1812.04948
    """
    n, layers, _ = styles.shape
    first = 1 + (torch.rand(n, device=styles.device) * (layers - 1)).long()
    first = torch.where(torch.rand(n, device=styles.device) < probability, first, layers)
    is_own = torch.arange(layers, device=styles.device) < first[:, None]  # (batch, num_styles)
    return torch.where(is_own[:, :, None], styles, others)
