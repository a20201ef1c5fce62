"""Layers that commute with shifts by parts of a pixel; decibels are of the squared largest value over the error."""

import math

import pytest
import torch

from genlab.networks.stylegan.alias_free import AliasFreeBias, FourierFeatures, LowPass, Magnitude
from genlab.networks.stylegan.equalised import activated
from genlab.networks.stylegan.synthesis import StyleGenerator

SIDE, SHIFT = 64, 0.37
INSIDE = slice(16, -16)


def spectrum(band):
    """Of random maps with frequencies up to `band` cycles a pixel."""
    frequencies = torch.fft.fftfreq(SIDE).abs() < band
    noise = torch.randn(1, 8, SIDE, SIDE, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    kept = torch.fft.fft2(noise) * (frequencies[:, None] & frequencies)
    return kept / torch.fft.ifft2(kept).real.std()


def shifted(of, by):
    """Maps of a spectrum, shifted along their width."""
    frequencies = torch.fft.fftfreq(SIDE, dtype=torch.float64)
    return torch.fft.ifft2(of * torch.exp(-2j * math.pi * frequencies * by)).real


def decibels(layer, band=0.15):
    of = spectrum(band)
    before, after = layer(shifted(of, 0)), layer(shifted(of, SHIFT))
    expected = shifted(torch.fft.fft2(before), SHIFT)[..., INSIDE, INSIDE]
    error = (after[..., INSIDE, INSIDE] - expected).square().mean()
    return 10 * torch.log10(expected.abs().max() ** 2 / error).item()


def test_a_leaky_relu_between_filters_commutes_with_shifts_by_parts_of_a_pixel():
    plain, filtered = decibels(activated), decibels(AliasFreeBias(8, LowPass(13)).double())
    assert plain < 45
    assert filtered >= 60
    assert filtered >= plain + 20


def test_maps_that_are_smooth_come_through_both_filters_as_they_are():
    low_pass, x = LowPass(25).double(), shifted(spectrum(0.1), 0)
    doubled = low_pass.up(x)
    assert doubled.shape[-2:] == (2 * SIDE, 2 * SIDE)
    torch.testing.assert_close(doubled[..., ::2, ::2][..., INSIDE, INSIDE], x[..., INSIDE, INSIDE], atol=0.02, rtol=0)
    torch.testing.assert_close(low_pass.down(doubled)[..., INSIDE, INSIDE], x[..., INSIDE, INSIDE], atol=0.02, rtol=0)


def test_the_sine_waves_move_as_the_style_says():
    torch.manual_seed(0)
    features = FourierFeatures(6, 4, (12, 16))
    style = torch.zeros(1, 4)
    before = features(style)
    features.motion.bias.data.copy_(torch.tensor([1.0, 0.0, 2 / 12, 3 / 12]))
    torch.testing.assert_close(features(style)[..., 2:, 3:], before[..., :-2, :-3], atol=1e-4, rtol=0)
    square = FourierFeatures(6, 4, (12, 12))
    before = square(style)
    square.motion.bias.data.copy_(torch.tensor([0.0, 5.0, 0.0, 0.0]))
    torch.testing.assert_close(square(style), torch.rot90(before, -1, (2, 3)), atol=1e-4, rtol=0)


def test_a_picture_moves_with_its_sine_waves():
    """By three pixels of 16, which are 3/4 of a pixel of the lowest map; with constant maps it could not."""

    def moved(**options):
        torch.manual_seed(0)
        network = StyleGenerator(
            1, 16, 5, style_size=8, mapping_depth=2, width=16, widest=16, levels=2, noise=False, output="last",
            start="fourier", **options,
        ).eval()  # fmt: skip
        styles = network.styles(torch.randn(4, 5))
        before = network.picture(styles)
        network.start.motion.bias.data[3] = 3 / 4 / network.start.size[0]
        after, expected = network.picture(styles)[..., 4:-1], before[..., 1:-4]
        return 10 * torch.log10(before.abs().max() ** 2 / (after - expected).square().mean()).item()

    assert moved(filters="low_pass", margin=8) > moved(filters="binomial", margin=8) + 5
    assert moved(filters="low_pass", margin=8) > moved(filters="low_pass", margin=0) + 5


def test_the_magnitude_follows_training_alone_and_is_divided_by():
    layer, x = Magnitude(), 3 * torch.ones(2, 2, 4, 4)
    assert torch.equal(layer.eval()(x), x)
    layer.train()
    for _ in range(50):
        layer(x)
    square = 9 - 8 * 0.999**50
    assert layer.state_dict()["square"].item() == pytest.approx(square, rel=1e-4)
    torch.testing.assert_close(layer.eval()(x), x / math.sqrt(square))
