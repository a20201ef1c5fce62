"""Masked tokens: MaskGIT (Chang et al. 2022, https://arxiv.org/abs/2202.04200) over the levels of pixels."""

import torch
from torch import nn

from genlab.processes.degrading import Steady
from genlab.randomness import rand
from genlab.samplers.cold import Cold


class Masking(Steady):
    """x_t: each value is hidden, which is the integer `mask`, with probability t. A clock of its own."""

    def __init__(self, mask: int):
        self.mask, self.schedule = mask, self

    def prior(self, shape, t, generator=None, device=None):
        return torch.full(shape, self.mask, device=device)

    def corrupt(self, x0, t, noise=None, generator=None):
        return torch.where(rand(x0.shape, generator, x0.device) < t.float().reshape(-1, 1, 1, 1), self.mask, x0)

    def shown(self, x_t, t, clean):
        return torch.where(x_t == self.mask, clean, x_t)


class HiddenNats:
    """Cross-entropy of the hidden values; how many are hidden is uniform."""

    def __call__(self, denoiser, x0, condition=None, generator=None):
        t = rand((len(x0),), generator, x0.device)
        x_t = denoiser.process.corrupt(x0, t, generator=generator)
        nats = nn.functional.cross_entropy(denoiser(x_t, t, condition).x0, x0, reduction="none")
        return {"loss": nats[x_t == denoiser.process.mask].mean()}


class Confidence(Cold):
    """Draw every hidden value and keep the surest: 1 - (1 - s)**2 of all stay hidden at s."""

    def step(self, process, denoise, x, t, s, state, generator=None):
        log_p = denoise(x, t).x0.log_softmax(1)  # (batch, num_values, *shape)
        gumbel = -(-rand(log_p.shape, generator, x.device).clamp(1e-6, 1 - 1e-6).log()).log()
        drawn = torch.where(x == process.mask, (log_p + gumbel).argmax(1), x)
        sure = log_p.gather(1, (drawn % process.mask)[:, None])[:, 0].masked_fill(x != process.mask, torch.inf)
        hide = sure.flatten(1).argsort(1)[:, : int((1 - (1 - s) ** 2) * x[0].numel())]
        return drawn.flatten(1).scatter(1, hide, process.mask).reshape(x.shape), None


class Logits(nn.Module):
    """int64 (batch, 1, height, width) -> (batch, num_values, 1, height, width), whatever the time."""

    def __init__(self, num_values: int, num_classes: int, width: int = 32):
        super().__init__()
        self.value, self.label = nn.Embedding(num_values + 1, width), nn.Embedding(num_classes + 1, width)
        self.layers = nn.Sequential(nn.Conv2d(width, width, 5, padding=2), nn.GELU(), nn.Conv2d(width, num_values, 1))

    def forward(self, x, level, condition):
        h = self.value(x[:, 0]).movedim(-1, 1) + self.label(condition.label)[..., None, None]
        return self.layers(h)[:, :, None]
