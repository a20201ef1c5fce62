"""Pictures and texts in one space, learnt from pairs of them.

Paper: https://arxiv.org/abs/2103.00020 (Radford et al. 2021, CLIP)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.data.batch import Batch
from genlab.models.base import GenerativeModule
from genlab.objectives.image_text import InfoNCE, SigmoidPairs
from genlab.ranges import NonNegativeInt, PositiveInt, Rate, Seed
from genlab.texts.text_encoder import TextEncoder


class Contrastive(GenerativeModule):
    """Says how well a picture fits a text, by the cosine of their vectors. It draws nothing.

    It is no CLIP, which knows the world from 400 million pairs: it knows its data. Equal captions of a batch belong to
    each other's pictures as well, so that several pictures of one thing are not pushed apart.

    Args:
        image: (batch, channel, height, width) -> (batch, features).
        features: of `image`.
        text: the tower that reads captions; its `pooled` is taken.
        objective: of the cosines of a batch: InfoNCE, or sigmoids of pairs.
        width: numbers in the vectors of pictures and texts.
        shift: in training the pictures of a batch are moved by up to so many pixels, their border repeated.
        optimizer, ema_decay, seed: see GenerativeModule.
    """

    sample = None  # type: ignore[assignment]  # so it is not of the protocol Samples

    def __init__(
        self, image: nn.Module, features: PositiveInt, text: TextEncoder, objective: InfoNCE | SigmoidPairs,
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer], width: PositiveInt = 128,
        shift: NonNegativeInt = 0, ema_decay: Rate | None = None, seed: Seed = 0,
    ) -> None:  # fmt: skip
        super().__init__(optimizer, ema_decay, seed)
        self.image, self.text, self.objective = image, text, objective
        self.shift = shift
        self.image_head = nn.Linear(features, width)
        self.text_head = nn.Sequential(nn.Linear(text.width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """ "loss" of the objective, in nats; "accuracy": the share of pictures whose text is the best of the batch."""
        if batch.caption is None:
            raise ValueError("model=contrastive needs a dataset with captions; this one has none")
        place = {caption: i for i, caption in enumerate(dict.fromkeys(batch.caption))}
        rows = torch.tensor([place[caption] for caption in batch.caption], device=batch.x.device)
        texts = self.embed_texts(list(place))[rows]
        x = _moved(batch.x, self.shift) if self.training else batch.x
        cosines = self.embed_images(x) @ texts.T
        positive = rows[:, None] == rows[None]
        best = cosines.detach().argmax(1, keepdim=True)
        return {"loss": self.objective(cosines, positive), "accuracy": positive.gather(1, best).float().mean()}

    def embed_images(self, x: Tensor) -> Tensor:
        """(batch, width), of length 1, for pictures (batch, channel, height, width) in [-1, 1]."""
        return F.normalize(self.image_head(self.image(x)), dim=-1)

    def embed_texts(self, texts: list[str]) -> Tensor:
        """(n, width), of length 1."""
        return F.normalize(self.text_head(self.text(texts).pooled), dim=-1)

    def truncated(self, texts: list[str]) -> list[str]:
        """The words of each text that the tower does not read, "" for none."""
        return self.text.truncated(texts)


def _moved(x: Tensor, most: int) -> Tensor:
    """All of a batch by the same number of pixels, at random."""
    if not most:
        return x
    down, right = torch.randint(2 * most + 1, (2,)).tolist()
    height, width = x.shape[2:]
    return F.pad(x, (most,) * 4, mode="replicate")[..., down : down + height, right : right + width]
