import pytest
import torch
from torch import nn

from genlab.first_stage import trained, weights
from genlab.networks.from_checkpoint import from_checkpoint
from genlab.networks.mlp import MLP


class Model(nn.Module):
    """A model whose network is at the name that diffusion models have it at."""

    def __init__(self):
        super().__init__()
        self.denoiser = nn.Module()
        self.denoiser.network = MLP([2], 8, 1)
        self.register_buffer("ends", torch.randn(3))


@pytest.fixture
def checkpoint(tmp_path):
    """Of a model with averaged weights, all 7, beside its raw ones."""
    model = Model()
    averaged = {name: torch.full_like(p, 7.0) for name, p in model.named_parameters()}
    torch.save({"state_dict": model.state_dict(), "ema": {"steps": 5, **averaged}}, tmp_path / "last.ckpt")
    return model, str(tmp_path / "last.ckpt")


def test_a_network_begins_with_the_averaged_weights_and_goes_on(checkpoint):
    network = from_checkpoint(MLP([2], 8, 1), checkpoint[1])
    assert all(bool((p == 7).all()) for p in network.parameters())
    assert all(p.requires_grad for p in network.parameters())


def test_without_averaged_weights_it_begins_with_the_raw_ones(tmp_path):
    model = Model()
    torch.save({"state_dict": model.state_dict()}, tmp_path / "last.ckpt")
    network = from_checkpoint(MLP([2], 8, 1), str(tmp_path / "last.ckpt"))
    assert all(torch.equal(v, network.state_dict()[k]) for k, v in model.denoiser.network.state_dict().items())


def test_without_a_checkpoint_it_is_as_it_was():
    network = MLP([2], 8, 1)
    assert from_checkpoint(network) is network


def test_another_network_is_refused(checkpoint):
    with pytest.raises(ValueError, match=r"network\.checkpoint=.*last\.ckpt does not fit the network: .*size mismatch"):
        from_checkpoint(MLP([2], 16, 1), checkpoint[1])


def test_what_stands_on_a_model_has_its_averaged_weights_and_its_buffers(checkpoint):
    model, file = checkpoint
    first = trained(Model(), file, "codec.checkpoint", "the first stage")
    assert all(bool((p == 7).all()) and not p.requires_grad for p in first.parameters())
    assert torch.equal(first.ends, model.ends)
    assert set(weights(file)) == set(model.state_dict())
