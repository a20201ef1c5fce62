"""Solvers of tokens, with the exact denoiser of a known law of two tokens."""

import pytest
import torch

from genlab.denoisers.estimate import Estimate
from genlab.processes.degrading import Steady
from genlab.processes.masking import Masking
from genlab.processes.share import Linear
from genlab.processes.uniform_tokens import UniformTokens
from genlab.randomness import PerImage
from genlab.samplers.confidence import Confidence
from genlab.samplers.grids import Even
from genlab.samplers.sampler import Sampler
from genlab.samplers.token_renoising import TokenRenoising, typical
from genlab.samplers.uniform_posterior import UniformPosterior
from genlab.samplers.unmask import Unmask

K = 3
JOINT = torch.tensor([[0.30, 0.02, 0.05], [0.03, 0.25, 0.02], [0.01, 0.02, 0.30]], dtype=torch.float64)
MARGINALS = JOINT.sum(1, keepdim=True) * JOINT.sum(0, keepdim=True)
masking, random = Masking(K, Linear()), UniformTokens(K, Linear())


def exact(process):
    """p(x_0 | x_t) of each of two tokens under JOINT, as log-probabilities (batch, K, 1, 1, 2)."""

    def denoise(x, t):
        share = float(process.schedule.share(t))
        first, second = (_likelihood(process, x[:, 0, 0, i], share) for i in (0, 1))  # (batch, K) each
        posterior = JOINT * first[:, :, None] * second[:, None, :]
        p = torch.stack([posterior.sum(2), posterior.sum(1)], -1)
        return Estimate(x, (p / p.sum(1, keepdim=True)).log()[:, :, None, None].float())

    return denoise


def _likelihood(process, x, share):
    """q(x_t | x_0), (batch, K): of a hidden token the same for all values."""
    if process is masking:
        return torch.where((x == K)[:, None], 1.0, torch.nn.functional.one_hot(x, K + 1)[:, :K].double())
    return (1 - share) * torch.nn.functional.one_hot(x, K).double() + share / K


def law(solver, process, steps, n=20_000):
    sampler = Sampler(solver, Even(), steps)
    generator = torch.Generator().manual_seed(0)
    *_, last = sampler(process, exact(process), (n, 1, 1, 2), generator=generator)
    return (last.x.flatten(1) @ torch.tensor([K, 1])).bincount(minlength=K * K).reshape(K, K) / n


def distance(a, b):
    """Total variation."""
    return float((a - b).abs().sum() / 2)


@pytest.mark.parametrize("solver", [Unmask(), Confidence(noise=0.0)])
def test_one_step_draws_the_product_of_the_marginals(solver):
    assert distance(law(solver, masking, 1), MARGINALS) < 0.015


@pytest.mark.parametrize("solver", [TokenRenoising(), UniformPosterior()])
def test_one_step_from_random_tokens_does_so_too(solver):
    assert distance(law(solver, random, 1), MARGINALS) < 0.015


@pytest.mark.parametrize(("process", "solver"), [(masking, Confidence), (random, UniformPosterior)])
def test_a_step_without_temperature_is_the_likeliest(process, solver):
    drawn = law(solver(temperature=1e-3), process, 1, n=100)
    assert drawn.flatten().argmax() == MARGINALS.flatten().argmax()
    assert float(drawn.max()) == 1


def test_a_token_a_step_in_any_order_is_ancestral_sampling():
    """So much noise that the order does not depend on the tokens: the law is exact."""
    assert distance(law(Confidence(noise=1e6), masking, 2), JOINT) < 0.015


def test_the_surest_first_is_not_the_law_and_noise_mends_it():
    without, with_noise = (distance(law(Confidence(noise=n), masking, 2), JOINT) for n in (0.0, 9.0))
    assert without > 0.05
    assert with_noise < without / 2


@pytest.mark.parametrize(("process", "solver"), [(masking, Unmask()), (random, UniformPosterior())])
def test_many_steps_of_the_reverse_process_give_the_law(process, solver):
    assert distance(law(solver, process, 24, n=4000), JOINT) < 0.05  # of one step it is 0.5


def test_tokens_without_dependence_have_their_law_at_any_number_of_steps():
    logits = torch.tensor([0.7, 0.2, 0.1]).log()

    def denoise(x, t):
        return Estimate(x, logits[None, :, None, None, None].expand(len(x), K, *x.shape[1:]))

    for solver, process in ((Unmask(), masking), (Confidence(noise=1e6), masking), (TokenRenoising(), random)):
        sampler = Sampler(solver, Even(), 5)
        generator = torch.Generator().manual_seed(1)
        *_, last = sampler(process, denoise, (400, 1, 5, 5), generator=generator)
        assert last.x.flatten().bincount(minlength=K) / last.x.numel() == pytest.approx([0.7, 0.2, 0.1], abs=0.02)


@pytest.mark.parametrize("solver", [Confidence(), Unmask()])
def test_what_is_known_stays_and_each_step_of_confidence_shows_more(solver):
    sampler, generator = Sampler(solver, Even(), 9), torch.Generator().manual_seed(0)
    logits = torch.randn(4, K, 1, 3, 3, generator=generator)
    before = masking.prior((4, 1, 3, 3), torch.tensor(1.0))
    for moment in sampler(masking, lambda x, t: Estimate(x, logits), (4, 1, 3, 3), generator=generator):
        known = before != K
        assert torch.equal(moment.x[known], before[known])
        if isinstance(solver, Confidence):
            assert bool(((moment.x == K).flatten(1).sum(1) < (before == K).flatten(1).sum(1)).all())
        before = moment.x
    assert bool((before < K).all())


@pytest.mark.parametrize(
    ("process", "solver"),
    [(masking, Confidence()), (masking, Unmask()), (random, TokenRenoising()), (random, UniformPosterior())],
)
def test_the_size_of_a_batch_changes_no_sample(process, solver):
    def drawn(start, stop):
        streams = PerImage.range(0, start, stop)
        *_, last = Sampler(solver, Even(), 4)(process, exact(process), (stop - start, 1, 1, 2), generator=streams)
        return last.x

    assert torch.equal(drawn(0, 6), torch.cat([drawn(0, 1), drawn(1, 6)]))


def test_another_schedule_of_sampling_hides_other_numbers():
    def hidden(schedule):
        sampler = Sampler(Confidence(schedule=schedule), Even(), 2)
        first, _ = sampler(masking, lambda x, t: Estimate(x, torch.zeros(1, K, 1, 10, 10)), (1, 1, 10, 10))
        return int((first.x == K).sum())

    assert [hidden(name) for name in ("trained", "linear", "square", "cosine")] == [50, 50, 75, 70]


def test_typical_values_are_nearest_to_the_entropy():
    p = torch.tensor([[0.5, 0.26, 0.14, 0.1]])  # surprises 0.69, 1.35, 1.97, 2.3; expected 1.2
    kept = [typical(p.log(), mass).isfinite()[0].tolist() for mass in (0.2, 0.3, 1.0)]
    assert kept == [[False, True, False, False], [True, True, False, False], [True] * 4]


@pytest.mark.parametrize(
    ("solver", "process"), [(Confidence(), random), (Unmask(), random), (TokenRenoising(), masking)]
)
def test_another_process_is_refused_in_one_sentence(solver, process):
    with pytest.raises(ValueError, match="take sampler="):
        list(Sampler(solver, Even(), 2)(process, exact(process), (1, 1, 1, 2)))


def test_a_fade_is_no_process_of_tokens():
    class Fade:
        schedule = Steady()

        def prior(self, shape, t, generator=None, device=None):
            return torch.zeros(shape)

    with pytest.raises(ValueError, match="Fade hides none"):
        list(Sampler(Unmask(), Even(), 2)(Fade(), exact(masking), (1, 1, 1, 2)))
