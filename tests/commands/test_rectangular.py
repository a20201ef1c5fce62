"""Pictures of any proportions: each network trains on them, or says in one sentence which sizes it takes."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from composing import composed
from genlab.config.check import check
from genlab.config.instantiate import build
from genlab.errors import ConfigError

SMALL_UNET = ("network.block_out_channels=[8,16]", "++network.norm_groups=4", "++network.attention_head_size=8")
NETWORKS = {
    "unet": ("model=ddpm", "network.attention_levels=1", "network.layers_per_block=1", *SMALL_UNET),
    "unet of classes": (
        "model=class_conditional_unet", "network.attention_levels=1", "network.layers_per_block=1", *SMALL_UNET
    ),
    "experts": (
        "model=ddpm", "network=experts", "conditioner=label", "network.networks.0.block_out_channels=[8,16]",
        "++network.networks.0.norm_groups=4", "network.networks.0.attention_head_size=8",
    ),
    "small_unet": ("model=small_unet", "network.block_out_channels=[8,16,16]"),
    "dit": ("model=ddpm", "network=dit", "network.width=16", "network.depth=1", "network.num_classes=null"),
    "mlp": ("model=ddpm", "network=mlp", "network.width=16"),
    "cold": ("model=cold", "network=mlp", "network.width=16", "model.denoiser.process.n_ends=4"),
    "noisy classifier": ("model=noisy_classifier", "network.width=16"),
    "convolutional": ("model=vae", "network.widths=[8,8]", "network.hidden=16"),
    "residual_map": ("model=vqvae", "network.width=8", "network.levels=2"),
    "pixelcnn": ("model=pixelcnn", "network.width=4", "network.layers=1", "codec.levels=4"),
}  # fmt: skip
SIZES = {"8": (8, 8), "[8,12]": (8, 12), "[12,8]": (12, 8), "[9,8]": (9, 8), "[8,10]": (8, 10), "[7,5]": (7, 5)}
MULTIPLES = {
    "unet": 2, "unet of classes": 2, "experts": 2, "small_unet": 4, "dit": 2, "convolutional": 4, "residual_map": 4
}  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("network", NETWORKS)
def test_a_network_takes_a_step_and_draws_or_says_which_sizes_it_takes(network: str, size: str) -> None:
    words = ["dataset=digits", f"dataset.size={size}", "dataset.batch_size=4", "metrics=none"]
    cfg = composed(*NETWORKS[network], *words)
    if cfg.sampler is not None:
        cfg.sampler.steps = 2
    multiple = MULTIPLES.get(network, 1)
    if any(side % multiple for side in SIZES[size]):
        with pytest.raises(ConfigError) as raised:
            check(cfg)
        (problem,) = raised.value.problems
        assert problem.startswith(f"dataset.size = {size.replace(',', ', ')} cannot be ")
        assert f"take multiples of {multiple}, such as " in problem
        return
    check(cfg)
    data: Any = build(cfg.dataset)
    model: Any = build(cfg.model)
    batch = next(iter(data.train_dataloader()))
    assert batch.x.shape == (4, 1, *SIZES[size])
    model.train().loss(batch)["loss"].backward()
    model.eval()
    if network != "noisy classifier":
        with torch.no_grad():
            assert model.sample(2).shape == (2, 1, *SIZES[size])
