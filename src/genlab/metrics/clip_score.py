"""How well pictures fit their captions in the eyes of CLIP (Hessel et al. 2021).

Paper: https://arxiv.org/abs/2104.08718
"""

from __future__ import annotations

import warnings

import torch
from torch.nn import functional as F

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.clip import CLIP
from genlab.metrics.intervals import mean_with_interval
from genlab.metrics.score import Score
from genlab.notice import Notice


class CLIPScore:
    """Mean over samples of 100 max(cos(picture, caption), 0): 0 to 100, higher fits better, above 40 is rare.

    The captions are those of the pictures, or of class-conditional samples `template` with the name of the class.
    CLIP reads 77 tokens; the share of captions that were cut stands in the provenance and is warned of.

    Args:
        extractor: a CLIP.
        template: with one {} for the name of a class.
    """

    needs = frozenset({"samples", "captions"})
    names: tuple[str, ...] = ("clip_score",)

    def __init__(self, extractor: CLIP, template: str = "a picture of {}") -> None:
        if not isinstance(extractor, CLIP):
            raise ValueError(f"the CLIP score needs extractor=clip, not {extractor.name}")
        if "{}" not in template:
            raise ValueError(f"template={template!r} of the CLIP score has no {{}} for the name of a class")
        self.extractor = extractor
        self.template = template

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        features = evaluation.activations(self.extractor).features
        captions = evaluation.captions(self.template)
        distinct = {caption: i for i, caption in enumerate(dict.fromkeys(captions))}
        texts = self.extractor.texts(list(distinct))
        rows = torch.tensor([distinct[caption] for caption in captions])
        fits = 100 * F.cosine_similarity(features.double(), texts.features[rows].double()).clamp(min=0)
        truncated = texts.truncated[rows].double().mean().item()
        if truncated:
            warnings.warn(
                f"{truncated:.1%} of the captions are longer than CLIP reads and were cut", Notice, stacklevel=2
            )
        how = {**self.extractor.provenance(), "template": self.template}
        made = evaluation.samples_made() | self.extractor.remarks() | {"captions_truncated": truncated}
        made["interval"] = "bootstrap"
        measured = mean_with_interval(fits, evaluation.seed)
        return {"clip_score": Score(*measured, len(fits), "100 cos", "higher", how, made)}
