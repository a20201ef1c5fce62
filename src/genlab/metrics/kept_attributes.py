"""Whether a reconstruction still shows what its original showed, attribute by attribute."""

from __future__ import annotations

import torch

from genlab.metrics.attributes import attributes_of
from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.attributes import AttributeProbe, learnt_of_test
from genlab.metrics.intervals import share_with_interval
from genlab.metrics.score import Score


class KeptAttributes:
    """Share of reconstructions in which the data's own probe still finds what the picture shows: 0 to 1, higher is
    better; `kept_colour`, ..., and `kept_all` for all of a picture together.

    It says what a codec loses: no model in its latent space can do better. Pictures of the test split that the probe
    has learnt from are left out. Its accuracy on real pictures stands in the provenance.
    """

    needs = frozenset({"reconstructions", "attributes", "known attributes"})
    names: tuple[str, ...] | None = None  # the data decide

    def __init__(self, extractor: AttributeProbe) -> None:
        self.extractor = extractor

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        self.extractor.prepare(evaluation.data, evaluation.device)
        _, reconstructed = evaluation.reconstructions()
        attributes = attributes_of(evaluation.data, evaluation.split)
        fresh = torch.ones(len(reconstructed), dtype=torch.bool)
        if evaluation.split == "test":
            fresh = ~learnt_of_test(evaluation.data)[: len(reconstructed)]
        logits = self.extractor(reconstructed[fresh]).logits
        assert logits is not None, "an extractor that reads attributes has logits"
        hits = {
            name: guess == torch.from_numpy(attributes[name].values)[: len(fresh)][fresh]
            for name, guess in self.extractor.guesses(logits).items()
        }
        hits["all"] = torch.stack(list(hits.values())).all(0)
        how = {**self.extractor.provenance(), **evaluation.real_measured()}
        made = evaluation.real_made() | self.extractor.remarks() | {"interval": "Wilson"}
        return {
            f"kept_{name}": Score(*share_with_interval(each), len(each), "share", "higher", how, made)
            for name, each in hits.items()
        }
