"""Generators and discriminators: shapes, labels, slopes, and what the batch tells."""

import pytest
import torch

from genlab.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from genlab.networks.mlp_gan import MLPDiscriminator, MLPGenerator
from genlab.networks.two_players import MinibatchDeviation, Score, spectrally_normal

SHAPE = (3, 8, 12)
GENERATORS = {
    "mlp": lambda **options: MLPGenerator([*SHAPE], 5, width=16, **options),
    "dcgan": lambda **options: DCGANGenerator(3, (8, 12), 5, width=4, **options),
}
DISCRIMINATORS = {
    "mlp": lambda **options: MLPDiscriminator([*SHAPE], width=16, **options),
    "dcgan": lambda **options: DCGANDiscriminator(3, (8, 12), width=4, **options),
}
LABEL = torch.arange(6) % 4


@pytest.mark.parametrize("name", GENERATORS)
def test_a_generator_makes_pictures_in_range_which_follow_their_latent_vector_and_label(name):
    torch.manual_seed(0)
    z = torch.randn(6, 5)
    x = GENERATORS[name]()(z)
    assert x.shape == (6, *SHAPE)
    assert x.abs().max() <= 1
    assert len({tuple(row) for row in x.flatten(1).tolist()}) == 6
    of_class = GENERATORS[name](num_classes=4).eval()
    assert not torch.allclose(of_class(z, LABEL), of_class(z, LABEL.flip(0)))
    with pytest.raises(ValueError, match="needs a label for each item"):
        of_class(z)


@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_a_discriminator_gives_each_picture_a_score(name):
    torch.manual_seed(0)
    x = torch.randn(6, *SHAPE)
    plain, of_class = DISCRIMINATORS[name](), DISCRIMINATORS[name](num_classes=4)
    assert plain(x).shape == of_class(x, LABEL).shape == (6,)
    torch.testing.assert_close(plain(x)[:2], plain(x[:2]))  # whatever else is in the batch
    with pytest.raises(ValueError, match="needs a label for each item"):
        of_class(x)


def test_the_score_of_a_label_is_the_projection_on_its_vector():
    score, h = Score(7, 4, spectral=False), torch.randn(6, 7)
    expected = score.linear(h).squeeze(1) + torch.stack([score.embedding.weight[k] @ h[i] for i, k in enumerate(LABEL)])
    torch.testing.assert_close(score(h, LABEL), expected)


@pytest.mark.parametrize("layer", [torch.nn.Linear(7, 5), torch.nn.Conv2d(3, 6, 4)], ids=["linear", "convolution"])
def test_after_a_few_passes_the_largest_singular_value_is_1(layer):
    layer = spectrally_normal(layer, True)
    x = torch.randn(2, 7) if isinstance(layer, torch.nn.Linear) else torch.randn(2, 3, 5, 5)
    for _ in range(100):
        layer(x)
    largest = torch.linalg.svdvals(layer.eval().weight.detach().flatten(1))[0]
    assert largest.item() == pytest.approx(1, abs=1e-4)
    assert spectrally_normal(torch.nn.Linear(2, 2), False).weight.requires_grad


def test_every_layer_of_a_spectrally_normal_discriminator_is():
    network = DCGANDiscriminator(1, 8, width=4, spectral_norm=True, num_classes=3)
    weights = [name for name, _ in network.named_parameters() if "bias" not in name]
    assert weights
    assert all("parametrizations.weight" in name for name in weights)


def test_the_deviation_of_a_batch_is_one_more_channel():
    x = torch.randn(5, 2, 3, 4, generator=torch.Generator().manual_seed(0))
    out = MinibatchDeviation()(x)
    torch.testing.assert_close(out[:, :2], x)
    torch.testing.assert_close(out[:, 2], x.std(0, correction=0).mean().expand(5, 3, 4))
    assert MinibatchDeviation()(x[:1].expand(5, -1, -1, -1))[:, 2].max() <= 1.1e-4
    assert DCGANDiscriminator(2, (4, 4), 4, minibatch_deviation=True).layers(torch.randn(5, 2, 4, 4)).shape == (5, 9)


@pytest.mark.parametrize(
    "network",
    [lambda size: DCGANGenerator(1, size, 4, levels=3), lambda size: DCGANDiscriminator(1, size, levels=3)],
    ids=["generator", "discriminator"],
)
@pytest.mark.parametrize("size", [28, 27, (8, 12)])
def test_sides_that_cannot_be_halved_are_refused_in_one_sentence(network, size):
    with pytest.raises(ValueError, match=r"cannot be halved 3 times by the network: take .*or fewer levels"):
        network(size)
