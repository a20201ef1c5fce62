"""The style-based generator: what a style does to weights and maps, where noise comes from, what its parts keep."""

import pytest
import torch
from torch.nn import functional as F

from genlab.networks.stylegan.alias_free_synthesis import AliasFreeGenerator
from genlab.networks.stylegan.discriminator import StyleDiscriminator
from genlab.networks.stylegan.equalised import EqualisedConv2d, EqualisedLinear, convolved, downsampled, upsampled
from genlab.networks.stylegan.modulation import AdaptiveNorm, ModulatedConv2d
from genlab.networks.stylegan.synthesis import StyleGenerator
from genlab.networks.two_players import MinibatchDeviation

SMALL = {"style_size": 8, "mapping_depth": 2, "width": 4, "widest": 8, "levels": 2}


def seeded(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("demodulated", [True, False])
@pytest.mark.parametrize("resampling", ["none", "up", "down"])
def test_a_modulated_convolution_is_one_with_weights_of_its_own_for_each_item(resampling, demodulated):
    layer = ModulatedConv2d(6, 5, 7, resampling=resampling, demodulated=demodulated)
    x, style = seeded(4, 6, 8, 10), seeded(4, 7, seed=1)
    weights, out = layer.weights(style), layer(x, style)
    one_by_one = torch.cat([convolved(x[i : i + 1], weights[i], resampling) for i in range(4)])
    torch.testing.assert_close(out, one_by_one, atol=1e-5, rtol=1e-5)
    if resampling == "none":  # all items as the groups of one convolution
        grouped = F.conv2d(x.reshape(1, -1, 8, 10), weights.flatten(0, 1), padding=1, groups=4)
        torch.testing.assert_close(out, grouped.view_as(out), atol=1e-5, rtol=1e-5)


def test_demodulated_weights_have_unit_norm():
    weights = ModulatedConv2d(6, 5, 7).weights(3 * seeded(4, 7))
    torch.testing.assert_close(weights.flatten(2).norm(dim=2), torch.ones(4, 5), atol=1e-5, rtol=0)


def test_outputs_of_white_inputs_have_unit_variance():
    white = seeded(64, 32, 8, 8)
    for layer in (EqualisedConv2d(32, 64), EqualisedConv2d(32, 64, kernel=1)):
        assert layer(white)[:, :, 1:-1, 1:-1].var().item() == pytest.approx(1, rel=0.1)
    style = seeded(64, 16, seed=1)
    assert ModulatedConv2d(32, 64, 16)(white, style)[:, :, 1:-1, 1:-1].var().item() == pytest.approx(1, rel=0.1)
    for rate in (1.0, 0.01):
        assert EqualisedLinear(256, 256, rate)(seeded(64, 256)).var().item() == pytest.approx(1, rel=0.1)


def test_a_lower_rate_moves_a_layer_less():
    """A step of Adam moves each weight by the learning rate, and the output by `rate` times as much."""

    def moved(rate):
        layer, x = EqualisedLinear(16, 16, rate), seeded(32, 16)
        before = layer(x)
        before.square().sum().backward()
        torch.optim.Adam(layer.parameters(), lr=1e-3).step()
        return (layer(x) - before).norm().item()

    assert moved(0.01) / moved(1.0) == pytest.approx(0.01, rel=0.2)


def test_adain_sets_mean_and_deviation_of_each_channel():
    norm, style = AdaptiveNorm(3, 5), seeded(4, 5, seed=1)
    out = norm(5 * seeded(4, 3, 16, 16) + 2, style)
    scale, mean = norm.scale_and_mean(style).chunk(2, 1)
    torch.testing.assert_close(out.mean((2, 3)), mean, atol=1e-4, rtol=0)
    torch.testing.assert_close(out.std((2, 3), correction=0), (scale + 1).abs(), atol=1e-4, rtol=0)


def test_resampling_keeps_what_is_constant_and_a_ramp_inside():
    ones = torch.ones(1, 2, 8, 8)
    torch.testing.assert_close(upsampled(ones)[:, :, 1:-1, 1:-1], torch.ones(1, 2, 14, 14))
    torch.testing.assert_close(downsampled(ones)[:, :, 1:-1, 1:-1], torch.ones(1, 2, 2, 2))
    ramp = torch.arange(8.0).expand(1, 1, 8, 8)
    torch.testing.assert_close(upsampled(ramp)[0, 0, 4, 2:-2], torch.arange(0.75, 6.5, 0.5))


GENERATORS = {
    "1": (StyleGenerator, {"modulation": "adain", "output": "last"}),
    "2": (StyleGenerator, {}),
    "3": (AliasFreeGenerator, {"layers": 4, "margin": 2}),
}


@pytest.mark.parametrize(("network", "options"), GENERATORS.values(), ids=GENERATORS)
@pytest.mark.parametrize("size", [8, (8, 12)])
def test_a_generator_draws_what_latent_vectors_labels_and_noise_say(network, options, size):
    has_noise = network is StyleGenerator
    network, z = network(3, size, 5, num_classes=4, **SMALL, **options).eval(), seeded(6, 5)
    label = torch.arange(6) % 4
    for layer in network.layers if has_noise else ():
        torch.nn.init.ones_(layer.noise)
    x = network(z, label)
    assert x.shape == (6, 3, *((8, 8) if size == 8 else size))
    torch.testing.assert_close(x[:2], network(z[:2], label[:2]))
    assert not torch.allclose(x, network(z, label.flip(0)))
    assert not torch.allclose(x, network(z.flip(0), label))
    shapes = []

    def drawn(shape):
        shapes.append(tuple(shape))
        return seeded(*shape)

    with_noise = network(z, label, drawn)
    assert [shape[:3] for shape in shapes] == ([(6, 1, n) for n in (2, 4, 4, 8, 8)] if has_noise else [])
    assert ((with_noise - x).abs().amax((1, 2, 3)).min() > 1e-3) == bool(shapes)
    with pytest.raises(ValueError, match="needs a label for each item"):
        network(z)


@pytest.mark.parametrize("version", ["2", "3"])
def test_each_style_reaches_its_own_layers(version):
    network, options = GENERATORS[version]
    network = network(1, 16, 5, **SMALL, **options)
    if version == "3":  # whose sine waves stand still at first
        torch.nn.init.normal_(network.start.motion.weight)
    styles = network.styles(seeded(2, 5)).detach().clone().requires_grad_()
    assert styles.shape == (2, 6, 8)
    (slopes,) = torch.autograd.grad(network.picture(styles).square().sum(), styles)
    assert (slopes.abs().amax((0, 2)) > 0).all()


def test_the_mean_style_follows_training_alone():
    network = StyleGenerator(1, 8, 5, **SMALL)
    with torch.no_grad():
        expected = 0.002 * network.eval().styles(seeded(64, 5))[:, 0].mean(0)
    assert network.mean_style.abs().max() == 0
    network.train().styles(seeded(64, 5))
    torch.testing.assert_close(network.mean_style, expected)
    assert "mapping.mean" in network.state_dict()


def test_a_discriminator_gives_each_picture_a_score_that_follows_its_label():
    x, label = seeded(6, 3, 8, 12), torch.arange(6) % 4
    plain = StyleDiscriminator(3, (8, 12), width=4, widest=8, levels=2, group=None)
    torch.testing.assert_close(plain(x)[:2], plain(x[:2]))
    of_class = StyleDiscriminator(3, (8, 12), width=4, widest=8, levels=2, num_classes=4)
    assert of_class(x, label).shape == (6,)
    assert not torch.allclose(of_class(x, label), of_class(x, label.flip(0)))


@pytest.mark.parametrize("n", [8, 9, 11, 3])
def test_the_deviation_is_that_of_a_group_whatever_the_batch(n):
    x = seeded(n, 2, 3, 4)
    groups = max(1, n // 4)
    out = MinibatchDeviation(4)(x)[:, 2]
    for i in range(n):
        torch.testing.assert_close(out[i], x[i % groups :: groups].std(0, correction=0).mean().expand(3, 4))


@pytest.mark.parametrize("size", [28, 27, (8, 12)])
def test_sides_that_cannot_be_halved_are_refused_in_one_sentence(size):
    for network in (lambda: StyleGenerator(1, size, 4), lambda: StyleDiscriminator(1, size)):
        with pytest.raises(ValueError, match=r"cannot be halved 3 times by the network: take .*or fewer levels"):
            network()
