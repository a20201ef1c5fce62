"""GANs: what each player minimises, when, with which rate; interrupted anywhere they end as undisturbed."""

from unittest import mock

import pytest
import torch

from genlab.data.batch import Batch
from genlab.models.adversarial import Adversarial
from genlab.models.ema import EMA
from genlab.networks.augmentation import AdaptiveAugmentation, DiffAugment
from genlab.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from genlab.objectives.adversarial_losses import Hinge, LeastSquares, Wasserstein
from genlab.objectives.penalties import R1, GradientPenalty
from genlab.randomness import PerImage
from interrupting import along, differences, of_trainer, quietly  # noqa: F401
from models.eight_gaussians import EightGaussians, covered, gan, train


class OfPoints(torch.nn.Module):
    """An adaptive strength, where there is nothing to change in points."""

    def __init__(self):
        super().__init__()
        self.adaptive = AdaptiveAugmentation(DiffAugment(colour=False, translation=0.0, cutout=0.0), images=4000)

    @property
    def strength(self):
        return self.adaptive.strength

    def adapt(self, real):
        self.adaptive.adapt(real)

    def forward(self, x):
        return x + 0.1 * self.strength


def batch(n=12):
    generator = torch.Generator().manual_seed(0)
    return Batch(torch.randn(n, 2, generator=generator), torch.arange(n) % 8)


def at_step(model, step, group="discriminator", data=None):
    """The terms of a batch, with the same random numbers whatever the step."""
    torch.manual_seed(7)
    with mock.patch.object(Adversarial, "global_step", step):
        return model.loss(batch() if data is None else data, group)


def test_its_terms_are_those_of_its_loss():
    model = gan(loss=Hinge(), penalties=None)
    terms = at_step(model, 0)
    torch.manual_seed(7)
    generated = model.generator(torch.randn(12, 16))
    real, fake = model.discriminator(batch().x), model.discriminator(generated)
    torch.testing.assert_close(terms["discriminator"], Hinge().discriminator(real, fake))
    torch.testing.assert_close((terms["real"], terms["fake"]), (real.mean(), fake.mean()))
    assert terms["discriminator_total"] == terms["discriminator"]
    torch.testing.assert_close(at_step(model, 0, "generator")["loss"], Hinge().generator(fake))


def test_a_lazy_penalty_has_the_mean_gradient_of_one_at_every_step():
    def gradient(interval):
        model, total = gan(penalties={"r1": R1(0.5, interval)}), 0
        weights = list(model.discriminator.parameters())
        for step in range(4):
            terms = at_step(model, step)
            assert ("penalty/r1" in terms) == (step % interval == 0)
            total = total + terms["discriminator_total"] - terms["discriminator"]
        return torch.cat([g.flatten() for g in torch.autograd.grad(total, weights, allow_unused=True) if g is not None])

    torch.testing.assert_close(gradient(4), gradient(1))


def test_outside_training_there_is_neither_penalty_nor_augmentation():
    model = gan(augmentation=OfPoints(), penalties={"r1": R1()}).eval()
    with torch.no_grad():
        terms = at_step(model, 0)
    assert set(terms) == {"discriminator_total", "discriminator", "real", "fake"}
    assert model.augmentation.adaptive.sign.item() == pytest.approx(0.6)  # it has seen nothing
    assert {"penalty/r1", "augmentation"} <= set(at_step(model.train(), 0))
    assert model.augmentation.adaptive.sign.item() != pytest.approx(0.6)


@pytest.mark.parametrize("steps", [1, 3])
def test_the_discriminator_moves_in_every_batch_and_the_generator_in_every_so_many_th(steps):
    model = gan(discriminator_steps=steps, discriminator_rate=4.0, rate=1e-3)
    groups = model.parameter_groups()
    assert list(groups) == ["discriminator", "generator"]
    assert (groups["discriminator"].every, groups["generator"].every) == (1, steps)
    rates = {name: g.optimizer(g.parameters).param_groups[0]["lr"] for name, g in groups.items()}
    assert rates == pytest.approx({"discriminator": 4e-3, "generator": 1e-3})


def test_samples_depend_on_their_own_noise_and_go_through_the_classes():
    model = gan(num_classes=8).eval()
    x = model.sample(6, generator=PerImage.range(0, 0, 6))
    torch.testing.assert_close(x[2:4], model.sample(2, torch.tensor([2, 3]), generator=PerImage.range(0, 2, 4)))
    assert model.num_parameters == sum(p.numel() for p in model.generator.parameters())
    with pytest.raises(ValueError, match="unconditional: it cannot be asked for a label"):
        gan().sample(1, torch.tensor([0]))


def test_the_running_statistics_of_the_generator_are_averaged_with_its_weights():
    module = gan(generator=DCGANGenerator(1, 4, 16, width=2, levels=1))
    average = EMA(module, 0.0, module.ema_parts, statistics=module.ema_statistics)
    names = [f"generator.layers.2.running_{name}" for name in ("mean", "var")]
    assert [name for name in average.state_dict() if "running" in name] == names
    assert not [name for name in EMA(module, 0.0, module.ema_parts).state_dict() if "running" in name]
    mean = module.generator.layers[2].running_mean
    mean.fill_(1.0)
    average.update()
    mean.fill_(2.0)
    with average.applied():
        assert mean.tolist() == [1, 1]
        assert average.with_raw(module.state_dict())[names[0]].tolist() == [2, 2]
    assert mean.tolist() == [2, 2]


LAZY = {"penalties": {"r1": R1(0.2, 3)}, "discriminator_steps": 2}
CRITIC = {"loss": Wasserstein(), "penalties": {"gp": GradientPenalty()}, "discriminator_steps": 5, "num_classes": 8}


@pytest.mark.parametrize("options", [LAZY, CRITIC], ids=["lazy_adaptive", "critic"])
def test_interrupted_between_the_players_steps_it_ends_as_undisturbed(options, tmp_path, quietly):  # noqa: F811
    def made():
        augmentation = OfPoints() if options is LAZY else None
        module = gan(width=8, augmentation=augmentation, **options)
        return module, EightGaussians(options.get("num_classes"), batch_size=800), {"max_epochs": 2}

    whole, end = along(of_trainer(made, tmp_path), [1, 3, 4, 6])
    assert not differences(whole, end)
    assert steps_with("loss", whole) == ([2, 4, 6, 8] if options is LAZY else [5])
    if options is LAZY:
        assert steps_with("penalty/r1", whole) == [1, 4, 7]
        strengths = [line["augmentation"] for line in whole["history"] if "augmentation" in line]
        assert strengths[0] == 0
        assert len(set(strengths)) > 1


def steps_with(term, ending):
    return [line["step"] for line in ending["history"] if term in line]


SLOWLY = [
    {"loss": Hinge()},
    {"loss": LeastSquares()},
    {"loss": Wasserstein(), "penalties": {"gp": GradientPenalty(1.0)}},
    {"seed": 1},
]


@pytest.mark.parametrize("options", [{}, *(pytest.param(options, marks=pytest.mark.slow) for options in SLOWLY)])
def test_eight_gaussians_are_covered(options, tmp_path, quietly):  # noqa: F811
    model = gan(rate=2e-3, **options)
    train(model, tmp_path, epochs=48 if options else 24, limit_val_batches=0)
    with model.averaged():
        assert covered(model.sample(1000, generator=PerImage.range(1, 0, 1000))) == 8


def test_a_penalty_on_single_slopes_refuses_batch_normalisation():
    discriminator = DCGANDiscriminator(1, 8, norm="batch")
    with pytest.raises(ValueError, match=r"model\.penalties\.r1 is of the slope for each picture by itself"):
        Adversarial(DCGANGenerator(1, 8, 4), discriminator, Hinge(), torch.optim.Adam, 4, {"r1": R1()})
    Adversarial(DCGANGenerator(1, 8, 4), discriminator, Hinge(), torch.optim.Adam, 4, {"r1": None})
