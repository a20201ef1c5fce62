from functools import partial

import torch

from genlab.data.batch import Batch
from genlab.models.vqvae import VQVAE
from genlab.networks.quantizer import ResidualQuantizer, VectorQuantizer
from genlab.networks.residual import ResidualAutoencoder
from genlab.protocols import Encodes, Reconstructs, Samples
from genlab.randomness import PerImage


def vqvae(quantizer=VectorQuantizer, **options) -> VQVAE:
    torch.manual_seed(0)
    network = ResidualAutoencoder(1, 8, 4, width=16, levels=1, blocks=1, inner=8)
    return VQVAE(network, quantizer, partial(torch.optim.Adam, lr=2e-3), **options)


def images(n: int = 32) -> torch.Tensor:
    """Bars at random heights."""
    rows = torch.randint(0, 8, (n,), generator=torch.Generator().manual_seed(1))
    return torch.full((n, 1, 8, 8), -1.0).index_put_((torch.arange(n), torch.tensor(0), rows), torch.tensor(1.0))


def test_it_does_what_its_protocols_say():
    model = vqvae().eval()
    assert all(isinstance(model, protocol) for protocol in (Samples, Reconstructs, Encodes))
    x = images()
    assert model.codes(x).shape == (32, 1, 4, 4) == (32, *model.code_shape)
    assert model.encode(x).shape == (32, 4 * 4 * 4)
    torch.testing.assert_close(model.decode(model.codes(x)), model.reconstruct(x))
    assert model.sample(3, generator=PerImage.range(0, 0, 3)).shape == (3, 1, 8, 8)


def test_the_loss_is_the_sum_of_its_weighted_terms():
    terms = vqvae(commitment=0.5).eval().loss(Batch(images()))
    expected = terms["reconstruction"] + terms["codebook"] + 0.5 * terms["commitment"]
    torch.testing.assert_close(terms["loss"], expected)


def test_the_reconstruction_term_is_in_units_of_the_datas_variance():
    x = images()
    model = vqvae(data_variance=x.var().item()).eval()
    torch.nn.init.zeros_(model.decoder[-1].weight)
    torch.nn.init.constant_(model.decoder[-1].bias, x.mean().item())
    torch.testing.assert_close(model.loss(Batch(x))["reconstruction"], torch.tensor(1.0), atol=1e-3, rtol=0)


def test_it_learns_to_reconstruct_with_one_quantiser_and_better_with_two():
    errors = []
    for quantizer in (VectorQuantizer, partial(ResidualQuantizer, 2)):
        model, x = vqvae(quantizer, num_embeddings=4).train(), images()
        optimizer = model.configure_optimizers()
        for _ in range(200):
            loss = model.loss(Batch(x))["loss"]
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        errors.append((model.eval().reconstruct(x) - x).square().mean().item())
    assert errors[0] < 0.25 * images().var()
    assert errors[1] < errors[0]
