"""Importance by loss history: what is drawn, that the mean stays, and that a resumed training goes on with it."""

import pytest
import torch

from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.eps import Eps
from genlab.networks.mlp import MLP
from genlab.objectives.denoising import Denoising
from genlab.objectives.importance import Importance
from genlab.objectives.weights import Unit
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.processes.vp import VP

STEPS = Linear(train_timesteps=8)
SIZES = torch.tensor([8.0, 4, 2, 1, 1, 1, 1, 2])


def warm(history=10, uniform=0.0):
    """Parts whose losses are SIZES, all seen often enough."""
    times = Importance(8, history, uniform).train()
    for _ in range(history):
        times._drawn = torch.arange(8)
        times.settle(SIZES)
    return times


def drawn(times, n=200_000):
    generator = torch.Generator().manual_seed(0)
    return (times(n, STEPS, generator) * 8).round().long() - 1


def test_parts_are_drawn_by_the_size_of_their_losses():
    shares = torch.bincount(drawn(warm()), minlength=8) / 200_000
    assert torch.allclose(shares, SIZES / SIZES.sum(), atol=0.005)


def test_the_size_is_the_root_of_the_mean_square_of_the_last_losses():
    times = Importance(2, history=2).train()
    for first, second in ((100.0, 1.0), (3.0, 1.0), (4.0, 1.0)):  # the first is forgotten
        times._drawn = torch.arange(2)
        times.settle(torch.tensor([first, second]))
    size = (12.5**0.5, 1.0)
    assert torch.allclose(times.preference(), torch.tensor(size) / sum(size) * 2, atol=2e-3)


def test_all_parts_alike_until_each_has_its_history_and_out_of_training():
    times = Importance(8, 10).train()
    for _ in range(10):
        times._drawn = torch.arange(7)  # never the last
        times.settle(SIZES[:7])
    assert torch.equal(times.preference(), torch.ones(8))
    assert torch.equal(warm().eval().preference(), torch.ones(8))
    shares = torch.bincount(drawn(warm().eval()), minlength=8) / 200_000
    assert torch.allclose(shares, torch.full((8,), 0.125), atol=0.005)


def test_the_mean_of_the_losses_is_that_of_even_times_with_less_noise():
    times = warm().eval().train()
    t = drawn(times, 100_000)
    settled = times.settle(SIZES[t])
    assert float(settled.mean()) == pytest.approx(float(SIZES.mean()), rel=1e-3)
    assert float(settled.std()) < 0.01 * float(SIZES.std())  # losses that do not vary within a part: none is left


def test_a_part_that_a_batch_has_too_often_keeps_the_last_of_its_losses():
    times = Importance(2, history=3).train()
    times._drawn = torch.tensor([0, 1, 0, 0, 0, 0])
    times.settle(torch.tensor([1.0, 9.0, 2.0, 3.0, 4.0, 5.0]))
    assert sorted(times.losses[0, :3].tolist()) == [3, 4, 5]
    assert times.seen.tolist() == [5, 1]
    times._drawn = torch.tensor([0])
    times.settle(torch.tensor([6.0]))
    assert sorted(times.losses[0, :3].tolist()) == [4, 5, 6]


def test_continuous_time_is_covered_evenly_within_each_part():
    t = Importance(4).train()(100_000, VP(), torch.Generator().manual_seed(0))
    u = ((t - 1e-3) / (1 - 1e-3)).sort().values
    assert (u - torch.linspace(0, 1, 100_000)).abs().max() < 0.01
    assert t.min() > 0


def model():
    torch.manual_seed(0)
    return Denoising(Importance(8, 2), Unit()), Denoiser(MLP([2], 16, 1), Gaussian(STEPS), Eps())


def trained(objective, denoiser, steps):
    optimizer = torch.optim.SGD(denoiser.parameters(), 0.1)
    found = []
    for step in steps:
        torch.manual_seed(step)  # randomness is counted
        loss = objective(denoiser, torch.randn(16, 2))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


def test_a_training_that_is_resumed_goes_on_bit_for_bit(tmp_path):
    objective, denoiser = model()
    whole = trained(objective, denoiser, range(12))
    assert bool((objective.times.seen >= 2).all())
    objective, denoiser = model()
    trained(objective, denoiser, range(7))
    torch.save([objective.state_dict(), denoiser.state_dict()], tmp_path / "state.pt")
    objective, denoiser = model()
    for part, state in zip((objective, denoiser), torch.load(tmp_path / "state.pt", weights_only=True), strict=True):
        part.load_state_dict(state)
    assert trained(objective, denoiser, range(7, 12)) == whole[7:]


def test_it_never_waits_for_the_device():
    """On the meta device a tensor has no values: whatever asks for one raises."""
    objective, denoiser = model()
    objective.to("meta")(denoiser.to("meta"), torch.zeros(4, 2, device="meta"))["loss"].backward()
