"""A generative adversarial network: two players, each with its own optimiser; the generator is averaged."""

import torch
from torch import nn
from torch.nn.functional import softplus

from genlab.models.base import GenerativeModule
from genlab.models.parameter_groups import ParameterGroup
from genlab.randomness import randn


class Gan(GenerativeModule):
    """Non-saturating losses (Goodfellow et al. 2014) and, every `lazy` batches, the R1 penalty (Mescheder 2018)."""

    ema_parts = ("generator",)

    def __init__(
        self, shape: list[int], width: int, critic_lr: float, optimizer, r1=0.1, lazy=4, turns=1, ema_decay=None, seed=0
    ) -> None:
        super().__init__(optimizer, ema_decay, seed)
        self.shape, self.critic_lr, self.r1, self.lazy, self.turns = tuple(shape), critic_lr, r1, lazy, turns
        size = torch.Size(shape).numel()
        self.generator = nn.Sequential(
            nn.Linear(8, width), nn.ReLU(), nn.Linear(width, size), nn.Tanh(), nn.Unflatten(1, self.shape)
        )
        self.critic = nn.Sequential(nn.Flatten(), nn.Linear(size, width), nn.ReLU(), nn.Linear(width, 1))

    def parameter_groups(self):
        def slow(parameters):
            return torch.optim.Adam(parameters, lr=self.critic_lr, betas=(0.0, 0.99))

        critic = ParameterGroup(self.critic.parameters(), slow, minimises="critic")
        return {
            "critic": critic,
            "generator": ParameterGroup(self.generator.parameters(), self._optimizer, every=self.turns),
        }

    def loss(self, batch, group):
        fake = self.generator(randn((len(batch.x), 8), None, self.device))
        if group == "generator":
            return {"loss": softplus(-self.critic(fake)).mean()}
        terms = {"critic": softplus(-self.critic(batch.x)).mean() + softplus(self.critic(fake)).mean()}
        if self.training and self.global_step % self.lazy == 0:
            x = batch.x.detach().requires_grad_(True)
            (slope,) = torch.autograd.grad(self.critic(x).sum(), x, create_graph=True)
            terms["r1"] = slope.square().flatten(1).sum(1).mean()
            terms["critic"] = terms["critic"] + self.lazy * self.r1 / 2 * terms["r1"]
        return terms

    @torch.no_grad()
    def sample(self, n, condition=None, *, generator=None):
        return self.generator(randn((n, 8), generator, self.device))
