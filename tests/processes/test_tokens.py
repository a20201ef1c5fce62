"""Tokens that are hidden or replaced: how many, and the exact way back."""

import pytest
import torch

from genlab.processes.masking import Masking
from genlab.processes.share import Cosine, Linear, Square
from genlab.processes.uniform_tokens import UniformTokens
from genlab.randomness import PerImage

SHARES = pytest.mark.parametrize("share", [Cosine(), Linear(), Square()], ids=["cosine", "linear", "square"])
half = torch.tensor(0.5, dtype=torch.float64)


@SHARES
def test_a_share_grows_from_none_to_all_with_its_slope(share):
    t = torch.linspace(0, 1, 201, dtype=torch.float64)
    values = share.share(t)
    assert values[0] == 0
    assert values[-1] == pytest.approx(1)
    assert bool((values.diff() > 0).all())
    torch.testing.assert_close(values.diff() * 200, share.slope((t[1:] + t[:-1]) / 2), rtol=1e-4, atol=1e-4)


@SHARES
@pytest.mark.parametrize("kind", [Masking, UniformTokens])
def test_as_many_are_corrupted_as_the_schedule_says(share, kind):
    x0 = torch.zeros(100, 1, 20, 20, dtype=torch.int64)
    process, t = kind(4, share), torch.full((100,), 0.3)
    touched = float((process.corrupt(x0, t, generator=torch.Generator().manual_seed(0)) != x0).float().mean())
    expected = float(share.share(t[0])) * (1 if kind is Masking else 3 / 4)  # a random token may be the same
    assert touched == pytest.approx(expected, abs=4 * (0.25 / x0.numel()) ** 0.5)


def test_at_the_end_nothing_is_left_and_at_the_beginning_all_is():
    x0 = torch.randint(0, 4, (8, 1, 5, 5))
    process, end = Masking(4, Cosine()), torch.tensor(1.0)
    assert bool((process.corrupt(x0, end) == 4).all())
    assert torch.equal(process.prior((2, 3), end), torch.full((2, 3), 4))
    assert torch.equal(process.corrupt(x0, torch.tensor(0.0)), x0)
    prior = UniformTokens(4, Linear()).prior((1000, 4), end, torch.Generator().manual_seed(0))
    assert prior.flatten().bincount(minlength=4).float() / 4000 == pytest.approx(0.25, abs=0.03)


def test_what_is_hidden_is_shown_as_the_estimate():
    assert Masking(4, Linear()).shown(torch.tensor([4, 1]), half, torch.tensor([2, 3])).tolist() == [2, 1]


def test_a_datum_is_corrupted_alike_in_any_batch():
    x0 = torch.zeros(6, 1, 3, 3, dtype=torch.int64)
    for process in (Masking(4, Linear()), UniformTokens(4, Linear())):
        whole = process.corrupt(x0, half, generator=PerImage.range(0, 0, 6))
        parts = [process.corrupt(x0[:3], half, generator=PerImage.range(0, i, i + 3)) for i in (0, 3)]
        assert torch.equal(whole, torch.cat(parts))


@pytest.mark.parametrize("s", [0.0, 0.2])
def test_the_posterior_is_that_of_the_enumerated_chain(s):
    """q(x_s | x_t, x_0) of three values by matrices, summed over a law of x_0."""
    process, t, s = UniformTokens(3, Cosine()), torch.tensor(0.7).double(), torch.tensor(s).double()

    def matrix(kept):
        return kept * torch.eye(3, dtype=torch.float64) + (1 - kept) / 3

    kept_t, kept_s = 1 - process.schedule.share(t), 1 - process.schedule.share(s)
    to_s, from_s = matrix(kept_s), matrix(kept_t / kept_s)  # rows: from, columns: to
    law = torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64)
    for x_t in range(3):
        joint = to_s * from_s[:, x_t]  # x_0, x_s
        expected = law @ (joint / joint.sum(1, keepdim=True))
        got = process.posterior(torch.tensor([[x_t]]), law[None, :, None], t, s)[0, :, 0]
        torch.testing.assert_close(got, expected)
        assert float(got.sum()) == pytest.approx(1)


def test_a_time_of_another_batch_is_refused():
    with pytest.raises(ValueError, match="does not fit a batch of 2"):
        Masking(4, Linear()).corrupt(torch.zeros(2, 1, 2, 2, dtype=torch.int64), torch.full((3,), 0.5))
