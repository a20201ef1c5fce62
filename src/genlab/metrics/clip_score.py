"""How well pictures fit their captions in the eyes of CLIP, or of a model like it (Hessel et al. 2021).

Paper: https://arxiv.org/abs/2104.08718
"""

from __future__ import annotations

import warnings

from torch import nn
from torch.nn import functional as F

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.extractors.image_text import weights_sha256
from genlab.metrics.extractors.texts import require_texts
from genlab.metrics.intervals import mean_with_interval
from genlab.metrics.retrieval import distinct
from genlab.metrics.score import Score
from genlab.notice import Notice
from genlab.protocols import FitsTexts

_WHAT = "the CLIP score"


class CLIPScore:
    """Mean over samples of 100 max(cos(picture, caption), 0): 0 to 100, higher fits better, above 40 is rare for CLIP.

    Named `clip_score` in the eyes of CLIP, and `fit_<extractor>` in those of any other model of pictures and texts,
    whose cosines are on a scale of their own. The captions are those of the pictures, or of class-conditional samples
    `template` with the name of the class. The share of captions that were longer than the extractor reads (CLIP: 77
    tokens), and were cut, stands in the provenance and is warned of.

    Args:
        extractor: one that reads texts.
        template: with one {} for the name of a class.
    """

    needs = frozenset({"samples", "captions"})

    def __init__(self, extractor: Extractor, template: str = "a picture of {}") -> None:
        require_texts(extractor, _WHAT)
        if "{}" not in template:
            raise ValueError(f"template={template!r} of the CLIP score has no {{}} for the name of a class")
        self.extractor = extractor
        self.template = template
        self.names: tuple[str, ...] = ("clip_score",) if extractor.name == "clip" else ("fit_{extractor}",)

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        features = evaluation.activations(self.extractor).features
        distinct_texts, rows = distinct(evaluation.captions(self.template))
        texts = require_texts(self.extractor, _WHAT).texts(distinct_texts)
        fits = 100 * F.cosine_similarity(features.double(), texts.features[rows].double()).clamp(min=0)
        truncated = texts.truncated[rows].double().mean().item()
        judge = "CLIP" if self.extractor.name == "clip" else self.extractor.name
        if truncated:
            warnings.warn(
                f"{truncated:.1%} of the captions are longer than {judge} reads and were cut", Notice, stacklevel=2
            )
        how = {**self.extractor.provenance(), "template": self.template}
        made = evaluation.samples_made() | self.extractor.remarks() | {"captions_truncated": truncated}
        made["interval"] = "bootstrap"
        if guides_itself(evaluation, self.extractor):
            made["warning"] = f"the samples were guided by {judge}, which gives this score"
            warnings.warn(f"{made['warning']}: look at another score as well", Notice, stacklevel=2)
        measured = mean_with_interval(fits, evaluation.seed)
        name = self.names[0].format(extractor=self.extractor.name)
        return {name: Score(*measured, len(fits), "100 cos", "higher", how, made)}


def guides_itself(evaluation: Evaluation, extractor: Extractor) -> bool:
    """Whether the samples were guided by the very network that scores them."""
    guidance = getattr(evaluation.module, "guidance", None)
    guides = guidance.modules() if isinstance(guidance, nn.Module) else ()
    return any(isinstance(guide, FitsTexts) and weights_sha256(guide) == extractor.sha256 for guide in guides)
