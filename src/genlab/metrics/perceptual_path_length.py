"""How evenly pictures change along a way in W (Karras et al. 2019, section 4.1).

Paper: https://arxiv.org/abs/1812.04948
"""

from __future__ import annotations

import torch
from torch import Tensor

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.intervals import mean_with_interval
from genlab.metrics.score import Score
from genlab.randomness import PerImage, fold_in
from genlab.ranges import PositiveFloat


class PerceptualPathLength:
    """Mean squared speed of features along straight ways between two styles, at a place drawn for each way.

    |f(x(t + e)) - f(x(t))|^2 / e^2, for t uniform in [0, 1) and both ends of one class, with the same noise. Lower is
    smoother. Features are of pictures before they are rounded. Named `ppl_<extractor>`.

    Args:
        extractor: one that reads pictures of floats.
        step: e, as a share of the way.
    """

    needs = frozenset({"styles"})
    modality = frozenset({"image"})
    names: tuple[str, ...] = ("ppl_{extractor}",)

    def __init__(self, extractor: Extractor, step: PositiveFloat = 1e-3) -> None:
        self.extractor, self.step = extractor, step

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        self.extractor.prepare(evaluation.data, evaluation.device)
        n, parts = evaluation.n_samples, list[Tensor]()
        for start in range(0, n, evaluation.batch_size):
            stop = min(start + evaluation.batch_size, n)
            parts.append(self._lengths(evaluation, start, stop))
            evaluation.tell("paths", stop, n)
        lengths = torch.cat(parts)
        made = evaluation.samples_made() | {"interval": "bootstrap"}
        measured = {**self.extractor.provenance(), "step": self.step}
        value = mean_with_interval(lengths, evaluation.seed)
        return {f"ppl_{self.extractor.name}": Score(*value, n, "squared feature distance", "lower", measured, made)}

    def _lengths(self, evaluation: Evaluation, start: int, stop: int) -> Tensor:
        """(stop - start,) float64: of the ways with these numbers, whatever the batch."""
        module, device = evaluation.module, evaluation.device
        labels = None if not module.num_classes else torch.arange(start, stop, device=device) % module.num_classes

        def streams(what: str) -> PerImage:
            return PerImage.range(fold_in(evaluation.seed, "path", what), start, stop, device)

        a, b = (module.draw_styles(stop - start, labels, generator=streams(end)) for end in ("from", "to"))
        places = streams("place").uniform((stop - start, 1, 1))
        before, after = (
            self.extractor.features_of_floats(
                (module.from_styles(torch.lerp(a, b, place), generator=streams("noise")) + 1) * (255 / 2)
            ).double()
            for place in (places, places + self.step)
        )
        return (after - before).square().sum(1).cpu() / self.step**2
