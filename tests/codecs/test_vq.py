from functools import partial

import pytest
import torch

from genlab.codecs.vq import VQCodes
from genlab.models.vqvae import VQVAE
from genlab.networks.quantizer import VectorQuantizer
from genlab.networks.residual import ResidualAutoencoder


def first_stage(seed: int = 0, num_embeddings: int = 16) -> VQVAE:
    torch.manual_seed(seed)
    network = ResidualAutoencoder(1, 8, 4, width=8, levels=1, blocks=1, inner=4)
    return VQVAE(network, VectorQuantizer, partial(torch.optim.Adam), num_embeddings)


def test_it_speaks_the_first_stages_codes():
    first, x = first_stage(), torch.randn(2, 1, 8, 8)
    codec = VQCodes(first)
    assert (codec.shape, codec.num_values) == ((1, 4, 4), 16)
    assert torch.equal(codec.encode(x), first.codes(x))
    assert torch.equal(codec.decode(codec.encode(x)), first.reconstruct(x))


def test_it_is_never_trained():
    codec, x = VQCodes(first_stage()).train(), torch.randn(2, 1, 8, 8)
    before = {name: value.clone() for name, value in codec.state_dict().items()}
    codec.encode(x)
    assert not any(p.requires_grad for p in codec.parameters())
    assert all(torch.equal(value, before[name]) for name, value in codec.state_dict().items())


def test_it_takes_the_weights_of_a_checkpoint(tmp_path):
    trained, x = first_stage(seed=1), torch.randn(2, 1, 8, 8)
    torch.save({"state_dict": trained.state_dict()}, tmp_path / "last.ckpt")
    codec = VQCodes(first_stage(seed=0), str(tmp_path / "last.ckpt"))
    assert torch.equal(codec.encode(x), trained.eval().codes(x))
    with pytest.raises(ValueError, match="does not fit the first stage"):
        VQCodes(first_stage(num_embeddings=8), str(tmp_path / "last.ckpt"))
