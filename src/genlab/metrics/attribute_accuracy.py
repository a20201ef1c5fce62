"""Whether samples show what their prompts ask for, attribute by attribute (after Ghosh et al. 2023, GenEval).

Paper: https://arxiv.org/abs/2310.11513
"""

from __future__ import annotations

import torch

from genlab.metrics.attributes import attributes_of, groups_of, told_of
from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.attributes import AttributeProbe
from genlab.metrics.intervals import share_with_interval
from genlab.metrics.score import Score


class AttributeAccuracy:
    """Share of samples in which the data's own probe finds what the prompt asks for, 0 to 1, higher is better.

    The prompts are the captions of the scored split, in its order, so that sample i is asked for the attributes of
    picture i, and of these for what the caption decides. One score for each such attribute, and one for all of them
    together: `attribute_colour`, `attribute_all`; of data that hold out combinations `attribute_colour_seen` and
    `attribute_colour_held_out`. All are bounded by the probe, whose accuracy on real pictures is in the provenance.
    """

    needs = frozenset({"samples", "attributes of each sample", "known attributes"})
    names: tuple[str, ...] | None = None  # the data decide

    def __init__(self, extractor: AttributeProbe) -> None:
        self.extractor = extractor

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        logits = evaluation.activations(self.extractor).logits
        assert logits is not None, "an extractor that reads attributes has logits"
        guesses, attributes = self.extractor.guesses(logits), attributes_of(evaluation.data, evaluation.split)
        told = told_of(evaluation.data)
        of_split = len(next(iter(attributes.values())).values)
        rows = torch.arange(len(logits)) % of_split  # as the data module gives conditions
        hits = {name: guesses[name] == torch.from_numpy(attributes[name].values)[rows] for name in told}
        hits["all"] = torch.stack(list(hits.values())).all(0)
        made, scores = evaluation.samples_made() | {"interval": "Wilson"}, {}
        for group, of_group in groups_of(attributes).items():
            for name, each in hits.items():
                if not (chosen := each[of_group[rows]]).numel():
                    continue
                how = {**self.extractor.provenance(), "prompts": f"{evaluation.data.name}/{evaluation.split}"}
                if name == "all" and len(told) < len(guesses):
                    how["attributes"] = ", ".join(told)
                accuracy = self.extractor.accuracy(told if name == "all" else [name], group)
                known = {} if accuracy is None else {"extractor_accuracy": accuracy}
                scores[f"attribute_{name}{group}"] = Score(
                    *share_with_interval(chosen), len(chosen), "share", "higher", how, made | known
                )
        return scores
