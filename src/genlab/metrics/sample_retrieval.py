"""Whether a sample finds its own prompt among those of the data, in the eyes of a model of pictures and texts."""

from __future__ import annotations

from torch.nn import functional as F

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.extractors.texts import require_texts
from genlab.metrics.retrieval import FIRST, distinct, places, retrieval
from genlab.metrics.score import Score

_WHAT = "retrieval by samples"


class SampleRetrieval:
    """Share of samples that find their caption among all distinct captions that could have been asked for, at once
    (`retrieval_at_1_<extractor>`) or among the best five: 0 to 1, higher is better.

    These are the captions of the scored split; of prompts from a file, or of pictures of a folder, theirs alone.

    Unlike a cosine it is on a known scale: what chance would find stands in the provenance, and what real pictures find
    is the bound.

    Args:
        extractor: one that reads texts.
        template: with one {} for the name of a class, of class-conditional samples.
    """

    needs = frozenset({"samples", "captions"})
    names: tuple[str, ...] = tuple(f"retrieval_at_{first}_{{extractor}}" for first in FIRST)

    def __init__(self, extractor: Extractor, template: str = "a picture of {}") -> None:
        require_texts(extractor, _WHAT)
        self.extractor = extractor
        self.template = template

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        features = evaluation.activations(self.extractor).features
        captions = evaluation.captions(self.template)
        texts, own = distinct([*captions, *getattr(evaluation.source, "all_captions", [])])
        of_texts, own = require_texts(self.extractor, _WHAT).texts(texts).features, own[: len(captions)]
        found = places(F.normalize(features, dim=1), F.normalize(of_texts, dim=1), own)
        how = {**self.extractor.provenance(), "template": self.template}
        made = evaluation.samples_made() | self.extractor.remarks()
        return retrieval(found, len(texts), f"retrieval_at_{{}}_{self.extractor.name}", how, made)
