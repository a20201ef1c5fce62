import math
from functools import partial

import torch

from genlab.codecs.levels import Levels
from genlab.codecs.vq import VQCodes
from genlab.data.batch import Batch
from genlab.models.autoregressive import Autoregressive
from genlab.models.vqvae import VQVAE
from genlab.networks.pixelcnn import GatedPixelCNN
from genlab.networks.quantizer import ResidualQuantizer
from genlab.networks.residual import ResidualAutoencoder
from genlab.protocols import Likelihood, Samples
from genlab.randomness import PerImage

small = partial(GatedPixelCNN, width=8, layers=1, first_kernel=3, kernel=3)
adam = partial(torch.optim.Adam, lr=5e-3)


def over_pixels(levels: int = 2, **options) -> Autoregressive:
    torch.manual_seed(0)
    return Autoregressive(small, Levels(1, 4, levels), adam, **options)


def over_codes(**options) -> Autoregressive:
    torch.manual_seed(0)
    network = ResidualAutoencoder(1, 8, 4, width=8, levels=1, blocks=1, inner=4)
    first = VQVAE(network, partial(ResidualQuantizer, 2), adam, num_embeddings=8)
    return Autoregressive(small, VQCodes(first), adam, **options)


def test_it_does_what_its_protocols_say():
    for model, shape in ((over_pixels(), (1, 4, 4)), (over_codes(), (1, 8, 8))):
        assert isinstance(model, Samples)
        assert isinstance(model, Likelihood)
        drawn = model.sample(3, generator=PerImage.range(0, 0, 3))
        assert drawn.shape == (3, *shape)
        assert model.nll(drawn).shape == (3,)


def test_the_loss_is_the_mean_of_the_nats_and_bits_follow():
    model, x = over_pixels(4), torch.rand(6, 1, 4, 4) * 2 - 1
    terms = model.loss(Batch(x))
    torch.testing.assert_close(terms["loss"], model.nll(x).mean())
    torch.testing.assert_close(terms["bits_per_dim"], terms["loss"] / 16 / math.log(2))


def test_an_untrained_model_is_about_uniform():
    x = torch.rand(6, 1, 4, 4) * 2 - 1
    assert abs(over_pixels(256).loss(Batch(x))["bits_per_dim"].item() - 8) < 0.5


def test_only_the_second_stage_is_trained():
    model = over_codes()
    trained = {id(p) for group in model.configure_optimizers().param_groups for p in group["params"]}
    assert trained == {id(p) for p in model.network.parameters()}
    assert not model.train().codec.first.training


def test_it_learns_a_distribution_and_samples_from_it():
    """Stripes, upright or level: after training almost all samples are one of the two, about as often."""
    upright = torch.tensor([-1.0, 1, -1, 1]).expand(1, 4, 4)
    both = torch.stack([upright, upright.transpose(1, 2)])
    model = over_pixels()
    x = both.repeat(16, 1, 1, 1)
    optimizer = model.configure_optimizers()
    for _ in range(150):
        loss = model.loss(Batch(x))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert model.nll(x).mean().item() < math.log(2) + 0.1
    drawn = model.sample(200, generator=torch.Generator().manual_seed(0))
    found = (drawn[:, None] == both).flatten(2).all(2).float().mean(0)
    assert found.sum() > 0.9
    assert found.min() > 0.35


def test_a_conditional_model_draws_the_class_it_is_asked_for():
    black_and_white = torch.stack([torch.full((1, 4, 4), -1.0), torch.full((1, 4, 4), 1.0)])
    model = over_pixels(num_classes=2)
    x, label = black_and_white.repeat(8, 1, 1, 1), torch.arange(16) % 2
    optimizer = model.configure_optimizers()
    for _ in range(100):
        loss = model.loss(Batch(x, label))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    drawn = model.sample(20, torch.ones(20, dtype=torch.int64), generator=torch.Generator().manual_seed(0))
    assert drawn.mean() > 0.9
