"""CLIP's text transformer: https://arxiv.org/abs/2103.00020 (Radford et al. 2021, section 2.4)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class CLIPTextNetwork(nn.Module):
    """Numbers of tokens (batch, length) -> vectors (batch, length, width); each sees itself and those before it.

    Its weights have the names and the beginnings of those of transformers' `CLIPTextModel`.

    Args:
        vocabulary: how many tokens there are.
        length: the most tokens in a row.
        width, depth, heads: of the vectors; of layers; of attention in each.
    """

    def __init__(self, vocabulary: int, length: int, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.embeddings = nn.ModuleDict(
            {"token_embedding": nn.Embedding(vocabulary, width), "position_embedding": nn.Embedding(length, width)}
        )
        self.encoder = nn.ModuleDict({"layers": nn.Sequential(*(_Layer(width, depth, heads) for _ in range(depth)))})
        self.final_layer_norm = nn.LayerNorm(width)
        for embedding in self.embeddings.values():
            nn.init.normal_(embedding.weight, std=0.02)  # type: ignore[arg-type]

    def forward(self, ids: Tensor) -> Tensor:
        places = torch.arange(ids.shape[1], device=ids.device)
        h = self.embeddings["token_embedding"](ids) + self.embeddings["position_embedding"](places)
        return self.final_layer_norm(self.encoder["layers"](h))


class _Layer(nn.Module):
    def __init__(self, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.layer_norm1 = nn.LayerNorm(width)
        self.self_attn = _Attention(width, depth, heads)
        self.layer_norm2 = nn.LayerNorm(width)
        self.mlp = nn.ModuleDict(
            {
                "fc1": _linear(width, 4 * width, (2 * width) ** -0.5),
                "fc2": _linear(4 * width, width, (2 * depth * width) ** -0.5),
            }
        )

    def forward(self, h: Tensor) -> Tensor:
        h = h + self.self_attn(self.layer_norm1(h))
        inner = self.mlp["fc1"](self.layer_norm2(h))
        return h + self.mlp["fc2"](inner * torch.sigmoid(1.702 * inner))  # CLIP's quick GELU


class _Attention(nn.Module):
    def __init__(self, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj = (_linear(width, width, (2 * depth * width) ** -0.5) for _ in range(3))
        self.out_proj = _linear(width, width, width**-0.5)

    def forward(self, h: Tensor) -> Tensor:
        q, k, v = (
            layer(h).unflatten(2, (self.heads, -1)).transpose(1, 2) for layer in (self.q_proj, self.k_proj, self.v_proj)
        )  # (batch, heads, length, width of a head)
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out_proj(attended.transpose(1, 2).flatten(2))


def _linear(inputs: int, outputs: int, std: float) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.normal_(layer.weight, std=std)
    nn.init.zeros_(layer.bias)
    return layer
