"""What is known stays, exactly; what is not follows from it."""

import pytest
import torch

from genlab.constraints.known_region import KnownRegion
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.processes.vp import VP
from genlab.randomness import PerImage
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.grids import Even, Leading
from genlab.samplers.nonmonotone_grids import Jumps
from genlab.samplers.renoising import Renoising
from genlab.samplers.sampler import Sampler
from oracles import MixtureData

KNOWN = torch.randn(3, 2, 4, 4, generator=torch.Generator().manual_seed(0))
MASK = torch.zeros(1, 1, 4, 4, dtype=torch.bool)
MASK[..., :2] = True


@pytest.mark.parametrize("mask", [MASK, MASK.expand(3, 2, 4, 4), MASK.float()], ids=["shared", "full", "numbers"])
def test_at_the_end_the_known_part_is_exactly_the_data(mask):
    x = torch.zeros_like(KNOWN)
    held = KnownRegion(Gaussian(VP()), KNOWN, mask)(x, torch.tensor(0.0).double())
    assert torch.equal(held[..., :2], KNOWN[..., :2])
    assert torch.equal(held[..., 2:], x[..., 2:])


def test_on_the_way_it_has_the_noise_of_the_time():
    process, s = Gaussian(VP()), torch.tensor(0.5).double()
    known = torch.full((2000, 1, 4, 4), 0.7)
    held = KnownRegion(process, known, MASK, torch.Generator().manual_seed(0))(torch.zeros_like(known), s)[..., :2]
    alpha, sigma = process.schedule(s)
    assert float(held.mean()) == pytest.approx(0.7 * float(alpha), abs=0.02)
    assert float(held.std()) == pytest.approx(float(sigma), rel=0.02)


@pytest.mark.parametrize("shape", [(1, 1, 4, 3), (4, 4), (2, 1, 4, 4), (1, 3, 4, 4), (1, 1, 1, 4)])
def test_a_mask_of_the_wrong_size_is_refused(shape):
    with pytest.raises(ValueError, match=r"a mask of shape .* does not fit data of shape") as raised:
        KnownRegion(Gaussian(VP()), KNOWN, torch.ones(shape, dtype=torch.bool))
    assert "\n" not in str(raised.value)


PAIRS = {
    "plain": (Gaussian(VP()), Sampler(Ancestral(1.0), Even(), 100), 0.85),
    "repaint": (Gaussian(Linear()), Sampler(Renoising(Ancestral(1.0)), Jumps(Leading(), 10, 4), 100), 0.97),
}


@pytest.mark.parametrize("name", PAIRS)
def test_the_unknown_coordinate_follows_the_known_one(name):
    """Two clusters on the diagonal: who knows the first coordinate knows the second; RePaint knows it better."""
    process, sampler, share = PAIRS[name]
    exact = MixtureData(process, torch.tensor([[-1.0, -1.0], [1.0, 1.0]]), torch.tensor([0.5, 0.5]), 0.2)
    known = torch.zeros(400, 2)
    known[:, 0] = torch.where(torch.arange(400) % 2 == 0, 1.0, -1.0)
    generator = torch.Generator().manual_seed(0)
    constraint = KnownRegion(process, known, torch.tensor([[True, False]]), generator)
    *_, last = sampler(process, exact, (400, 2), constraint=constraint, generator=generator)
    assert torch.equal(last.x[:, 0], known[:, 0])
    agrees = (last.x[:, 1].sign() == known[:, 0]).float().mean()
    assert float(agrees) > share


def test_a_picture_is_filled_in_by_its_own_noise_whatever_the_batch():
    process, s = Gaussian(VP()), torch.tensor(0.5).double()
    three = KnownRegion(process, KNOWN, MASK, PerImage.range(0, 0, 3))(torch.zeros_like(KNOWN), s)
    last = KnownRegion(process, KNOWN[2:], MASK, PerImage.range(0, 2, 3))(torch.zeros_like(KNOWN[2:]), s)
    assert torch.equal(three[2:], last)


def test_the_known_part_may_have_one_noise_at_all_steps():
    process, noise, x = Gaussian(VP()), torch.randn_like(KNOWN), torch.zeros_like(KNOWN)
    region = KnownRegion(process, KNOWN, MASK, noise=noise)
    for time in (0.3, 0.8):
        s = torch.tensor(time).double()
        assert torch.equal(region(x, s)[..., :2], process.corrupt(KNOWN, s, noise)[..., :2])
        assert torch.equal(region(x, s), region(x, s))
