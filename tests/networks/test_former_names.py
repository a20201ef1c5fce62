"""Weights got better names: a checkpoint of before fits the network of today, averaged weights included."""

import pytest
import torch
from torch import nn

from genlab.models.ema import EMA
from genlab.networks.dit import DiT
from genlab.networks.former_names import with_present_names
from genlab.networks.mlp import MLP
from genlab.networks.small_unet import SmallUNet

NETWORKS = {
    "mlp": (lambda: MLP([2], 8, 2), {"in_proj.": "enter.", "cond_proj.": "told.", "out_proj.": "leave."}),
    "dit": (
        lambda: DiT(1, 8, width=8, depth=2, heads=2),
        {"in_proj.": "enter.", "denoiser.out_proj.": "denoiser.leave.", "out_proj.": "join."},
    ),
    "small_unet": (lambda: SmallUNet(1, 1, [8, 16]), {"upsample.": "grow."}),
}  # fmt: skip


def former(name, names):
    for present, old in names.items():
        if present in name:
            return name.replace(present, old)
    return name


class Model(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.denoiser = network


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_checkpoint_of_before_fits(kind):
    make, names = NETWORKS[kind]
    trained, fresh = Model(make()), Model(make())
    for p in trained.parameters():
        nn.init.normal_(p)
    old = {former(name, names): value for name, value in trained.state_dict().items()}
    assert set(old) != set(trained.state_dict()), "some have other names"
    assert set(with_present_names(fresh, old)) == set(trained.state_dict())
    fresh.load_state_dict(old)
    assert all(torch.equal(a, b) for a, b in zip(fresh.parameters(), trained.parameters(), strict=True))


@pytest.mark.parametrize("kind", NETWORKS)
def test_averaged_weights_of_before_fit(kind):
    make, names = NETWORKS[kind]
    model = Model(make())
    ema = EMA(model, 0.9)
    old = {former(name, names): torch.full_like(p, 2.0) for name, p in model.named_parameters()}
    ema.load_state_dict({"steps": 3, **old})
    with ema.applied():
        assert all(bool((p == 2).all()) for p in model.parameters())


def test_a_weight_that_is_called_so_elsewhere_keeps_its_name():
    own = nn.ModuleDict({"told": nn.Linear(1, 1), "inner": MLP([2], 8, 1)})
    assert "told.weight" in with_present_names(own, own.state_dict())
    own.load_state_dict(own.state_dict())
