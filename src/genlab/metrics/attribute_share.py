"""How often a part is seen in samples, asked for or not: whether a negative prompt makes what it names rarer."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from genlab.data.source import Attribute
from genlab.errors import nearest
from genlab.metrics.attributes import attributes_of, shown
from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.attributes import AttributeProbe
from genlab.metrics.intervals import share_with_interval
from genlab.metrics.score import Score


class AttributeShare:
    """Share of samples in which the data's own probe finds one of some parts, 0 to 1, as `attribute_share`.

    It is lower where the parts are avoided better; how many pictures of the scored split have them stands in the
    provenance.

    Args:
        extractor: the probe of the data's attributes.
        attribute: of the data, such as "top".
        parts: names of that attribute, such as "horns".
    """

    needs = frozenset({"samples", "known attributes"})
    names: tuple[str, ...] = ("attribute_share",)

    def __init__(self, extractor: AttributeProbe, attribute: str, parts: Sequence[str]) -> None:
        self.extractor, self.attribute, self.parts = extractor, attribute, list(parts)

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        attributes = shown(attributes_of(evaluation.data, evaluation.split))
        wanted = torch.tensor(self._numbers(attributes))
        logits = evaluation.activations(self.extractor).logits
        assert logits is not None, "an extractor that reads attributes has logits"
        found = torch.isin(self.extractor.guesses(logits)[self.attribute], wanted)
        real = torch.isin(torch.from_numpy(attributes[self.attribute].values), wanted)
        how = {**self.extractor.provenance(), "attribute": self.attribute, "parts": self.parts}
        made = evaluation.samples_made() | {"interval": "Wilson", "share_of_real": real.double().mean().item()}
        return {"attribute_share": Score(*share_with_interval(found), len(found), "share", "lower", how, made)}

    def _numbers(self, attributes: dict[str, Attribute]) -> list[int]:
        """Which of the attribute's names the parts are.

        Raises:
            ValueError: the data have no such attribute, or it no such name.
        """
        if self.attribute not in attributes:
            known = nearest(self.attribute, list(attributes)) or f"; there are {', '.join(attributes)}"
            raise ValueError(f"the data have no attribute {self.attribute!r}{known}")
        names = attributes[self.attribute].names
        if unknown := [part for part in self.parts if part not in names]:
            known = nearest(unknown[0], list(names)) or f"; there are {', '.join(names)}"
            raise ValueError(f"{self.attribute} is never {unknown[0]!r}{known}")
        return [names.index(part) for part in self.parts]
