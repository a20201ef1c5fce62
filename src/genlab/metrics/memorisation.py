"""Whether samples are copies of training pictures.

Paper: https://openreview.net/forum?id=shciCbSk9h
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.intervals import Measured, interval_about, resampling_weights, share_with_interval
from genlab.metrics.least import Counts
from genlab.metrics.score import Score
from genlab.ranges import Fraction, PositiveInt

_SIDE = 32
"""Larger pictures are averaged down to this many pixels before they are compared."""

_PAIRS = 16


class Nearest(NamedTuple):
    """The two nearest training pictures of each of n pictures."""

    distance: Tensor
    """(n, 2) root mean squared difference of pixels, in levels of 255, nearest first."""

    nearest: Tensor
    """(n,) which training picture is nearest."""

    @property
    def ratio(self) -> Tensor:
        """(n,) in [0, 1]: the nearest's distance over the second's; small where one training picture stands out."""
        return self.distance[:, 0] / self.distance[:, 1].clamp(min=1e-6)


def nearest_in(train: Tensor, pictures: Tensor, block: int = 1024) -> Nearest:
    """The nearest of `train` to each of `pictures`, both (n, channel, height, width) uint8.

    float32 throughout, exactly: the squares of uint8 differences are summed without the cancellation of
    |x|^2 + |y|^2 - 2 x.y, by recomputing the distances of the few candidates that this formula selects.
    """
    flat_train, flat = _flat(train), _flat(pictures)
    norm = flat_train.square().sum(1)
    candidates = min(4, len(train))
    distances, indices = [], []
    for part in flat.split(block):
        score = norm - 2 * part @ flat_train.T
        index = score.topk(candidates, largest=False).indices
        exact = (part[:, None] - flat_train[index]).square().mean(2).sqrt()
        distance, order = exact.sort(1)
        distances.append(distance[:, :2])
        indices.append(index.gather(1, order[:, :1])[:, 0])
    return Nearest(torch.cat(distances), torch.cat(indices))


def _flat(pictures: Tensor) -> Tensor:
    """(n, pixels) float32 of at most _SIDE x _SIDE pixels."""
    x = pictures.cpu()
    if max(x.shape[-2:]) <= _SIDE:
        return x.flatten(1).float()
    return torch.cat([F.adaptive_avg_pool2d(part.float(), _SIDE).flatten(1) for part in x.split(1024)])


class Memorisation:
    """Nearest training pictures of samples, against those of pictures that the model has never seen.

    `memorised_share`: the share of samples whose nearest training picture is `threshold` times closer than the second
    nearest (Yoon et al. 2023): 0 to 1, lower is better; `flagged` in the provenance when it is surely above the
    held-out pictures' share. `nearest_train_ratio`: the median distance of samples to their nearest training picture
    over that of held-out pictures: about 1 for new pictures as varied as real ones, 0 for copies. Blur alone brings it
    below 1, so it is no proof. With a run folder, the closest pairs are drawn as closest_pairs.png.

    Args:
        threshold: of the ratio of distances below which a sample counts as memorised.
        max_pictures: at most so many samples and held-out pictures are compared.
    """

    needs = frozenset({"samples", "pixels"})
    modality = frozenset({"image"})
    names: tuple[str, ...] = ("memorised_share", "nearest_train_ratio")
    least = Counts(train=2)

    def __init__(self, threshold: Fraction = 0.3333, max_pictures: PositiveInt = 2000) -> None:
        self.threshold = threshold
        self.max_pictures = max_pictures

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        train, held_out = evaluation.data.items("train")[0], evaluation.data.items("test")[0]
        if len(train) < 2:
            raise ValueError(f"memorisation needs at least 2 training pictures; there are {len(train)}")
        pixels = evaluation.pixels()[: self.max_pictures]
        samples, unseen = nearest_in(train, pixels), nearest_in(train, held_out[: self.max_pictures])
        share, low, high = share_with_interval(samples.ratio < self.threshold)
        unseen_share, _, unseen_high = share_with_interval(unseen.ratio < self.threshold)
        if evaluation.out_dir is not None:
            draw_closest(pixels, train, samples, evaluation.out_dir / "closest_pairs.png")
        name = evaluation.data.name
        measured = {
            "reference": f"{name}/train", "reference_n": len(train),
            "held_out": f"{name}/test", "held_out_n": len(unseen.nearest), "distance": f"pixels, at most {_SIDE} wide",
        }  # fmt: skip
        made = evaluation.samples_made()
        of_share = made | {"held_out_share": unseen_share, "flagged": low > unseen_high, "interval": "Wilson"}
        n = len(pixels)
        return {
            "memorised_share": Score(
                share, low, high, n, "share", "lower", measured | {"threshold": self.threshold}, of_share
            ),
            "nearest_train_ratio": Score(
                *_median_ratio(samples, unseen, evaluation.seed), n, "ratio", "higher",
                measured, made | {"interval": "bootstrap"},
            ),
        }  # fmt: skip


def _median_ratio(samples: Nearest, unseen: Nearest, seed: int) -> Measured:
    """Medians of the distances to the nearest training picture, over each other."""
    ordered, other = samples.distance[:, 0].sort().values, unseen.distance[:, 0].median()
    value = (ordered.median() / other).item()
    passed = resampling_weights(len(ordered), seed).cumsum(1)  # where half of the resampled items lie below
    medians = ordered[(passed < (len(ordered) + 1) // 2).sum(1)]
    low, high = interval_about(value, medians / other)
    return Measured(value, max(0.0, low), high)


def draw_closest(pixels: Tensor, train: Tensor, nearest: Nearest, path: Path) -> None:
    """A picture of the samples that stand out closest (upper rows) over their nearest training pictures."""
    from torchvision.utils import save_image

    chosen = nearest.ratio.argsort()[:_PAIRS]
    pairs = torch.stack([pixels[chosen].cpu(), train[nearest.nearest[chosen]].cpu()], dim=1)  # (pairs, 2, c, h, w)
    rows = pairs.unflatten(0, (-1, min(len(pairs), _PAIRS // 2))).movedim(2, 1).flatten(0, 2)
    magnify = max(1, 64 // rows.shape[-1])
    rows = rows.repeat_interleave(magnify, -1).repeat_interleave(magnify, -2)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_image(rows.float() / 255, path, nrow=min(len(pairs), _PAIRS // 2), padding=2, pad_value=0.5)
