import pytest
import torch

from genlab.denoisers.prediction import Prediction
from genlab.processes.cosine import Cosine
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.grids import Leading, Linspace, Trailing
from genlab.samplers.sampler import Sampler
from genlab.samplers.trajectory import trajectory
from oracles import MixtureData, NormalData


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("schedule", [Linear(), Cosine()], ids=["linear", "cosine"])
def test_with_the_exact_denoiser_samples_have_the_law_of_the_data(eta, schedule):
    process = Gaussian(schedule)
    sampler = Sampler(Ancestral(eta), Leading(), 250)
    *_, last = sampler(process, NormalData(process, 0.4, 0.5), (20_000, 1), generator=torch.Generator().manual_seed(0))
    assert float(last.x.mean()) == pytest.approx(0.4, abs=0.02)
    assert float(last.x.std()) == pytest.approx(0.5, rel=0.03)


def test_both_modes_of_a_mixture_are_found_in_their_share():
    process = Gaussian(Linear())
    exact = MixtureData(process, torch.tensor([[-1.0, -1.0], [1.0, 1.0]]), torch.tensor([0.3, 0.7]), 0.1)
    *_, last = Sampler(Ancestral(1.0), Leading(), 200)(
        process, exact, (5000, 2), generator=torch.Generator().manual_seed(0)
    )
    right = last.x.mean(1) > 0
    assert float(right.float().mean()) == pytest.approx(0.7, abs=0.03)
    assert float(last.x[right].std()) == pytest.approx(0.1, rel=0.15)


def test_one_step_has_the_posterior_mean_and_variance_of_ddpm():
    """Ho et al. 2020, eq. 7, with neighbouring steps."""
    process, x_t, x0 = Gaussian(Linear()), 0.3, -0.5
    t, s = torch.tensor(0.400).double(), torch.tensor(0.399).double()
    beta = float(torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)[399])
    bar_t, bar_s = float(process.schedule(t).alpha ** 2), float(process.schedule(s).alpha ** 2)
    mean = bar_s**0.5 * beta / (1 - bar_t) * x0 + (1 - beta) ** 0.5 * (1 - bar_s) / (1 - bar_t) * x_t
    variance = (1 - bar_s) / (1 - bar_t) * beta

    def know(x, time):
        return Prediction(x, torch.full_like(x, x0), process.scales(x, time))

    x = torch.full((400_000,), x_t, dtype=torch.float64)
    x_s, _ = Ancestral(1.0).step(process, know, x, t, s, None, torch.Generator().manual_seed(0))
    assert float(x_s.mean()) == pytest.approx(mean, abs=5 * (variance / 400_000) ** 0.5)
    assert float(x_s.var()) == pytest.approx(variance, rel=0.01)


def test_ddim_converges_to_the_flow_with_the_first_order():
    """Halving the step halves the error of the end point; for normal data the flow is x -> a stretch of x."""
    process = Gaussian(Cosine(10_000))
    exact = NormalData(process, 0.0, 0.5)
    x = torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None]
    alpha, sigma = process.schedule(torch.tensor(0.9).double())
    truth = x * 0.5 / (alpha**2 * 0.25 + sigma**2).sqrt()
    errors = []
    for n in (50, 100, 200):
        times = torch.linspace(0.9, 0, n + 1, dtype=torch.float64)
        *_, last = trajectory(process, exact, Ancestral(0.0), times, x)
        errors.append(float((last.x - truth).abs().max()))
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.15)
    assert errors[1] / errors[2] == pytest.approx(2, rel=0.15)


def test_moments_hold_the_sample_its_estimate_and_its_time():
    process = Gaussian(Linear())
    moments = list(Sampler(Ancestral(0.0), Trailing(), 4)(process, NormalData(process, 0.0, 1.0), (2, 3)))
    assert [float(m.t) for m in moments] == [0.75, 0.5, 0.25, 0.0]
    assert torch.allclose(moments[-1].x, moments[-1].x0)  # the last step lands on its estimate


def test_a_sample_does_not_depend_on_who_else_is_in_its_batch():
    from genlab.randomness import PerImage

    process = Gaussian(Linear())
    exact, sampler = NormalData(process, 0.0, 1.0), Sampler(Ancestral(1.0), Leading(), 10)
    *_, four = sampler(process, exact, (4, 2), generator=PerImage.range(0, 0, 4))
    *_, last = sampler(process, exact, (1, 2), generator=PerImage.range(0, 3, 4))
    assert torch.equal(four.x[3:], last.x)


class TestGrids:
    def test_the_reports_ddim_visits_975_950_to_0(self):
        steps = Linear().timestep(Leading()(Linear(), 40))
        assert steps.tolist() == [*range(975, -1, -25), -1]

    @pytest.mark.parametrize("grid", [Leading(), Trailing(), Linspace()])
    @pytest.mark.parametrize("steps", [1, 7, 333, 1000])
    def test_times_fall_to_zero_without_repeating(self, grid, steps):
        times = grid(Linear(), steps)
        assert times.shape == (steps + 1,)
        assert times[-1] == 0
        assert (times.diff() < 0).all()

    @pytest.mark.parametrize("grid", [Leading(), Trailing(), Linspace()])
    def test_all_steps_are_the_same_on_every_grid(self, grid):
        assert torch.allclose(grid(Linear(train_timesteps=50), 50), torch.arange(50, -1, -1).double() / 50)

    def test_trailing_and_linspace_begin_at_the_noisy_end(self):
        assert Trailing()(Linear(), 10)[0] == Linspace()(Linear(), 10)[0] == 1
        assert Leading()(Linear(), 10)[0] == 0.901

    @pytest.mark.parametrize("grid", [Leading(), Trailing(), Linspace()])
    @pytest.mark.parametrize("steps", [0, 51])
    def test_steps_that_the_schedule_does_not_have_are_refused(self, grid, steps):
        with pytest.raises(ValueError, match=rf"sampler\.steps={steps} must be from 1 to the 50 of scheduler"):
            grid(Linear(train_timesteps=50), steps)
