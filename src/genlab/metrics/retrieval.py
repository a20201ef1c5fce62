"""Whether a picture finds its own text among many: how well a model of pictures and texts knows its data.

Paper: https://arxiv.org/abs/2103.00020 (Radford et al. 2021, section 3.1)
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.intervals import share_with_interval
from genlab.metrics.score import Score

FIRST = (1, 5)
"""A text counts as found where it is among so many of the best."""


def places(pictures: Tensor, texts: Tensor, own: Tensor) -> Tensor:
    """(n,): how many texts other than its own fit a picture at least as well.

    Args:
        pictures: (n, d) of length 1.
        texts: (m, d) of length 1, each text once.
        own: (n,) which of the texts is a picture's own.
    """
    counts = []
    for part, right in zip(pictures.split(1024), own.split(1024), strict=True):
        cosines = part @ texts.T
        counts.append((cosines >= cosines.gather(1, right[:, None])).sum(1) - 1)
    return torch.cat(counts)


def retrieval(found: Tensor, n_texts: int, name: str, how: dict[str, Any], made: dict[str, Any]) -> dict[str, Score]:
    """The scores of `found` (n,), as `places` gives it; `name` has {} for the number of the best."""
    scores = {}
    for first in FIRST:
        told = {"texts": n_texts, **how}
        share = share_with_interval(found < first)
        known = {**made, "interval": "Wilson", "chance": min(1.0, first / n_texts)}
        scores[name.format(first)] = Score(*share, len(found), "share", "higher", told, known)
    return scores


def distinct(captions: list[str]) -> tuple[list[str], Tensor]:
    """Each text once, and (n,) which of them each caption is."""
    place = {caption: i for i, caption in enumerate(dict.fromkeys(captions))}
    return list(place), torch.tensor([place[caption] for caption in captions])


class Retrieval:
    """Share of real pictures of a split that find their caption among all distinct captions of the split, at once
    (`retrieval_at_1`) or among the best five (`retrieval_at_5`): 0 to 1, higher is better.

    Of a model that has pictures and texts in one space. What chance would find stands in the provenance.
    """

    needs = frozenset({"pictures and texts", "captions of the data"})
    modality = frozenset({"image"})
    names: tuple[str, ...] = tuple(f"retrieval_at_{first}" for first in FIRST)

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        data, model, size = evaluation.data, evaluation.module, evaluation.batch_size
        images, _ = evaluation.real()
        captions: list[str] = data.captions(evaluation.split)  # type: ignore[attr-defined]
        texts, own = distinct(captions)
        of_texts = torch.cat([model.embed_texts(texts[i : i + size]) for i in range(0, len(texts), size)])
        of_images = torch.cat(
            [model.embed_images(data.modality.to_model(part.to(evaluation.device))) for part in images.split(size)]
        )
        found = places(of_images.float().cpu(), of_texts.float().cpu(), own[: len(images)])
        return retrieval(found, len(texts), "retrieval_at_{}", evaluation.real_measured(), evaluation.real_made())
