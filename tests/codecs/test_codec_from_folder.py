"""A codec from a folder gives the maps and pictures of diffusers' own module, tiny ones made here."""

import json

import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderTiny

from genlab.codecs.from_folder import LatentMapsFromFolder

x = torch.linspace(-1, 1, 2 * 3 * 8 * 12).reshape(2, 3, 8, 12)
KL = {
    "block_out_channels": (8, 8, 8),
    "down_block_types": ("DownEncoderBlock2D",) * 3,
    "up_block_types": ("UpDecoderBlock2D",) * 3,
    "norm_num_groups": 4,
}
OF_CHANNELS = {"latents_mean": [0.1, -0.2, 0.3, 0.0], "latents_std": [2.0, 1.0, 0.5, 4.0]}


def saved(vae, folder):
    torch.manual_seed(0)
    for p in vae.parameters():
        torch.nn.init.normal_(p, std=0.2)
    vae.save_pretrained(folder)
    return vae.eval()


def codec(folder, **changes):
    return LatentMapsFromFolder(str(folder), **{"channels": 4, "size": (2, 3), "factor": 4} | changes)


@pytest.mark.parametrize("config", [{"scaling_factor": 0.2, "shift_factor": 0.3}, {"scaling_factor": 0.2}, OF_CHANNELS])
@torch.no_grad()
def test_maps_of_an_autoencoder_kl_are_the_scaled_means_of_its_posterior(config, tmp_path):
    vae = saved(AutoencoderKL(**KL, **config), tmp_path)
    own = codec(tmp_path)
    mean = vae.encode(x).latent_dist.mean
    shift, scale = config.get("shift_factor", 0.0), config.get("scaling_factor", 0.18215)
    if "latents_mean" in config:
        of_mean, of_std = (torch.tensor(config[key])[:, None, None] for key in ("latents_mean", "latents_std"))
        shift, scale = of_mean, 0.18215 / of_std
    z = own.encode(x)
    torch.testing.assert_close(z, (mean - shift) * scale)
    assert z.shape[1:] == own.shape == (4, 2, 3)
    torch.testing.assert_close(own.decode(z), vae.decode(mean).sample.clamp(-1, 1))


@torch.no_grad()
def test_maps_of_an_autoencoder_tiny_are_scaled_already(tmp_path):
    widths = {"encoder_block_out_channels": (8, 8, 8), "decoder_block_out_channels": (8, 8, 8)}
    vae = saved(AutoencoderTiny(**widths, num_encoder_blocks=(1, 1, 1), num_decoder_blocks=(1, 1, 1)), tmp_path)
    own = codec(tmp_path)
    z = own.encode(x)
    torch.testing.assert_close(z, vae.encode(x).latents)
    torch.testing.assert_close(own.decode(z), vae.decode(z).sample.clamp(-1, 1))


def test_it_is_frozen_in_float32_and_in_no_state(tmp_path):
    saved(AutoencoderKL(**KL), tmp_path)
    own = codec(tmp_path)
    with torch.autocast("cpu", torch.bfloat16):
        assert own.encode(x.bfloat16()).dtype == torch.float32 == own.decode(own.encode(x)).dtype
    assert not own.state_dict()
    assert not any(p.requires_grad for p in own.parameters())


def test_what_does_not_fit_is_one_sentence(tmp_path):
    saved(AutoencoderKL(**KL), tmp_path)
    with pytest.raises(ValueError, match=r"codec.factor=8: the maps of .* have codec.channels=4 and codec.factor=4"):
        codec(tmp_path, factor=8)
    with pytest.raises(ValueError, match="takes pictures of 3 channels, and these have 1"):
        codec(tmp_path).encode(x[:, :1])


@pytest.mark.parametrize("change", [
    {"down_block_types": ["NoSuchBlock"] * 3},
    {"block_out_channels": "wide"},
    {"norm_num_groups": 3},
    {"scaling_factor": 0.0},
    {"latents_mean": [0.0], "latents_std": [1.0]},
])  # fmt: skip
def test_a_config_that_describes_none_is_one_sentence(change, tmp_path):
    saved(AutoencoderKL(**KL), tmp_path)
    file = tmp_path / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ValueError, match=r"config\.json does not describe an AutoencoderKL: ") as error:
        codec(tmp_path)
    assert "\n" not in str(error.value)
