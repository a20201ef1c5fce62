"""How much of its input image to image keeps: pictures are changed by an edit, and compared with what they were.

Paper: https://arxiv.org/abs/2108.01073 (Meng et al. 2022, figure 3: realism against faithfulness)
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from genlab.conditions import ConditionInput, conditions_for
from genlab.metrics.evaluation import Evaluation
from genlab.metrics.intervals import mean_with_interval
from genlab.metrics.psnr import psnr
from genlab.metrics.score import Score
from genlab.metrics.source import model_provenance
from genlab.metrics.ssim import ssim
from genlab.modalities.grids import pairs, save_png
from genlab.protocols import Conditions
from genlab.randomness import PerImage, Randomness

_SHOWN = 16
"""Pictures that are drawn with what became of them."""


class Edit(Protocol):
    """What is done to pictures."""

    def __call__(self, model: Any, x: Tensor, condition: Conditions = None, *, generator: Randomness = None) -> Any:
        """`results` of it are `x` (n, channel, height, width), edited."""
        ...


class ImageToImage:
    """PSNR and SSIM between pictures of the data and what an edit makes of them; both fall as less is kept.

    A picture is edited with the condition of the next one, so that the model is asked for something else than it is
    given; result i depends on (seed, i) alone. A model without conditions is asked for nothing. With a run folder, the
    first pictures are drawn above their results as edited.png.

    Args:
        edit: what is done, such as `genlab.editing.sdedit.SDEdit` with its strength.
    """

    needs = frozenset({"edits", "6 pixels"})
    modality = frozenset({"image"})
    names: tuple[str, ...] = ("psnr_to_input", "ssim_to_input")

    def __init__(self, edit: Edit) -> None:
        self.edit = edit

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        images, _ = evaluation.real()
        results = self._results(evaluation, images)
        if evaluation.out_dir is not None:
            above, below = images[:_SHOWN].cpu(), results[:_SHOWN]
            save_png(evaluation.out_dir / "edited.png", pairs(above, below, labels=("data", "edited")))
        measured = {**evaluation.real_measured(), "aggregation": "mean of pictures", "data_range": 255}
        measured["condition"] = "of the next picture"
        made = {**model_provenance(evaluation.module), "edit": repr(self.edit), "seed": evaluation.seed}
        made["interval"] = "bootstrap"
        found: dict[str, tuple[Tensor, str]] = {
            "psnr_to_input": (psnr(images, results), "dB"),
            "ssim_to_input": (ssim(images, results), "similarity"),
        }
        return {
            name: Score(*mean_with_interval(values, evaluation.seed), len(values), unit, "higher", measured, made)
            for name, (values, unit) in found.items()
        }

    def _results(self, evaluation: Evaluation, images: Tensor) -> Tensor:
        """(n, channel, height, width) uint8: what the edit makes of `images`, in their order."""
        n, modality = len(images), evaluation.data.modality
        conditions = _of_the_next(conditions_for(evaluation.module, evaluation.data, evaluation.split, n), n)
        parts = []
        for start in range(0, n, evaluation.batch_size):
            stop = min(start + evaluation.batch_size, n)
            x = modality.to_model(images[start:stop].to(evaluation.device))
            condition = None if conditions is None else conditions.part(start, stop).to(evaluation.device)
            streams = PerImage.range(evaluation.seed, start, stop, evaluation.device)
            edited = self.edit(evaluation.module, x, condition, generator=streams)
            parts.append(modality.to_stored(edited.results, "edited pictures").cpu())
            evaluation.tell("edited pictures", stop, n)
        return torch.cat(parts)


def _of_the_next(conditions: ConditionInput | None, n: int) -> ConditionInput | None:
    return None if conditions is None else conditions.at([(i + 1) % n for i in range(n)])
