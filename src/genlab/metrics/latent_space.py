"""The latent space of an encoder as numbers and as a picture: where classes lie, and how well they part.

Codes are (n, coding_size) arrays, labels (n,) integers. Distances between classes are Euclidean between their
centroids, in units of `spread`, the root mean square distance of a code from its own centroid: 1 means that two classes
are as far apart as each is wide, so that latent spaces of different scale can be compared.

Paper: https://www.jmlr.org/papers/v9/vandermaaten08a.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genlab.modalities.figures import pixels_of
from genlab.modalities.grids import save_png

Array = np.ndarray


@dataclass(frozen=True)
class LatentSummary:
    """Numbers of a latent space.

    Args:
        classes: the labels found, in order.
        distances: (classes, classes), between centroids, in units of `spread`.
        spread: root mean square distance of a code from the centroid of its class, in the codes' own unit.
        silhouettes: (n,), of each code, in [-1, 1]; 1 is far from every other class (Rousseeuw 1987).
        silhouette_by_class: their mean over each class.
    """

    classes: tuple[int, ...]
    distances: Array
    spread: float
    silhouettes: Array
    silhouette_by_class: Array

    @property
    def silhouette(self) -> float:
        """The mean over all codes: 1 parts the classes perfectly."""
        return float(self.silhouettes.mean())

    def nearest(self, k: int = 1) -> dict[int, list[int]]:
        """The k nearest classes of each class, the nearest first."""
        order = np.argsort(self.distances + np.diag(np.full(len(self.classes), np.inf)), axis=1)[:, :k]
        return {c: [self.classes[j] for j in row] for c, row in zip(self.classes, order, strict=True)}

    def mean_distance(self, among: Sequence[int]) -> float:
        """The mean distance between the centroids of some classes."""
        rows = [self.classes.index(c) for c in among]
        block = self.distances[np.ix_(rows, rows)]
        return float(block[np.triu_indices(len(rows), 1)].mean())

    def closest_group(self, size: int) -> tuple[int, ...]:
        """The classes whose centroids lie closest together, of all groups of a size."""
        from itertools import combinations

        return min(combinations(self.classes, size), key=self.mean_distance)

    def most_apart(self) -> int:
        """The class whose nearest class is farthest away."""
        away = (self.distances + np.diag(np.full(len(self.classes), np.inf))).min(1)
        return self.classes[int(away.argmax())]

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, for a record or a report."""
        n = len(self.classes)
        return {
            "classes": list(self.classes), "distances": self.distances.tolist(), "spread": self.spread,
            "silhouette": self.silhouette, "silhouette_by_class": self.silhouette_by_class.tolist(),
            "nearest": {str(c): nearest for c, nearest in self.nearest(3).items()},
            "closest_pair": list(self.closest_group(2)), "closest_three": list(self.closest_group(min(3, n))),
            "most_apart": self.most_apart(),
        }  # fmt: skip


def summarise(codes: Array, labels: Array) -> LatentSummary:
    """The numbers of a latent space; two classes or more, two codes or more of each."""
    from sklearn.metrics import silhouette_samples

    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2 or counts.min() < 2:
        raise ValueError(
            f"a latent space is summarised over 2 classes or more of 2 codes or more; got {counts.tolist()}"
        )
    codes = np.asarray(codes, dtype=np.float64)
    centroids = np.stack([codes[labels == c].mean(0) for c in classes])
    own = centroids[np.searchsorted(classes, labels)]
    spread = float(np.sqrt(np.square(codes - own).sum(1).mean()))
    distances = np.linalg.norm(centroids[:, None] - centroids, axis=2) / max(spread, np.finfo(float).tiny)
    samples = silhouette_samples(codes, labels)
    by_class = np.array([samples[labels == c].mean() for c in classes])
    return LatentSummary(tuple(int(c) for c in classes), distances, spread, samples, by_class)


def pca(codes: Array, dimensions: int = 2) -> tuple[Array, Array]:
    """(n, dimensions) projections on the directions of greatest variance, and the share of variance of each.

    The sign of a direction is such that its largest component is positive, so that the same codes give one picture.
    """
    centred = np.asarray(codes, dtype=np.float64) - np.mean(codes, 0)
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    directions = directions[:dimensions]
    signs = np.sign(directions[np.arange(len(directions)), np.abs(directions).argmax(1)])
    share = np.square(singular) / max(np.square(singular).sum(), np.finfo(float).tiny)
    return centred @ (directions * signs[:, None]).T, share[:dimensions]


def tsne(codes: Array, perplexity: float = 30.0, seed: int = 0) -> Array:
    """(n, 2): t-SNE (van der Maaten and Hinton 2008) by scikit-learn, from the PCA, the same for a seed."""
    from sklearn.manifold import TSNE

    perplexity = min(perplexity, (len(codes) - 1) / 3)
    return TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(np.asarray(codes, dtype=np.float32))


def save_maps(path: Path, maps: dict[str, Array], labels: Array, names: Sequence[str] | None = None) -> None:
    """Scatter plots (n, 2) side by side, coloured by class, each class named at its centre, as a PNG.

    Args:
        maps: title -> points (n, 2).
        labels: (n,).
        names: what class 0, 1, ... is called; its number by default.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure
    from matplotlib.patheffects import withStroke

    classes = np.unique(labels)
    colours = colormaps["tab10" if len(classes) <= 10 else "tab20"]
    halo = withStroke(linewidth=3, foreground="white")
    figure = Figure(figsize=(5.5 * len(maps), 5.5), dpi=90, layout="constrained")
    for axes, (title, points) in zip(figure.subplots(1, len(maps), squeeze=False)[0], maps.items(), strict=True):
        for i, c in enumerate(classes):
            own, colour = points[labels == c], colours(i % 20)
            axes.scatter(own[:, 0], own[:, 1], s=5, color=colour, linewidths=0, alpha=0.7)
            text = str(c) if names is None else names[int(c)]
            x, y = np.median(own, 0)
            axes.text(x, y, text, size=15, weight="bold", color=colour, ha="center", va="center", path_effects=[halo])
        axes.set(xticks=[], yticks=[], title=title)
    save_png(path, pixels_of(figure))
