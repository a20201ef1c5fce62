"""An adversarial model that ends only if all processes have the same weights."""

import torch

from genlab.models.adversarial import Adversarial


class SamePlayers(Adversarial):
    def on_train_end(self):
        for parameter in self.parameters():
            first, second = self.all_gather(parameter.detach())
            if not torch.equal(first, second):
                raise RuntimeError("two processes have two models")
