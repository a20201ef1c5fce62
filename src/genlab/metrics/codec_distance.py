"""What a codec of sounds loses, whatever the model behind it: the ceiling of every score."""

from __future__ import annotations

import torch
from torch import Tensor

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.intervals import mean_with_interval
from genlab.metrics.score import Score

_N_FFT, _HOP = 1024, 256
_FLOOR = (_N_FFT / 4) ** 2 * 1e-8
"""Power below which all is silence: 80 dB below that of a sine of full scale."""
_QUIET = 1e-6
"""Of the loudest frame's power: quieter frames are not compared (-60 dB)."""


def log_spectral_distance(a: Tensor, b: Tensor) -> Tensor:
    """(n,) decibels between (n, samples) waves in [-1, 1]: the root mean square over frequency of the difference of
    their log powers, averaged over the frames in which `a` is heard (Gray & Markel 1976, their equation 6 for p = 2).

    Paper: https://doi.org/10.1109/TASSP.1976.1162849
    """
    powers = [_power(x) for x in (a, b)]
    of_a, of_b = (10 * power.clamp(min=_FLOOR).log10() for power in powers)
    distance = (of_a - of_b).square().mean(1).sqrt()  # (n, frames)
    loud = powers[0].sum(1)
    heard = loud >= _QUIET * loud.amax(1, keepdim=True)
    return (distance * heard).sum(1) / heard.sum(1)


def _power(x: Tensor) -> Tensor:
    window = torch.hann_window(_N_FFT, device=x.device)
    return torch.stft(x, _N_FFT, _HOP, window=window, pad_mode="constant", return_complex=True).abs().square()


class CodecDistance:
    """`lsd_codec`: the log-spectral distance between real sounds and what the model's codec makes of them, in decibels:
    0 is the same spectrum. No sample of the model can be closer to real sounds than the codec lets it be."""

    needs = frozenset({"codec of sounds"})
    modality = frozenset({"audio"})
    names: tuple[str, ...] = ("lsd_codec",)

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        real, _ = evaluation.real()
        modality, codec, values = evaluation.data.modality, evaluation.module.codec, []
        for part in real.split(evaluation.batch_size):
            x = modality.to_model(part.to(evaluation.device))
            back = modality.to_model(modality.to_stored(codec.decode(codec.encode(x)), "decoded sounds"))
            values.append(log_spectral_distance(x[:, 0], back[:, 0]).cpu())
            evaluation.tell("sounds through the codec", len(torch.cat(values)), len(real))
        value = mean_with_interval(torch.cat(values), evaluation.seed)
        made = evaluation.real_made() | {"interval": "bootstrap"}
        return {"lsd_codec": Score(*value, len(real), "dB", "lower", evaluation.real_measured(), made)}
