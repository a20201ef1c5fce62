from functools import partial

import pytest
import torch

from genlab.codecs.latent import LatentMaps
from genlab.models.kl_autoencoder import KLAutoencoder
from genlab.networks.autoencoder_kl import AutoencoderKLNetwork
from genlab.networks.latent_map import LatentMapNetwork

x = torch.linspace(-1, 1, 2 * 3 * 8 * 8).reshape(2, 3, 8, 8)


def codec(network) -> LatentMaps:
    torch.manual_seed(0)
    for p in network.parameters():
        torch.nn.init.normal_(p, std=0.2)
    made = LatentMaps(KLAutoencoder(network, partial(torch.optim.Adam, lr=1e-3)), 4, 4, 2)
    made.scale_by(made.moments([x]))
    return made


@torch.no_grad()
def test_the_normalisation_of_channels_is_within_the_autoencoder_that_others_read():
    own = codec(AutoencoderKLNetwork(3, 8, [8, 8], norm_groups=4))
    vae = own.to_diffusers()
    posterior, z = vae.encode(x).latent_dist, own.encode(x)
    assert vae.config.scaling_factor == 1
    torch.testing.assert_close(posterior.mean, z, atol=1e-5, rtol=1e-5)
    assert float(own.std.max() / own.std.min()) > 1.2
    log_variance = own.first.posterior(x)[1] - 2 * own.std.log()
    torch.testing.assert_close(posterior.logvar, log_variance, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(vae.decode(z).sample.clamp(-1, 1), own.decode(z), atol=1e-5, rtol=1e-5)
    assert not torch.equal(own.first.network.vae.quant_conv.weight, vae.quant_conv.weight), "the codec stays as it is"


def test_another_network_is_one_sentence():
    with pytest.raises(ValueError, match="with LatentMapNetwork, which diffusers does not have"):
        codec(LatentMapNetwork(3, 8, width=8, inner=8, blocks=1)).to_diffusers()
