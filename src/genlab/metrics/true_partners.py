"""How near translations are to the true partners of their pictures, which training never saw as such."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from genlab.atomic import write_text
from genlab.metrics.cache import digest
from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.intervals import mean_with_interval, share_with_interval
from genlab.metrics.psnr import psnr
from genlab.metrics.retrieval import places
from genlab.metrics.score import Score
from genlab.metrics.translations import DIRECTIONS, features_of_results, reference_of, translated
from genlab.protocols import Direction


class _Fit(NamedTuple):
    """How near each result is to its partner, (n,) each."""

    psnr: Tensor
    distance: Tensor
    """1 - cos of their features."""
    found: Tensor
    """Whether no other picture of the domain is as near."""


class TruePartners:
    """Of translations and the pictures that they should be, each way: the mean PSNR (`partner_psnr_a_to_b`), the mean
    of 1 - cos between features (`partner_distance_<extractor>_a_to_b`), and the share of translations that are nearest
    to their own partner among all pictures of the split (`partner_retrieval_<extractor>_a_to_b`).

    The provenance has what two models would reach that learnt nothing: "copy", whose results are its inputs, and
    "random", which gives a picture of the other domain, whichever. With a run folder both stand in translations.md.
    Colours that are turned over, and shapes that stay as they were, are seen here where a cycle does not see them.
    """

    needs = frozenset({"translations", "partners"})
    modality = frozenset({"image"})
    names: tuple[str, ...] = tuple(
        f"partner_{kind}_{direction}"
        for direction in DIRECTIONS
        for kind in ("psnr", "distance_{extractor}", "retrieval_{extractor}")
    )

    def __init__(self, extractor: Extractor) -> None:
        self.extractor = extractor

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        scores: dict[str, Score] = {}
        table = ["| direction | result | PSNR, dB | 1 - cos | retrieval at 1 |", "|---|---|---|---|---|"]
        for direction in DIRECTIONS:
            fits, measured = self._fits(evaluation, direction)
            scores |= self._scores(evaluation, direction, fits, measured)
            table += [_line(direction, name, fit) for name, fit in fits.items()]
        if evaluation.out_dir is not None:
            write_text(evaluation.out_dir / "translations.md", "\n".join(table) + "\n")
        return scores

    def _fits(self, evaluation: Evaluation, direction: Direction) -> tuple[dict[str, _Fit], dict[str, Any]]:
        """The model's results, its inputs and random pictures, beside the partners; and what they were measured on."""
        there = translated(evaluation, direction)
        target, _ = there.target.items(evaluation.split)
        own = _partners(evaluation.data, evaluation.split, direction)[: len(there.source)]
        rows = (own >= 0).nonzero().flatten()
        if not len(rows):
            raise ValueError(f"no picture of the {evaluation.split} split has a partner")
        own = own[rows]
        given, seen = (
            F.normalize(reference_of(evaluation, self.extractor, data).features.double(), dim=1)
            for data in (there.origin, there.target)
        )
        made = F.normalize(features_of_results(evaluation, self.extractor, direction).double(), dim=1)
        results = {
            "model": (there.result[rows], made[rows]), "copy": (there.source[rows], given[rows]),
            "random": (target[own.roll(1)], seen[own.roll(1)]),
        }  # fmt: skip
        fits = {
            name: _Fit(psnr(target[own], x), 1 - (features * seen[own]).sum(1), places(features, seen, own) == 0)
            for name, (x, features) in results.items()
        }
        measured = {"reference": f"{there.target.name}/{evaluation.split}", "reference_sha256": digest(target)}
        return fits, measured | {"reference_n": len(target), "chance": 1 / len(target)}

    def _scores(
        self, evaluation: Evaluation, direction: Direction, fits: Mapping[str, _Fit], measured: dict[str, Any]
    ) -> dict[str, Score]:
        name, how, fit = self.extractor.name, self.extractor.provenance(), fits["model"]
        made, n = evaluation.real_made() | self.extractor.remarks(), len(fit.psnr)

        def others(kind: str) -> dict[str, float]:
            return {key: round(getattr(fits[key], kind).double().mean().item(), 4) for key in ("copy", "random")}

        values = mean_with_interval(fit.psnr, evaluation.seed), mean_with_interval(fit.distance, evaluation.seed)
        by_bootstrap, share = made | {"interval": "bootstrap"}, share_with_interval(fit.found)
        pixels = {**measured, "aggregation": "mean of pictures", "data_range": 255, **others("psnr")}
        return {
            f"partner_psnr_{direction}": Score(*values[0], n, "dB", "higher", pixels, by_bootstrap),
            f"partner_distance_{name}_{direction}": Score(
                *values[1], n, "1 - cos", "lower", {**measured, **how, **others("distance")}, by_bootstrap
            ),
            f"partner_retrieval_{name}_{direction}": Score(
                *share, n, "share", "higher", {**measured, **how, **others("found")}, made | {"interval": "Wilson"}
            ),
        }


def _partners(data: Any, split: str, direction: Direction) -> Tensor:
    """(n of the source domain,) the place of each picture's partner in the other domain's split, -1 for none."""
    of_a = data.partners(split)
    if direction == "a_to_b":
        partners: Tensor = of_a
        return partners
    of_b = torch.full((len(data.domains[1].items(split)[0]),), -1)
    known = (of_a >= 0).nonzero().flatten()
    of_b[of_a[known]] = known
    return of_b


def _line(direction: str, name: str, fit: _Fit) -> str:
    numbers = (each.double().mean().item() for each in fit)
    return "| {} | {} | {:.2f} | {:.3f} | {:.3f} |".format(direction, name, *numbers)
