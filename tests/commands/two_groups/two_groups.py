"""An autoencoder whose halves have an optimiser and a loss each, and draw nothing at random."""

import torch
from torch import nn

from genlab.models.base import GenerativeModule
from genlab.models.parameter_groups import ParameterGroup


class TwoGroups(GenerativeModule):
    def __init__(self, optimizer, ema_decay=None, seed=0) -> None:
        super().__init__(optimizer, ema_decay, seed)
        self.encoder, self.decoder = nn.Linear(64, 8), nn.Linear(8, 64)

    def parameter_groups(self):
        def slow(parameters):
            return torch.optim.SGD(parameters, lr=0.05, momentum=0.9)

        return {
            "encoder": ParameterGroup(self.encoder.parameters(), self._optimizer, minimises="squared"),
            "decoder": ParameterGroup(self.decoder.parameters(), slow, minimises="absolute", every=2),
        }

    def loss(self, batch, group):
        error = self.decoder(self.encoder(batch.x.flatten(1)).tanh()) - batch.x.flatten(1)
        return {"squared": error.square().mean()} if group == "encoder" else {"absolute": error.abs().mean()}

    def sample(self, n, condition=None, *, generator=None):
        return self.decoder(torch.zeros(n, 8)).unflatten(1, (1, 8, 8))
