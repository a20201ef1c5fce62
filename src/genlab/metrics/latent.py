"""How the classes lie in a model's latent space: numbers, and a map of the codes."""

from __future__ import annotations

from pathlib import Path

import torch

from genlab.atomic import write_json
from genlab.finite import finite
from genlab.metrics.evaluation import Evaluation
from genlab.metrics.intervals import mean_with_interval
from genlab.metrics.latent_space import LatentSummary, pca, save_maps, summarise, tsne
from genlab.metrics.least import Counts
from genlab.metrics.score import Score


class LatentStructure:
    """The silhouette of the classes in the latent space: 1 parts them perfectly, 0 mixes them, below 0 is worse.

    Higher means that codes say more of the class; a conditional model gets the class and need not code it, so that
    a low value is no fault of it.

    Into the run folder go latent.json, with the distances between classes in units of a class's width, the three
    nearest classes of each, the closest pair and three, and the class that is farthest from any other; and
    samples/latent.png: the codes' principal components and their t-SNE, coloured by class.
    """

    needs = frozenset({"codes", "labels"})
    names: tuple[str, ...] = ("latent_silhouette",)
    least = Counts(shown_of_class=2)

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        images, given = evaluation.real()
        labels = evaluation.data.items(evaluation.split)[1]
        assert labels is not None, "data with classes have labels"
        labels, parts = labels[: len(images)], []
        if len(labels.unique()) < 2:
            return {}  # one class: there is nothing to part
        for start in range(0, len(images), evaluation.batch_size):
            rows = slice(start, start + evaluation.batch_size)
            condition = None if given is None else given[rows].to(evaluation.device)
            parts.append(
                evaluation.module.encode(
                    evaluation.data.modality.to_model(images[rows].to(evaluation.device)), condition
                ).cpu()
            )
            evaluation.tell("codes", min(rows.stop, len(images)), len(images))
        codes = finite(torch.cat(parts), "codes")
        summary = summarise(codes.numpy(), labels.numpy())
        if evaluation.out_dir is not None:
            self._write(evaluation.out_dir, codes, labels, summary)
        measured = mean_with_interval(torch.from_numpy(summary.silhouettes), evaluation.seed)
        made = {**evaluation.real_made(), "interval": "bootstrap"}
        how = evaluation.real_measured()
        return {"latent_silhouette": Score(*measured, len(codes), "-1 to 1", "higher", how, made)}

    def _write(self, folder: Path, codes: torch.Tensor, labels: torch.Tensor, summary: LatentSummary) -> None:
        write_json(folder / "latent.json", summary.to_json())
        points, share = pca(codes.numpy())
        title = f"principal components ({share.sum():.0%} of the variance)"
        save_maps(folder / "samples" / "latent.png", {title: points, "t-SNE": tsne(codes.numpy())}, labels.numpy())
