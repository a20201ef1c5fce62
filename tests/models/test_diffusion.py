from functools import partial

import pytest
import torch

from genlab.codecs.identity import Identity
from genlab.codecs.rescale import Rescale
from genlab.conditioning.label import LabelConditioner
from genlab.conditioning.unconditional import Unconditional
from genlab.data.batch import Batch
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.v import V
from genlab.guidance.autoguidance import Autoguidance
from genlab.guidance.classifier_free import ClassifierFree
from genlab.guidance.unguided import Unguided
from genlab.models.diffusion import Diffusion
from genlab.networks.unet import UNet
from genlab.objectives.denoising import Denoising
from genlab.objectives.teacher import MatchTeacher, Teacher
from genlab.objectives.times import Uniform
from genlab.objectives.weights import Unit
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.protocols import Samples
from genlab.randomness import PerImage
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.grids import Leading
from genlab.samplers.sampler import Sampler


class PerClass(torch.nn.Module):
    """Predicts what makes every pixel of class k equal to k / 10, and 0 without a class: v for a known x0."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(()))

    def forward(self, x, level, condition=None):
        level_of = torch.cat([torch.arange(10) / 10, torch.zeros(1)])
        x0 = level_of[condition.label][:, None, None, None] * self.scale
        alpha, sigma = Gaussian(Linear()).scales(x, (level + 1) / 1000)
        return (alpha * x - x0) / sigma


def model(network=None, conditioner=None, guidance=None, codec=None, steps=20, clip=(-1.0, 1.0)):
    return Diffusion(
        denoiser=Denoiser(network or PerClass(), Gaussian(Linear()), V()),
        objective=Denoising(Uniform(), Unit()),
        conditioner=conditioner or LabelConditioner(10, dropout=0.1),
        sampler=Sampler(Ancestral(0.0), Leading(), steps),
        guidance=guidance or Unguided(),
        codec=codec or Identity(),
        shape=[1, 4, 4],
        clip=None if clip is None else list(clip),
        optimizer=partial(torch.optim.Adam, lr=2e-3),
    )  # fmt: skip


class Halved(torch.nn.Module):
    """A codec that makes one place of 2 x 2 pixels."""

    shape, dtype, of_pixels = (1, 4, 4), torch.float32, False

    def encode(self, x):
        return torch.nn.functional.avg_pool2d(x, 2)


class Given(torch.nn.Module):
    """An objective that gives the weight that it is given."""

    def forward(self, denoiser, x0, condition=None, generator=None, weight=None):
        return {"weight": weight}


def test_weights_of_pixels_are_brought_to_the_places_of_the_codec_by_their_mean():
    halved = model(codec=Halved(), clip=None)
    halved.objective = Given()
    x, weight = torch.zeros(3, 1, 8, 8), torch.rand(3, 1, 8, 8)
    given = halved.loss(Batch(x, torch.arange(3), weight=weight))["weight"]
    assert torch.allclose(given, weight.view(3, 1, 4, 2, 4, 2).mean((3, 5)))
    assert halved.loss(Batch(x, torch.arange(3)))["weight"] is None


def test_samples_are_of_the_classes_in_turn_or_of_those_asked_for():
    x = model().sample(12, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(x[:, 0, 0, 0], torch.arange(12) % 10 / 10, atol=1e-4)
    x = model().sample(3, torch.tensor([7, 7, 2]))
    assert torch.allclose(x[:, 0, 0, 0], torch.tensor([0.7, 0.7, 0.2]), atol=1e-4)


def test_a_sample_unfolds_from_noise_to_itself_beside_the_clean_one_that_is_predicted():
    diffusion, labels = model(), torch.tensor([7, 2])
    x, x0 = diffusion.denoising_trajectory(2, 5, labels, generator=torch.Generator().manual_seed(3))
    assert x.shape == x0.shape == (5, 2, 1, 4, 4)
    assert torch.equal(x[-1], diffusion.sample(2, labels, generator=torch.Generator().manual_seed(3)))
    assert torch.allclose(x0[:, :, 0, 0, 0], torch.tensor([0.7, 0.2]).expand(5, 2), atol=1e-4)  # known from the start
    distance = (x - x0).flatten(1).norm(dim=1)
    assert (distance.diff() < 0).all()
    assert len(model(steps=3).denoising_trajectory(1, 10)[0]) == 3


def test_a_teacher_is_no_part_of_what_samples_are_made_with():
    student = model()
    student.objective = MatchTeacher(Teacher(model()), Uniform(), Unit())
    assert len(list(student.parameters())) == 2
    assert student.num_parameters == model().num_parameters == 1


def test_guidance_may_be_changed_after_training_and_the_estimate_is_clipped_after_it():
    diffusion = model()
    diffusion.guidance = ClassifierFree(2.0)
    x = diffusion.sample(3, torch.tensor([2, 4, 9]))[:, 0, 0, 0]
    assert torch.allclose(x, torch.tensor([0.4, 0.8, 1.0]), atol=1e-4)  # twice as far from 0, at most 1


def test_samples_come_back_through_the_codec():
    x = model(codec=Rescale(0, 1)).sample(3, torch.tensor([0, 5, 9]))[:, 0, 0, 0]
    assert torch.allclose(x, torch.tensor([-1.0, 0.0, 0.8]), atol=1e-4)


def test_a_picture_depends_on_its_own_seed_alone():
    diffusion = model(UNet(1, 4, [8], 0, 1, num_classes=10, norm_groups=4), clip=None).eval()
    diffusion.sampler = Sampler(Ancestral(1.0), Leading(), 5)
    four = diffusion.sample(4, torch.full((4,), 3), generator=PerImage.range(0, 0, 4))
    two = diffusion.sample(2, torch.full((2,), 3), generator=PerImage.range(0, 2, 4))
    assert torch.allclose(four[2:], two, atol=1e-5)
    assert (four[0] - four[1]).abs().max() > 0.1


def test_provenance_says_how_samples_are_made():
    said = model(guidance=ClassifierFree(2.0)).provenance()
    assert said["nfe"] == 20
    assert said["sampler"] == "Sampler(solver=Ancestral(eta=0.0), grid=Leading(), steps=20)"
    assert said["guidance"] == "ClassifierFree(scale=2.0, rescale=0.0)"
    assert said["weights"] == "raw"


def test_a_sampler_that_cannot_serve_the_schedule_is_refused_before_training():
    with pytest.raises(ValueError, match=r"sampler\.steps=1001 must be from 1 to the 1000"):
        model(steps=1001)


def test_wrong_wishes_are_refused_before_any_sampling():
    diffusion = model(conditioner=Unconditional())
    with pytest.raises(ValueError, match="unconditional"):
        diffusion.trajectory(2, torch.tensor([1, 2]))
    with pytest.raises(ValueError, match="label 10 is not a class"):
        model().trajectory(1, torch.tensor([10]))


def test_a_guidance_that_compares_with_no_label_needs_a_model_that_knows_none():
    for conditioner in (Unconditional(), LabelConditioner(10)):
        with pytest.raises(ValueError, match=r"trained with conditioner\.dropout greater than 0"):
            model(conditioner=conditioner, guidance=ClassifierFree(2.0))
    model(conditioner=LabelConditioner(10), guidance=ClassifierFree(1.0))


def test_the_weights_of_a_guidance_are_its_own_and_change_with_it():
    weak = model()
    with torch.no_grad():
        weak.denoiser.network.scale.fill_(0.5)
    guided = model(guidance=Autoguidance(weak, None, 2.0))
    x = guided.sample(3, torch.tensor([2, 4, 6]))[:, 0, 0, 0]
    assert torch.allclose(x, torch.tensor([0.3, 0.6, 0.9]), atol=1e-4)  # 0.5 of each, and 2 times 0.5 of it more
    plain = model()
    plain.load_state_dict(guided.state_dict())
    guided.load_state_dict(plain.state_dict())
    assert float(guided.guidance.weak.network.scale) == 0.5
    assert [name for name, p in guided.named_parameters() if p.requires_grad] == ["denoiser.network.scale"]


def test_it_keeps_the_protocol():
    assert isinstance(model(), Samples)
    assert model().num_classes == 10
    assert model(conditioner=Unconditional()).num_classes is None


def test_training_teaches_a_real_network_to_tell_two_kinds_of_picture():
    """Two bars, one a class: after a hundred steps each class is drawn as its own."""
    torch.manual_seed(0)
    pictures = -torch.ones(2, 1, 4, 4)
    pictures[0, :, 1], pictures[1, :, :, 2] = 1, 1
    diffusion = model(UNet(1, 4, [16, 16], 0, 1, num_classes=10, norm_groups=8), LabelConditioner(10), steps=10)
    optimizer = diffusion.configure_optimizers()
    losses = []
    for _ in range(120):
        label = torch.randint(2, (32,))
        loss = diffusion.loss(Batch(pictures[label], label))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-20:]) < 0.4 * sum(losses[:20])
    x = diffusion.eval().sample(8, torch.arange(8) % 2, generator=torch.Generator().manual_seed(0))
    assert (x - pictures[torch.arange(8) % 2]).abs().mean() < 0.2


@pytest.mark.parametrize("guidance", [Unguided(), ClassifierFree(2.0)], ids=["unguided", "guided"])
@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_the_loop_never_waits_for_the_device(guidance, eta):
    """On the meta device a tensor has no values: whatever asks for one raises, as it would stall a GPU."""
    diffusion = model(UNet(1, 4, [8], 0, 1, num_classes=10, norm_groups=4), guidance=guidance)
    diffusion.sampler = Sampler(Ancestral(eta), Leading(), 3)
    assert diffusion.to("meta").sample(2).shape == (2, 1, 4, 4)


@pytest.mark.parametrize("weight", [None, torch.ones(2, 1, 4, 4, device="meta")])
def test_training_never_waits_for_the_device_either(weight):
    diffusion = model(UNet(1, 4, [8], 0, 1, num_classes=10, norm_groups=4)).to("meta")
    batch = Batch(torch.zeros(2, 1, 4, 4, device="meta"), torch.zeros(2, dtype=torch.int64, device="meta"))
    diffusion.loss(batch._replace(weight=weight))["loss"].backward()
    assert any(parameter.grad is not None for parameter in diffusion.parameters())
