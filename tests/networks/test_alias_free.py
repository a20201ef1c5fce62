"""Layers that commute with shifts by parts of a pixel; decibels are of the squared largest value over the error."""

import math

import pytest
import torch

from genlab.networks.stylegan import alias_free
from genlab.networks.stylegan.alias_free import FilteredLeakyReLU, FourierFeatures, Magnitude, low_pass, resampling
from genlab.networks.stylegan.alias_free_synthesis import AliasFreeGenerator
from genlab.networks.stylegan.bands import Band, bands

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


def decibels(layer, of, factor=1):
    """How well a layer whose maps are finer by `factor` commutes with a shift."""
    before, after = layer(shifted(of, 0)), layer(shifted(of, SHIFT))
    inside = slice(factor * 16, -factor * 16)
    spectrum_after = torch.fft.fft2(before)
    frequencies = torch.fft.fftfreq(factor * SIDE, dtype=torch.float64)
    expected = torch.fft.ifft2(spectrum_after * torch.exp(-2j * math.pi * frequencies * factor * SHIFT)).real
    error = (after - expected)[..., inside, inside].square().mean()
    return 10 * torch.log10(expected.abs().max() ** 2 / error).item()


def box(band, rate):
    """Each pixel repeated, and the mean of them: no filter."""
    taps = round(rate / band.rate)
    return torch.ones(taps, dtype=torch.float64) / taps


def test_cutoffs_grow_as_in_the_paper():
    """The published networks for 1024 and 256 pixels say the sides, without margins, and channels of their layers."""
    of_1024, of_256 = bands(6, 14), bands(4, 14)
    assert [round(1024 * band.rate) for band in of_1024] == [
        16, 16, 32, 32, 64, 128, 128, 256, 256, 512, 1024, 1024, 1024, 1024,
    ]  # fmt: skip
    assert [min(512, round(16 / band.cutoff)) for band in of_1024[7:]] == [323, 203, 128, 81, 51, 32, 32]
    assert [round(256 * band.rate) for band in of_256] == [16] * 3 + [32] * 2 + [64] * 2 + [128] * 3 + [256] * 4
    assert (256 * of_256[0].cutoff, of_256[-1].cutoff, of_256[-2].cutoff) == pytest.approx((2, 0.5, 0.5))
    assert of_256[-3].cutoff / of_256[-4].cutoff == pytest.approx(of_256[1].cutoff / of_256[0].cutoff)


@pytest.mark.parametrize("layer", range(1, 6))
def test_a_layer_between_filters_commutes_with_shifts_by_parts_of_a_pixel(layer, monkeypatch):
    """Whether they double the sides or not; the last two of eight have no room for a filter to fall off."""
    incoming, outgoing = bands(2, 8)[layer - 1 : layer + 1]
    factor, of = round(outgoing.rate / incoming.rate), spectrum(incoming.cutoff / incoming.rate)

    def made():
        return FilteredLeakyReLU(incoming, outgoing, (SIDE, SIDE), (factor * SIDE, factor * SIDE)).double()

    filtered = decibels(made(), of, factor)
    assert filtered > 60
    monkeypatch.setattr(alias_free, "low_pass", box)
    assert filtered > decibels(made(), of, factor) + 25


def test_maps_that_are_smooth_come_through_both_filters_as_they_are():
    taps = low_pass(Band(0.3, 0.2, 1.0), 2.0)
    up, x = resampling(taps, 2 * SIDE, SIDE, 2), shifted(spectrum(0.1), 0)
    through = up.T / 2 @ (up @ x)
    assert (through - x)[..., INSIDE, :].std() < 0.02 * x.std()
    cut = resampling(taps, 2 * SIDE, SIDE - 8, 2)  # the centre stays where it is
    torch.testing.assert_close(cut, up[:, 4:-4])


def test_the_sine_waves_move_as_the_style_says():
    torch.manual_seed(0)
    features = FourierFeatures(6, 4, (12, 16), 0.2)
    style = torch.zeros(1, 4)
    before = features(style)
    features.motion.bias.data.copy_(torch.tensor([1.0, 0.0, 2 / 12, 3 / 12]))
    torch.testing.assert_close(features(style)[..., 2:, 3:], before[..., :-2, :-3], atol=1e-4, rtol=0)
    square = FourierFeatures(6, 4, (12, 12), 0.2)
    before = square(style)
    square.motion.bias.data.copy_(torch.tensor([0.0, 5.0, 0.0, 0.0]))
    torch.testing.assert_close(square(style), torch.rot90(before, -1, (2, 3)), atol=1e-4, rtol=0)


def test_a_picture_moves_with_its_sine_waves(monkeypatch):
    """By three pixels of 16, which are 3/4 of a pixel of the lowest map."""

    def moved(margin):
        torch.manual_seed(0)
        network = AliasFreeGenerator(
            1, 16, 5, style_size=8, width=16, widest=16, levels=2, layers=5, margin=margin
        ).eval()
        styles = network.styles(torch.randn(4, 5))
        before = network.picture(styles)
        network.start.motion.bias.data[3] = 3 / 4 / network.start.size[0]
        after, expected = network.picture(styles)[..., 4:-1], before[..., 1:-4]
        return 10 * torch.log10(before.abs().max() ** 2 / (after - expected).square().mean()).item()

    filtered = moved(8)
    assert filtered > 65
    assert filtered > moved(0) + 40
    monkeypatch.setattr(alias_free, "low_pass", box)
    assert filtered > moved(8) + 30


def test_the_magnitude_follows_training_alone_and_is_divided_by():
    layer, x = Magnitude(), 3 * torch.ones(2, 2, 4, 4)
    assert torch.equal(layer.eval()(x), x)
    layer.train()
    for _ in range(50):
        layer(x)
    square = 9 - 8 * 0.999**50
    assert layer.state_dict()["square"].item() == pytest.approx(square, rel=1e-4)
    torch.testing.assert_close(layer.eval()(x), x / math.sqrt(square))
