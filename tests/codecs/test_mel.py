"""Mel spectrograms are librosa's, and come back as sounds; the numbers of librosa are those of its version 0.11."""

import math
import warnings

import pytest
import torch
from omegaconf import OmegaConf

from genlab.codecs.mel import Mel
from genlab.codecs.mel_filters import hertz_to_mel, mel_filters, mel_to_hertz
from genlab.codecs.rules import frames_fill_the_picture

RATE, SAMPLES = 16000, 16383
SECONDS = torch.arange(SAMPLES, dtype=torch.float64) / RATE
CHIRP = (0.5 * torch.sin(2 * math.pi * (200 * SECONDS + 1500 * SECONDS**2)) * torch.exp(-2 * SECONDS)).float()[None]


@pytest.fixture(scope="module")
def mel():
    return Mel(RATE, SAMPLES, 64, 64, 1024, 256)


def test_filters_are_those_of_librosa():
    for settings, total, first, peak, highest in (
        ((22050, 2048, 256), 23.771917, 0.09024562686681747, 13, 0.07643110305070877),
        ((16000, 1024, 64), 4.09588, 0.06399345397949219, 33, 0.021331151947379112),
    ):
        filters = mel_filters(*settings)
        assert filters.sum().item() == pytest.approx(total, rel=1e-6)
        assert filters[0].sum().item() == pytest.approx(first, rel=1e-6)
        assert (filters[10].argmax().item(), filters.max().item()) == (peak, pytest.approx(highest, rel=1e-6))


def test_the_mel_scale_is_linear_below_a_thousand_hertz_and_comes_back():
    hertz = torch.tensor([0.0, 200.0, 1000.0, 6400.0], dtype=torch.float64)
    assert hertz_to_mel(hertz).tolist() == pytest.approx([0, 3, 15, 42])
    assert torch.allclose(mel_to_hertz(hertz_to_mel(hertz)), hertz)


def test_the_power_in_bands_is_that_of_librosa(mel):
    power = mel.filters @ mel.stft(CHIRP).abs().square()
    expected = {(5, 5): 0.0086784194, (20, 20): 0.0005508255, (0, 0): 2.9845647812}
    assert {at: power[0, at[0], at[1]].item() for at in expected} == pytest.approx(expected, rel=1e-4)
    assert power.sum().item() == pytest.approx(7164.9404296875, rel=1e-5)


def test_griffin_lim_is_that_of_librosa_from_phases_of_zero(mel):
    wave = mel.sounding(mel.stft(CHIRP).abs())[0]
    expected = [0.49507302, 0.30457926, 0.26411352, 0.12912212]
    assert wave[[100, 1000, 5000, 9000]].tolist() == pytest.approx(expected, abs=1e-4)
    assert wave.norm().item() == pytest.approx(22.13825225830078, rel=1e-5)


def test_a_transform_and_its_inverse_keep_a_sound_and_its_energy(mel):
    assert (mel.istft(mel.stft(CHIRP)) - CHIRP).abs().max() < 1e-5
    noise = torch.randn(1, SAMPLES, generator=torch.Generator().manual_seed(0))
    power = mel.stft(noise).abs().square()
    total = (2 * power.sum() - power[:, [0, -1]].sum()) / mel.n_fft  # of both halves of the spectrum
    of_windows = noise.square().sum() * mel.window.square().sum() / mel.hop_length  # Parseval
    assert total.item() == pytest.approx(of_windows.item(), rel=0.02)


@pytest.mark.parametrize("hertz", [440.0, 1000.0, 3000.0])
def test_a_tone_comes_back_at_its_frequency(mel, hertz):
    tone = 0.5 * torch.sin(2 * math.pi * hertz * SECONDS).float()
    z = mel.encode(tone[None, None])
    assert z[0, 0, :, 32].argmax() == mel.filters[:, round(hertz * 1024 / RATE)].argmax()
    spectrum = torch.fft.rfft(mel.decode(z)[0, 0]).abs()
    found = spectrum.argmax().item() * RATE / SAMPLES
    assert abs(found - hertz) < 0.04 * hertz + 20  # the width of a band


def test_loudness_moves_a_full_scale_spectrogram_and_not_one_of_the_clip(mel):
    z, softer = (mel.encode(gain * CHIRP[None]) for gain in (1.0, 0.5))
    heard = softer > -0.9
    assert torch.allclose((softer - z)[heard], torch.tensor(20 * math.log10(0.5) / 40), atol=1e-4)
    of_clip = Mel(RATE, SAMPLES, 64, 64, 1024, 256, reference="clip")
    assert torch.allclose(of_clip.encode(CHIRP[None]), of_clip.encode(0.5 * CHIRP[None]), atol=1e-4)
    assert of_clip.encode(CHIRP[None]).max() == 1


def test_silence_is_the_floor_and_comes_back_as_silence(mel):
    z = mel.encode(torch.zeros(2, 1, SAMPLES))
    assert torch.equal(z, torch.full((2, 1, 64, 64), -1.0))
    assert torch.equal(mel.decode(z), torch.zeros(2, 1, SAMPLES))


def test_what_was_decoded_is_nearly_what_it_is_decoded_from_again_and_the_same_every_time(mel):
    first = mel.encode(CHIRP[None])
    sound = mel.decode(first)
    assert torch.equal(sound, mel.decode(first))
    again = mel.encode(sound)
    assert (again - first).abs().mean() < 0.04  # 1.6 dB
    assert sound.abs().max() <= 1


def config(**codec):
    given = {"_target_": "genlab.codecs.mel.Mel", "x_res": 64, "hop_length": 256, "n_fft": 1024} | codec
    return OmegaConf.create({"dataset": {"samples": SAMPLES}, "codec": given})


def test_a_picture_that_does_not_fit_the_clips_is_refused_with_the_way_out():
    assert list(frames_fill_the_picture(config())) == []
    (said,) = frames_fill_the_picture(config(x_res=256, hop_length=512, n_fft=2048))
    assert "130560 to 131071 samples, and dataset.samples is 16383: give dataset.samples=131071" in said
    assert "codec=mel_small" in said
    (said,) = frames_fill_the_picture(config(hop_length=258, n_fft=1024))
    assert said == "codec.hop_length = 258 must be at most a quarter of codec.n_fft = 1024, or Griffin-Lim diverges"
    (said,) = frames_fill_the_picture(OmegaConf.create({"codec": config().codec, "dataset": {"size": 8}}))
    assert "take dataset=drums" in said
    with pytest.raises(ValueError, match="make 32 frames"):
        Mel(RATE, SAMPLES, 64, 64, 2048, 512)
    with pytest.raises(ValueError, match=r"at most codec.n_fft / 4 = 256"):
        Mel(RATE, SAMPLES, 64, 64, 1024, 257)


def test_the_settings_of_audio_diffusion_are_the_defaults():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Mel(22050, 256 * 512 - 1).shape == (1, 256, 256)
