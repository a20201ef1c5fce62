import pytest
import torch

from genlab.networks.quantizer import ResidualQuantizer, VectorQuantizer, code_use, nearest


def test_the_nearest_code_is_that_of_brute_force():
    generator = torch.Generator().manual_seed(0)
    vectors, codebook = torch.randn(500, 8, generator=generator), torch.randn(37, 8, generator=generator)
    assert torch.equal(nearest(vectors, codebook), torch.cdist(vectors, codebook).argmin(1))


def test_a_map_is_replaced_by_its_nearest_embeddings_and_codes_look_them_up():
    torch.manual_seed(0)
    quantizer = VectorQuantizer(16, 4).eval()
    z = torch.randn(2, 4, 3, 5)
    out = quantizer(z)
    assert out.codes.shape == (2, 1, 3, 5)
    torch.testing.assert_close(out.z, quantizer.lookup(out.codes))
    position = z[1, :, 2, 3]
    torch.testing.assert_close(
        out.z[1, :, 2, 3], quantizer.codebook[(quantizer.codebook - position).norm(dim=1).argmin()]
    )


def test_the_gradient_goes_straight_through():
    quantizer = VectorQuantizer(8, 4, decay=None).eval()
    z = torch.randn(2, 4, 3, 3, requires_grad=True)
    weight = torch.randn(2, 4, 3, 3)
    (quantizer(z).z * weight).sum().backward()
    torch.testing.assert_close(z.grad, weight)
    assert quantizer.codebook.grad is None or not quantizer.codebook.grad.any()


def test_codebook_and_commitment_pull_opposite_ends_of_the_same_distance():
    torch.manual_seed(0)
    quantizer = VectorQuantizer(8, 4, decay=None).eval()
    z = torch.randn(2, 4, 3, 3, requires_grad=True)
    terms = quantizer(z).terms
    assert terms["codebook"].item() == terms["commitment"].item()
    terms["codebook"].backward(retain_graph=True)
    assert z.grad is None
    assert quantizer.codebook.grad.abs().sum() > 0
    quantizer.codebook.grad = None
    terms["commitment"].backward()
    assert z.grad.abs().sum() > 0
    assert quantizer.codebook.grad is None


def test_running_means_converge_to_the_mean_of_each_codes_vectors():
    quantizer = VectorQuantizer(2, 2, decay=0.9, revive_below=0).train()
    quantizer.codebook.copy_(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]))
    quantizer.total.copy_(quantizer.codebook)
    left = torch.tensor([-2.0, 1.0])[:, None, None] + 0.1 * torch.randn(2, 8, 8)
    right = torch.tensor([3.0, 2.0])[:, None, None] + 0.1 * torch.randn(2, 8, 8)
    batch = torch.stack([left, right])
    for _ in range(200):
        quantizer(batch)
    torch.testing.assert_close(
        quantizer.codebook.data, torch.stack([right.mean((1, 2)), left.mean((1, 2))]), atol=1e-3, rtol=0
    )


@pytest.mark.parametrize("decay", [0.99, None])
def test_the_first_batch_places_the_codes_and_dead_ones_come_back(decay):
    torch.manual_seed(0)
    quantizer = VectorQuantizer(32, 4, decay=decay).train()
    batch = 5 + torch.randn(8, 4, 8, 8)
    quantizer(batch)
    assert quantizer(batch).terms["usage"] > 0.9
    moved = batch - 20  # where no code is
    for _ in range(300):
        quantizer(moved)
    assert quantizer(moved).terms["usage"] > 0.5


def test_without_revival_most_codes_stay_dead():
    torch.manual_seed(0)
    quantizer = VectorQuantizer(32, 4, revive_below=0).train()
    for _ in range(50):
        out = quantizer(5 + torch.randn(8, 4, 8, 8))
    assert out.terms["usage"] < 0.5


def test_nothing_moves_in_evaluation():
    quantizer = VectorQuantizer(8, 4).eval()
    before = {name: value.clone() for name, value in quantizer.state_dict().items()}
    quantizer(torch.randn(2, 4, 3, 3))
    assert all(torch.equal(value, before[name]) for name, value in quantizer.state_dict().items())


def test_perplexity_is_the_number_of_codes_in_even_use():
    assert code_use(torch.tensor([5.0, 5, 5, 5, 0, 0]))["perplexity"].item() == pytest.approx(4)
    assert code_use(torch.tensor([9.0, 0, 0]))["perplexity"].item() == pytest.approx(1)
    assert code_use(torch.tensor([5.0, 1, 0, 0]))["usage"] == 0.5


def test_each_residual_level_leaves_less():
    torch.manual_seed(0)
    z = torch.randn(16, 4, 8, 8)
    errors = []
    for levels in (1, 2, 4):
        quantizer = ResidualQuantizer(levels, 16, 4).train()
        for _ in range(100):
            quantizer(z)
        out = quantizer.eval()(z)
        assert out.codes.shape == (16, levels, 8, 8)
        torch.testing.assert_close(out.z, quantizer.lookup(out.codes), atol=1e-5, rtol=1e-5)
        errors.append((out.z - z).square().mean())
    assert errors[0] > 1.5 * errors[1] > 2 * errors[2]


def test_one_residual_level_is_plain_quantisation():
    torch.manual_seed(0)
    residual, plain = ResidualQuantizer(1, 8, 4).eval(), VectorQuantizer(8, 4).eval()
    plain.load_state_dict(residual.stages[0].state_dict())
    z = torch.randn(2, 4, 3, 3)
    assert torch.equal(residual(z).codes, plain(z).codes)
    torch.testing.assert_close(residual(z).z, plain(z).z)
