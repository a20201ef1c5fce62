"""Vector quantisation: a vector is replaced by the nearest of K learned ones.

van den Oord et al. 2017, "Neural discrete representation learning". Vectors are the columns of a feature map
(batch, embedding_size, height, width); codes are integers (batch, levels, height, width) in 0, ..., K - 1.

Papers: https://arxiv.org/abs/1711.00937, https://arxiv.org/abs/2005.08520, https://arxiv.org/abs/2005.00341,
https://arxiv.org/abs/2107.03312
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.ranges import NonNegativeFloat, PositiveInt, Rate


class Quantized(NamedTuple):
    """A feature map after quantisation."""

    z: Tensor
    """(batch, embedding_size, height, width): the chosen embeddings, with the gradient of the input."""
    codes: Tensor
    """(batch, levels, height, width) int64."""
    terms: dict[str, Tensor]
    """Scalars: "codebook" and "commitment" (means over all numbers), "perplexity" and "usage" of the batch."""


@torch.no_grad()
def nearest(vectors: Tensor, codebook: Tensor) -> Tensor:
    """The index of the nearest row of `codebook` (K, d) for each of `vectors` (n, d), by one matrix product.

    |v - e|^2 = |v|^2 - 2 v.e + |e|^2, where the first term is the same for all e.
    """
    return torch.addmm(codebook.square().sum(1), vectors, codebook.T, alpha=-2).argmin(1)


def code_use(counts: Tensor) -> dict[str, Tensor]:
    """How evenly codes are used, from their counts (K,): the exponential of the entropy, and the share in use."""
    p = counts / counts.sum()
    return {"perplexity": torch.exp(-torch.special.xlogy(p, p).sum()), "usage": (counts > 0).float().mean()}


class VectorQuantizer(nn.Module):
    """A codebook of `num_embeddings` vectors.

    The codebook follows the vectors by gradient (the paper's equation 3), or with `decay` as the running mean of the
    vectors that chose each code (appendix A.1), which makes its learning independent of the optimiser. A code that
    nobody has chosen for a while is put where a vector of the batch is (Lancucki et al. 2020, "Robust training of
    vector quantized bottleneck models"; Dhariwal et al. 2020, "Jukebox", section 3.1).

    Args:
        num_embeddings: K, how many codes.
        embedding_size: numbers of an embedding.
        decay: of the running means; None learns the codebook by gradient.
        revive_below: a code whose running count per batch falls below this is revived; 0 revives none.
        momentum: of the running count that decides on revival where the codebook learns by gradient.
    """

    count: Tensor
    total: Tensor

    def __init__(
        self,
        num_embeddings: PositiveInt,
        embedding_size: PositiveInt,
        decay: Rate | None = 0.99,
        revive_below: NonNegativeFloat = 0.1,
        momentum: Rate = 0.99,
    ) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_size, self.levels = num_embeddings, embedding_size, 1
        self.decay, self.revive_below = decay, revive_below
        self._rate = 1 - (momentum if decay is None else decay)
        codebook = torch.randn(num_embeddings, embedding_size) / num_embeddings
        self.codebook = nn.Parameter(codebook, requires_grad=decay is None)
        # With revival all codes begin as dead, so that the first batch places them.
        self.register_buffer("count", torch.full((num_embeddings,), 0.0 if revive_below else 1.0))
        self.register_buffer("total", codebook.clone())  # running sum of the vectors of each code

    def forward(self, z: Tensor) -> Quantized:
        """Quantise a feature map; in training the codebook follows."""
        rows = z.movedim(1, -1).flatten(0, -2)  # (batch * height * width, embedding_size)
        codes = nearest(rows, self.codebook)  # (batch * height * width,)
        counts = torch.bincount(codes, minlength=self.num_embeddings).to(rows.dtype)
        chosen = F.embedding(codes, self.codebook)  # of the shape of `rows`
        terms = {"codebook": F.mse_loss(chosen, rows.detach()), "commitment": F.mse_loss(rows, chosen.detach())}
        straight = rows + (chosen - rows).detach()  # the gradient of the output goes to the input as it is
        if self.training:
            self._follow(rows.detach(), codes, counts)
        shape = (z.shape[0], *z.shape[2:])
        quantized = straight.reshape(*shape, -1).movedim(-1, 1)
        return Quantized(quantized, codes.reshape(shape)[:, None], {**terms, **code_use(counts)})

    def lookup(self, codes: Tensor) -> Tensor:
        """(batch, 1, height, width) codes -> (batch, embedding_size, height, width)."""
        return F.embedding(codes[:, 0], self.codebook).movedim(-1, 1)

    @torch.no_grad()
    def _follow(self, rows: Tensor, codes: Tensor, counts: Tensor) -> None:
        """Move the running moments, the codebook if it is their mean, and codes that died."""
        sums = torch.zeros_like(self.codebook).index_add_(0, codes, rows)  # (K, embedding_size)
        if torch.distributed.is_initialized():
            torch.distributed.all_reduce(counts)
            torch.distributed.all_reduce(sums)
        self.count.lerp_(counts, self._rate)
        self.total.lerp_(sums, self._rate)
        if self.decay is not None:
            smooth = (self.count + 1e-5) / (self.count.sum() + 1e-5 * self.num_embeddings) * self.count.sum()
            self.codebook.copy_(self.total / smooth[:, None])
        if self.revive_below:
            self._revive(rows)

    def _revive(self, rows: Tensor) -> None:
        """Put every dead code where a random vector of the batch is, as if it had been chosen just enough."""
        dead = (self.count < self.revive_below)[:, None]  # (K, 1)
        picked = rows[torch.randint(len(rows), (self.num_embeddings,), device=rows.device)]  # (K, embedding_size)
        if torch.distributed.is_initialized():
            torch.distributed.broadcast(picked, 0)
        alive = max(1.0, 2 * self.revive_below)
        self.codebook.copy_(torch.where(dead, picked, self.codebook))
        self.total.copy_(torch.where(dead, alive * picked, self.total))
        self.count.copy_(torch.where(dead[:, 0], alive, self.count))


class ResidualQuantizer(nn.Module):
    """Quantises, then what is left, and so on: `levels` codes for each vector, from coarse to fine.

    Zeghidour et al. 2021, "SoundStream", algorithm 1. A vector is the sum of its embeddings, one of each level.

    Args:
        levels: how many quantisers in a row.
        num_embeddings, embedding_size, decay, revive_below, momentum: of each, see VectorQuantizer.
    """

    def __init__(
        self,
        levels: PositiveInt,
        num_embeddings: PositiveInt,
        embedding_size: PositiveInt,
        decay: Rate | None = 0.99,
        revive_below: NonNegativeFloat = 0.1,
        momentum: Rate = 0.99,
    ) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_size, self.levels = num_embeddings, embedding_size, levels
        each = [VectorQuantizer(num_embeddings, embedding_size, decay, revive_below, momentum) for _ in range(levels)]
        self.stages: Sequence[VectorQuantizer] = nn.ModuleList(each)  # type: ignore[assignment]

    def forward(self, z: Tensor) -> Quantized:
        """Quantise a feature map; terms are means over the levels."""
        rest, parts = z, []
        for stage in self.stages:
            parts.append(stage(rest))
            rest = rest - parts[-1].z.detach()
        terms = {name: torch.stack([part.terms[name] for part in parts]).mean() for name in parts[0].terms}
        return Quantized(z - rest.detach(), torch.cat([part.codes for part in parts], 1), terms)

    def lookup(self, codes: Tensor) -> Tensor:
        """(batch, levels, height, width) codes -> (batch, embedding_size, height, width)."""
        parts = [self.stages[i].lookup(codes[:, i : i + 1]) for i in range(self.levels)]
        return torch.stack(parts).sum(0)
