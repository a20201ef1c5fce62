"""Objectives and bounds of tokens, with laws whose entropy is known."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genlab.denoisers.restorer import Restorer
from genlab.objectives.times import Stratified
from genlab.objectives.tokens import AbsorbingBound, AllTokens, MaskedTokens, bound
from genlab.processes.masking import Masking
from genlab.processes.share import Cosine, Linear, Square
from genlab.processes.uniform_tokens import UniformTokens

LAW = torch.tensor([0.7, 0.2, 0.1])
ENTROPY = float(-(LAW * LAW.log()).sum())


class OneLaw(nn.Module):
    """The same logits everywhere: right for independent tokens that are hidden."""

    def forward(self, x, level, condition=None):
        return LAW.log()[None, :, None, None, None].expand(len(x), 3, *x.shape[1:])


class ByBayes(nn.Module):
    """p(x_0 | x_t) of independent tokens that are replaced; the level is 999 t, and the share t."""

    def forward(self, x, level, condition=None):
        kept = (1 - level / 999)[:, None, None, None, None]
        same = F.one_hot(x, 3).movedim(-1, 1)
        return (LAW[None, :, None, None, None] * (kept * same + (1 - kept) / 3)).log()


def data(n, side=3):
    return torch.multinomial(LAW, n * side**2, True, generator=torch.Generator().manual_seed(0)).view(n, 1, side, side)


@pytest.mark.parametrize("share", [Linear(), Cosine(), Square()], ids=["linear", "cosine", "square"])
def test_the_bound_is_the_entropy_where_tokens_do_not_depend_on_each_other(share):
    """And the same for every schedule."""
    x0, denoiser = data(20_000), Restorer(OneLaw(), Masking(3, share))
    terms = AbsorbingBound(Stratified())(denoiser, x0, generator=torch.Generator().manual_seed(1))
    assert float(terms["loss"]) == pytest.approx(9 * ENTROPY, rel=0.03)
    assert float(terms["bits_per_token"]) == pytest.approx(ENTROPY / math.log(2), rel=0.03)


def test_of_a_law_by_itself_the_bound_of_any_draws_is_right_in_the_mean():
    x0, denoiser = data(2000), Restorer(OneLaw(), Masking(3, Linear()))
    nats = bound(denoiser, denoiser.process, x0, steps=8, generator=torch.Generator().manual_seed(2))
    exact = F.nll_loss(LAW.log().expand(x0.numel(), 3), x0.flatten(), reduction="none").view(2000, 9).sum(1)
    assert float(nats.mean()) == pytest.approx(float(exact.mean()), rel=0.02)


def test_the_bound_of_random_tokens_falls_to_the_entropy_with_the_steps_and_never_below():
    x0, denoiser = data(3000), Restorer(ByBayes(), UniformTokens(3, Linear()))
    few, many = (
        float(bound(denoiser, denoiser.process, x0, steps=n, generator=torch.Generator().manual_seed(3)).mean()) / 9
        for n in (1, 12)
    )
    assert few == pytest.approx(ENTROPY, rel=0.03)  # independent tokens need one step
    assert many == pytest.approx(ENTROPY, rel=0.03)


def test_a_wrong_law_costs_the_divergence():
    class Flat(OneLaw):
        def forward(self, x, level, condition=None):
            return torch.zeros_like(super().forward(x, level))

    x0 = data(2000)
    for process in (Masking(3, Linear()), UniformTokens(3, Linear())):
        nats = bound(Restorer(Flat(), process), process, x0, steps=1, generator=torch.Generator().manual_seed(4))
        assert float(nats.mean()) / 9 == pytest.approx(math.log(3), rel=0.03)


def test_maskgits_objective_and_the_bound_are_the_same_up_to_weights():
    """At one time: the bound is the mean over hidden tokens, times their number, times share' / share."""

    def times(n, schedule, generator=None, device=None):
        return torch.full((n,), 0.4)

    network = nn.Embedding(4, 3)

    class Logits(nn.Module):
        def forward(self, x, level, condition=None):
            return network(x).movedim(-1, 1)

    x0, process = data(50), Masking(3, Cosine())
    denoiser = Restorer(Logits(), process)
    masked, exact = (
        objective(times)(denoiser, x0, generator=torch.Generator().manual_seed(5))["loss"]
        for objective in (MaskedTokens, AbsorbingBound)
    )
    t = torch.tensor(0.4)
    hidden = process.corrupt(x0, torch.full((50,), 0.4), generator=torch.Generator().manual_seed(5)) == 3
    weight = float(hidden.sum()) / 50 * float(process.schedule.slope(t) / process.schedule.share(t))
    assert exact.item() == pytest.approx(weight * masked.item(), rel=1e-5)
    gradients = [torch.autograd.grad(loss, network.weight)[0] for loss in (masked, exact)]
    torch.testing.assert_close(gradients[1], weight * gradients[0], rtol=1e-5, atol=1e-4)


def test_only_hidden_tokens_count_or_all_of_them():
    class Copies(nn.Module):
        def forward(self, x, level, condition=None):
            return 50 * F.one_hot(x % 3, 3).movedim(-1, 1).float()

    x0 = torch.ones(64, 1, 4, 4, dtype=torch.int64)
    masked = MaskedTokens(Stratified())(Restorer(Copies(), Masking(3, Linear())), x0)
    assert float(masked["accuracy"]) == 0  # a mask is copied as 0
    assert float(masked["loss"]) == pytest.approx(50)
    every = AllTokens(Stratified())(Restorer(Copies(), UniformTokens(3, Linear())), x0)
    assert float(every["accuracy"]) == pytest.approx(2 / 3, abs=0.06)


def test_smoothing_is_least_at_the_smoothed_law():
    x0, process = torch.zeros(64, 1, 2, 2, dtype=torch.int64), Masking(3, Linear())

    def loss(p):
        class Fixed(nn.Module):
            def forward(self, x, level, condition=None):
                others = (1 - p) / 2
                return torch.tensor([p, others, others]).log()[None, :, None, None, None].expand(len(x), 3, 1, 2, 2)

        generator = torch.Generator().manual_seed(0)
        return float(MaskedTokens(Stratified(), 0.15)(Restorer(Fixed(), process), x0, generator=generator)["loss"])

    assert loss(0.9) < min(loss(0.8), loss(0.97))
