from functools import partial

import pytest
import torch

from genlab.data.batch import Batch
from genlab.models.vae import VAE
from genlab.networks.convolutional import ConvolutionalAutoencoder
from genlab.objectives.likelihood import Bernoulli, Gaussian
from genlab.protocols import Encodes, Likelihood, Reconstructs, Samples
from genlab.randomness import PerImage


def autoencoder(num_classes: int | None = None, likelihood=None, **options) -> VAE:
    torch.manual_seed(0)
    network = ConvolutionalAutoencoder(1, 8, (8, 16), hidden=32)
    adam = partial(torch.optim.Adam, lr=2e-3)
    return VAE(network, likelihood or Bernoulli(), adam, coding_size=4, num_classes=num_classes, **options)


def batch(n: int = 16) -> Batch:
    generator = torch.Generator().manual_seed(1)
    return Batch(torch.rand(n, 1, 8, 8, generator=generator) * 2 - 1, torch.arange(n) % 3)


def test_it_does_what_its_protocols_say():
    model = autoencoder()
    assert all(isinstance(model, protocol) for protocol in (Samples, Reconstructs, Encodes, Likelihood))
    x = batch().x
    assert model.encode(x).shape == (16, 4)
    assert model.reconstruct(x).shape == x.shape
    assert torch.equal(model.reconstruct(x), model.reconstruct(x))  # deterministic: no code is drawn
    assert model.sample(5).abs().max() <= 1


def test_the_loss_is_reconstruction_plus_beta_kl():
    for beta in (1.0, 4.0):
        terms = autoencoder(beta=beta).eval().loss(batch())
        torch.testing.assert_close(terms["loss"], terms["reconstruction"] + beta * terms["kl"])


def test_the_loss_is_nats_per_image_whatever_the_batch():
    """The same images twice have the same KL as once, and twice the pixels would be twice the nats."""
    model, once = autoencoder().eval(), batch()
    twice = Batch(torch.cat([once.x, once.x]), None)
    torch.testing.assert_close(model.loss(once)["kl"], model.loss(twice)["kl"])
    assert model.nll(once.x).mean() == pytest.approx(64 * 0.69, rel=0.1)  # untrained: about one coin toss a pixel


def test_nats_with_many_samples_are_below_the_plain_bound():
    model, x = autoencoder(likelihood=Gaussian(0.3)), batch().x
    torch.manual_seed(3)
    plain = torch.stack([model.nll(x) for _ in range(50)]).mean()
    assert model.nll(x, samples=200).mean() < plain - 0.01


def test_the_label_reaches_encoder_and_decoder():
    model, x = autoencoder(num_classes=3), batch().x
    zeros, ones = torch.zeros(16, dtype=torch.int64), torch.ones(16, dtype=torch.int64)
    assert not torch.allclose(model.encode(x, zeros), model.encode(x, ones))
    z = model.encode(x, zeros)
    assert not torch.allclose(model.decode(z, zeros), model.decode(z, ones))


def test_samples_without_labels_go_through_the_classes_in_turn():
    model = autoencoder(num_classes=3)
    implicit = model.sample(6, generator=torch.Generator().manual_seed(5))
    explicit = model.sample(6, torch.tensor([0, 1, 2, 0, 1, 2]), generator=torch.Generator().manual_seed(5))
    assert torch.equal(implicit, explicit)


@pytest.mark.parametrize("label", [None, torch.zeros(3, dtype=torch.int64)])
def test_a_conditional_model_refuses_data_without_a_label_each(label):
    with pytest.raises(ValueError, match="a model of 3 classes needs 16 labels"):
        autoencoder(num_classes=3).loss(Batch(batch().x, label))


def test_each_image_has_its_own_stream():
    model = autoencoder()
    whole = model.sample(6, generator=PerImage.range(7, 0, 6))
    halves = [model.sample(3, generator=PerImage.range(7, i, i + 3)) for i in (0, 3)]
    torch.testing.assert_close(whole, torch.cat(halves), atol=1e-5, rtol=1e-5)


def test_importance_weighting_and_beta_exclude_each_other():
    with pytest.raises(ValueError, match=r"importance_samples=5 .* allowed only with beta=1"):
        autoencoder(importance_samples=5, beta=2.0)


def test_it_learns_to_tell_its_images_apart():
    """Two images and their labels: after training the bound is far below the best code-free answer."""
    model = autoencoder(likelihood=Gaussian(0.2))
    x = torch.cat([-torch.ones(8, 1, 8, 8), torch.ones(8, 1, 8, 8)])
    optimizer = model.configure_optimizers()
    for _ in range(150):
        loss = model.loss(Batch(x))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert torch.sign(model.reconstruct(x)).eq(x).all()
    assert model.nll(x).mean() < Gaussian(0.2).nll(torch.zeros_like(x), x).mean() / 2


def test_the_importance_weighted_loss_is_minus_the_bound_of_its_samples():
    model, data = autoencoder(importance_samples=20).eval(), batch()
    torch.manual_seed(3)
    loss = model.loss(data)["loss"]
    torch.manual_seed(3)
    torch.testing.assert_close(loss, model.nll(data.x, samples=20).mean())


def test_the_kl_is_free_at_the_first_step_of_a_warm_up_and_whole_in_validation():
    model = autoencoder(warmup_steps=10, beta=2.0)
    terms = model.train().loss(batch())
    torch.testing.assert_close(terms["loss"], terms["reconstruction"])
    terms = model.eval().loss(batch())
    torch.testing.assert_close(terms["loss"], terms["reconstruction"] + 2 * terms["kl"])


def test_free_bits_set_the_least_that_the_kl_counts():
    model = autoencoder(free_bits=50.0).eval()  # far above any unit's KL
    terms = model.loss(batch())
    torch.testing.assert_close(terms["loss"], terms["reconstruction"] + 4 * 50)
    assert terms["kl"] < 50
