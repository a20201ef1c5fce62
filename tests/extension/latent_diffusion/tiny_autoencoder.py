"""A small convolutional autoencoder: the first stage of latent diffusion (https://arxiv.org/abs/2112.10752)."""

import torch
from torch import nn
from torch.nn import functional as F

from genlab.models.base import GenerativeModule
from genlab.randomness import randn


class TinyAutoencoder(GenerativeModule):
    """image -> (channels, size / 2, size / 2) floats -> image; "loss" is the mean squared error of a pixel."""

    def __init__(self, pixels, size, channels, width, optimizer, ema_decay=None, seed=0):
        super().__init__(optimizer, ema_decay, seed)
        self.latent_shape = (channels, size // 2, size // 2)
        self.encoder = nn.Sequential(
            nn.Conv2d(pixels, width, 4, 2, 1), nn.SiLU(), nn.Conv2d(width, channels, 3, padding=1)
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1), nn.SiLU(), nn.ConvTranspose2d(width, pixels, 4, 2, 1)
        )

    def latents(self, x):
        return self.encoder(x)

    def from_latents(self, z):
        return self.decoder(z).clamp(-1, 1)

    def loss(self, batch):
        return {"loss": F.mse_loss(self.decoder(self.latents(batch.x)), batch.x)}

    @torch.no_grad()
    def reconstruct(self, x, condition=None):
        return self.from_latents(self.latents(x))

    @torch.no_grad()
    def sample(self, n, condition=None, *, generator=None):
        return self.from_latents(randn((n, *self.latent_shape), generator, self.device))
