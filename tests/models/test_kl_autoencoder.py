from functools import partial

import pytest
import pytorch_lightning as pl
import torch
from torch.distributions import Normal, kl_divergence
from torch.utils.data import DataLoader

from genlab.data.batch import Batch
from genlab.models.kl_autoencoder import KLAutoencoder
from genlab.networks.latent_map import LatentMapNetwork
from genlab.networks.patch_critic import PatchCritic
from genlab.objectives.patch_adversary import PatchAdversary
from genlab.protocols import HasLatents, Reconstructs, Samples
from genlab.randomness import PerImage


def autoencoder(**options) -> KLAutoencoder:
    torch.manual_seed(0)
    network = LatentMapNetwork(1, (8, 12), latent_channels=2, factor=2, width=16, blocks=1, inner=16)
    return KLAutoencoder(network, partial(torch.optim.Adam, lr=5e-3), **options).eval()


def pictures(n: int = 32) -> torch.Tensor:
    """Light bars at random heights on darkness."""
    rows = torch.randint(0, 8, (n,), generator=torch.Generator().manual_seed(1))
    return torch.full((n, 1, 8, 12), -1.0).index_put_((torch.arange(n), torch.tensor(0), rows), torch.tensor(1.0))


def test_it_does_what_its_protocols_say():
    model, x = autoencoder(), pictures()
    assert all(isinstance(model, protocol) for protocol in (HasLatents, Reconstructs, Samples))
    assert model.latents(x).shape == (32, 2, 4, 6) == (32, *model.latent_shape)
    assert torch.equal(model.latents(x), model.latents(x))
    assert torch.equal(model.reconstruct(x), model.from_latents(model.latents(x)))
    assert model.sample(3, generator=PerImage.range(0, 0, 3)).shape == (3, 1, 8, 12)


def test_the_kl_is_that_of_torch_in_nats_per_number_of_the_map():
    model, x = autoencoder(), pictures()
    mean, log_variance = model.posterior(x)
    expected = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0)).mean()
    torch.testing.assert_close(model.loss(Batch(x))["kl"], expected)


def test_the_loss_is_the_sum_of_its_weighted_terms():
    terms = autoencoder(l1=0.5, l2=2.0, beta=0.1).loss(Batch(pictures()))
    torch.testing.assert_close(terms["loss"], 0.5 * terms["l1"] + 2 * terms["l2"] + 0.1 * terms["kl"])
    with pytest.raises(ValueError, match="nothing would be reconstructed"):
        autoencoder(l1=0.0, l2=0.0)


def test_the_errors_are_those_of_a_pixel_of_a_drawn_map():
    model, x = autoencoder(), pictures()
    last = model.network.decoder[-2]
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.constant_(last.bias, 0.5)
    terms = model.loss(Batch(x))
    torch.testing.assert_close(terms["l1"], (x - 0.5).abs().mean())
    torch.testing.assert_close(terms["l2"], (x - 0.5).square().mean())


@torch.no_grad()
def test_a_channel_that_says_nothing_is_counted():
    model, x = autoencoder(), pictures()
    last = model.network.encoder[-1]
    last.weight[1::2], last.bias[1::2] = 0.0, 0.0  # mean and log variance of the second channel
    last.weight[0] *= 100
    terms = model.loss(Batch(x))
    assert (terms["active_channels"], terms["collapsed_channels"]) == (1, 1)


def test_it_learns_to_reconstruct_and_a_large_beta_collapses_it():
    def error(beta: float) -> float:
        model, x = autoencoder(beta=beta).train(), pictures()
        optimizer = model.configure_optimizers()
        for _ in range(150):
            optimizer.zero_grad()
            model.loss(Batch(x))["loss"].backward()
            optimizer.step()
        return (model.eval().reconstruct(x) - x).square().mean().item()

    variance = pictures().var().item()
    assert error(1e-4) < 0.05 * variance
    assert error(10.0) > 0.9 * variance


def adversary(start: int = 0) -> PatchAdversary:
    return PatchAdversary(PatchCritic(1, 8, levels=1), partial(torch.optim.Adam, lr=1e-3), start=start)


def test_with_a_distance_of_people_it_is_one_more_error():
    distance = lambda x, y: (x - y).abs().flatten(1).amax(1)  # noqa: E731
    terms = autoencoder(perceptual=distance, perceptual_weight=0.3).loss(Batch(pictures()))
    expected = terms["l1"] + terms["l2"] + 0.3 * terms["perceptual"] + 1e-3 * terms["kl"]
    torch.testing.assert_close(terms["loss"], expected)


def test_the_adversary_counts_in_training_from_its_start_on():
    batch = Batch(pictures())
    assert "deceit" not in autoencoder(adversary=adversary()).loss(batch)
    assert "deceit" not in autoencoder(adversary=adversary(start=1)).train().loss(batch)
    terms = autoencoder(adversary=adversary()).train().loss(batch)
    alone = terms["l1"] + terms["l2"] + 1e-3 * terms["kl"]
    assert terms["loss"] != alone
    assert set(autoencoder(adversary=adversary()).loss(batch, "critic")) == {"critic"}


def test_the_critic_and_the_autoencoder_are_trained_in_turns(tmp_path):
    model = autoencoder(adversary=adversary(start=1), ema_decay=0.5).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    trainer = pl.Trainer(
        accelerator="cpu", max_steps=4, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=tmp_path,
    )  # fmt: skip
    trainer.fit(model, DataLoader(pictures(16), batch_size=4, collate_fn=lambda rows: Batch(torch.stack(rows))))
    weights = {name: value for name, value in model.state_dict().items() if name.endswith("weight")}
    assert all(not torch.equal(value, before[name]) for name, value in weights.items())
    assert all(bool(value.isfinite().all()) for value in model.state_dict().values())
    assert model.num_parameters == sum(p.numel() for p in model.network.parameters())
