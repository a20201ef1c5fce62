"""What a sample costs."""

from __future__ import annotations

from typing import Any

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.intervals import mean_with_interval
from genlab.metrics.score import Score
from genlab.metrics.source import Generated


class Cost:
    """Seconds, peak memory and operations for each sample, parameters, and network evaluations where they are stated.

    Measured while the samples of all other metrics are drawn: `seconds_per_image` is the mean over batches, without
    the first one where there are more; `memory_per_image` is the peak above what was allocated before, divided by the
    batch, and is known on CUDA only. `flops_per_image` counts the multiplications and additions of matrix products,
    convolutions and attention while one more sample is drawn. Lower is better. Seconds and memory depend on the
    machine, which stands beside them.
    """

    needs = frozenset({"samples", "timing"})
    names: tuple[str, ...] = ("seconds_per_image", "memory_per_image", "nfe", "parameters", "flops_per_image")

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        spent = evaluation.spent()
        made = evaluation.samples_made()
        measured = {"device": spent.device, "batch_size": evaluation.batch_size}
        n = evaluation.n_samples
        seconds = mean_with_interval(spent.seconds_per_image, evaluation.seed)
        interval = {"interval": "bootstrap"}
        scores = {"seconds_per_image": Score(*seconds, n, "seconds", "lower", measured, made | interval)}
        if spent.bytes_per_image is not None:
            scores["memory_per_image"] = _exact(spent.bytes_per_image, n, "bytes", measured, made)
        if (nfe := made.get("nfe")) is not None:
            scores["nfe"] = _exact(nfe, n, "network evaluations", measured, made)
        if hasattr(evaluation.module, "num_parameters"):
            scores["parameters"] = _exact(evaluation.module.num_parameters, n, "parameters", measured, made)
            scores["flops_per_image"] = _exact(_flops(evaluation), n, "operations", measured, made)
        return scores


def _flops(evaluation: Evaluation) -> int:
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with counter:
        next(iter(Generated(evaluation.module, 1, evaluation.seed, evaluation.data, evaluation.split).batches(1)))
    return counter.get_total_flops()


def _exact(value: float, n: int, unit: str, measured: dict[str, Any], made: dict[str, Any]) -> Score:
    return Score(value, value, value, n, unit, "lower", measured, made | {"interval": "exact"})
