"""What a network found is handed to its next call: in training by chance, in sampling along a trajectory."""

import pytest
import torch
from omegaconf import OmegaConf

from genlab.conditioning.condition import Condition
from genlab.conditions import ConditionTensors
from genlab.config.files import conf_dir
from genlab.denoisers.self_conditioned import SelfConditioned
from genlab.denoisers.velocity import Velocity
from genlab.guidance.classifier_free import ClassifierFree
from genlab.guidance.interval import Interval
from genlab.networks.rin import RIN
from genlab.networks.small_unet import SmallUNet
from genlab.objectives.rules import memory_is_trained
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear_path import LinearPath

PROCESS = Gaussian(LinearPath())
X = torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(1))
TIMES = torch.tensor([0.9, 0.6, 0.3, 0.1])


def denoiser(kind="latents", probability=0.5, **options):
    torch.manual_seed(0)
    if kind == "latents":
        network = RIN(1, 8, width=16, latents=2, latent_width=16, blocks=1, depth=1, heads=2, **options)
    else:
        network = SmallUNet(1, 1, [8, 8], condition_channels=1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return SelfConditioned(network, PROCESS, Velocity(), kind, probability)


@pytest.fixture(params=["latents", "x0"])
def kind(request):
    return request.param


def outputs(denoiser):
    torch.manual_seed(5)
    return denoiser.outputs(X, TIMES, denoiser.parameterization(PROCESS.scales(X, TIMES)))[0]


@torch.no_grad()
def test_an_item_is_handed_on_by_chance_and_is_else_as_without(kind):
    never, always, sometimes = (outputs(denoiser(kind, p)) for p in (0.0, 1.0, 0.5))
    plain = denoiser(kind)(X, TIMES)
    first = denoiser(kind).fresh()
    first(X, TIMES)
    assert torch.allclose(X - TIMES[:, None, None, None] * never, plain.x0, atol=1e-6)  # x0 = x_t - t velocity
    assert torch.allclose(X - TIMES[:, None, None, None] * always, first(X, TIMES).x0, atol=1e-6)
    is_as_never = [torch.allclose(s, n, atol=1e-6) for s, n in zip(sometimes, never, strict=True)]
    is_as_always = [torch.allclose(s, a, atol=1e-6) for s, a in zip(sometimes, always, strict=True)]
    assert [a != b for a, b in zip(is_as_never, is_as_always, strict=True)] == [True] * 4
    assert len(set(is_as_never)) == 2


def test_the_first_pass_has_no_gradient(kind):
    """The gradient is that of the second pass alone, with the memory as a constant."""
    one = denoiser(kind, 1.0)
    outputs(one).square().sum().backward()
    found, other = [p.grad for p in one.parameters()], denoiser(kind, 1.0)
    c = other.parameterization(PROCESS.scales(X, TIMES))
    with torch.no_grad():
        *_, memory = other._with_memory(X, TIMES, c, None, None)
    other._with_memory(X, TIMES, c, None, memory)[0].square().sum().backward()
    for ours, theirs in zip(found, (p.grad for p in other.parameters()), strict=True):
        assert torch.equal(ours, theirs)


@torch.no_grad()
def test_a_trajectory_remembers_and_another_one_does_not_know_it(kind):
    one = denoiser(kind)
    first, second = one.fresh(), one.fresh()
    t, s = torch.tensor(0.8).double(), torch.tensor(0.5).double()
    plain = one(X, s).x0
    first(X, t)
    assert not torch.allclose(first(X, s).x0, plain)
    assert torch.equal(second(X, s).x0, plain)
    assert torch.equal(one(X, s).x0, plain), "the denoiser itself remembers nothing"


@torch.no_grad()
def test_memory_of_another_length_is_dropped():
    """Guidance in an interval changes the batch between calls; inside of it the memory is kept."""
    one = denoiser("latents", num_classes=3)
    given = ConditionTensors(torch.tensor([0, 1, 2, 0]))
    condition = Condition(given, ConditionTensors(torch.full((4,), 3)))
    guided, alone = Interval(ClassifierFree(2.0), 0.3, 0.7)(one.fresh()), ClassifierFree(2.0)(one.fresh())
    early, middle, later, last = (torch.tensor(t).double() for t in (0.9, 0.6, 0.5, 0.2))
    guided(X, early, condition)
    assert torch.equal(guided(X, middle, condition).x0, alone(X, middle, condition).x0)
    assert torch.equal(guided(X, later, condition).x0, alone(X, later, condition).x0), "of the same length it is kept"
    assert torch.equal(guided(X, last, condition).x0, one(X, last, Condition(given)).x0)


@torch.no_grad()
def test_an_item_remembers_itself_alone(kind):
    one, t = denoiser(kind), torch.tensor(0.8).double()
    whole, part = one.fresh(), one.fresh()
    for _ in range(2):
        of_all, of_some = whole(X, t).x0, part(X[1:3], t).x0
    assert torch.allclose(of_all[1:3], of_some, atol=1e-5)


@torch.no_grad()
def test_an_estimate_is_kept_in_its_range():
    seen, network = [], SmallUNet(1, 1, [8, 8], condition_channels=1)
    network.register_forward_hook(lambda _, arguments, __: seen.append(arguments[2].channels))
    one = SelfConditioned(network, PROCESS, Velocity(), "x0", clip=[-0.1, 0.1]).fresh()
    one(X, torch.tensor(0.8).double())
    one(X, torch.tensor(0.8).double())
    assert seen[0].abs().max() == 0
    assert seen[1].abs().max() == pytest.approx(0.1)


def test_networks_that_cannot_take_a_memory_are_refused():
    with pytest.raises(ValueError, match="no latents to hand on: take network=rin"):
        SelfConditioned(SmallUNet(1, 1, [8, 8]), PROCESS, Velocity(), "latents")
    with pytest.raises(ValueError, match=r"network\.condition_channels"):
        SelfConditioned(SmallUNet(1, 1, [8, 8]), PROCESS, Velocity(), "x0")


@pytest.mark.parametrize(
    ("objective", "trains"),
    [(name, True) for name in ("denoising", "flow", "edm", "min_snr", "importance", "reflow")]
    + [(name, False) for name in ("consistency", "progressive", "hybrid", "variational_bound")],
)
def test_an_objective_that_does_not_ask_for_outputs_is_refused(objective, trains):
    denoiser = {"_target_": "genlab.denoisers.self_conditioned.SelfConditioned"}
    loaded = OmegaConf.load(conf_dir() / "objective" / f"{objective}.yaml")
    cfg = OmegaConf.create({"model": {"denoiser": denoiser, "objective": loaded}})
    assert len(list(memory_is_trained(cfg))) == (not trains)
