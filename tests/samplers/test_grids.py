import pytest
import torch
from diffusers.schedulers import DDIMScheduler, DPMSolverMultistepScheduler, EDMEulerScheduler, LCMScheduler

from genlab.processes import cosine
from genlab.processes.edm import EDM
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.processes.linear_path import LinearPath
from genlab.processes.ve import VE
from genlab.processes.vp import VP
from genlab.processes.zero_terminal import ZeroTerminal
from genlab.samplers import grids
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.dpm_solver import DPMSolver2M
from genlab.samplers.grid_but_last import ButLast
from genlab.samplers.grids import Cosine, Even, Karras, Leading, Linspace, Trailing
from genlab.samplers.heun import Heun
from genlab.samplers.nonmonotone_grids import Jumps
from genlab.samplers.renoising import Renoising
from genlab.samplers.sampler import Sampler
from genlab.samplers.trajectory import check_times, trajectory
from oracles import NormalData


@pytest.mark.parametrize("schedule", [Linear(), VP(), VE(), EDM(), LinearPath()], ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("grid", [Even(), Cosine(), Karras()], ids=lambda g: type(g).__name__)
def test_times_fall_from_the_noisy_end_to_zero(schedule, grid):
    times = grid(schedule, 20)
    assert times.shape == (21,)
    assert times[-1] == 0
    assert (times.diff() < 0).all()
    assert float(times[0]) == pytest.approx(float(schedule.at(torch.tensor(1.0).double())), rel=2e-3)


def test_karras_on_edm_is_the_published_grid():
    theirs = EDMEulerScheduler(sigma_min=0.002, sigma_max=80.0, rho=7.0)
    theirs.set_timesteps(18)
    assert torch.allclose(Karras()(EDM(), 18), theirs.sigmas.double(), rtol=1e-4)


@pytest.mark.parametrize("grid", [Even(), Cosine(), Karras()], ids=lambda g: type(g).__name__)
def test_more_steps_than_the_schedule_has_are_refused(grid):
    with pytest.raises(ValueError, match=r"sampler\.steps=60 must be from 1 to the 50 of scheduler\.train_timesteps"):
        grid(Linear(train_timesteps=50), 60)


def test_a_step_that_several_levels_fall_on_is_visited_once():
    schedule = cosine.Cosine()
    times = Karras()(schedule, 100)
    assert (times.diff() < 0).all()
    assert 20 < len(times) < 101
    assert torch.allclose((times * 1000).round() / 1000, times)
    few = Karras()(schedule, 5)
    assert (times[0], times[-2]) == (few[0], few[-2])  # the ends are where they were


@pytest.mark.parametrize(
    ("solver", "grid", "calls"),
    [(DPMSolver2M(), Karras(), 1), (Heun(), Karras(), 2), (Renoising(Ancestral()), Jumps(Karras(), 5, 2), 1)],
    ids=["dpm", "heun", "jumps"],
)
def test_the_calls_are_those_of_the_times_that_are_left(solver, grid, calls):
    schedule, called = cosine.Cosine(), []
    process, sampler = Gaussian(schedule), Sampler(solver, grid, 60)

    def counted(x, t):
        called.append(t)
        return NormalData(process, 0.0, 1.0)(x, t)

    *_, last = sampler(process, counted, (2, 1))
    assert last.t == 0
    assert len(called) == sampler.nfe(schedule)
    assert sampler.nfe(schedule) != Sampler(solver, grid, 60).nfe(VP())


def test_few_karras_levels_serve_the_cosine_schedule():
    process = Gaussian(cosine.Cosine())
    sampler = Sampler(DPMSolver2M(), Karras(), 15)
    *_, last = sampler(process, NormalData(process, 0.4, 0.5), (20_000, 1), generator=torch.Generator().manual_seed(0))
    assert float(last.x.mean()) == pytest.approx(0.4, abs=0.05)
    assert float(last.x.std()) == pytest.approx(0.5, rel=0.15)


def test_a_grid_that_repeats_or_rises_is_refused_before_sampling():
    with pytest.raises(ValueError, match=r"must not repeat a time; this one visits 0\.5 twice"):
        check_times(torch.tensor([1, 0.5, 0.5, 0]), may_rise=True)
    with pytest.raises(ValueError, match=r"needs times that fall; this grid rises from 0\.2"):
        trajectory(Gaussian(VP()), None, Ancestral(1.0), torch.tensor([1, 0.2, 0.5, 0]), torch.zeros(1))
    with pytest.raises(ValueError, match="two times or more"):
        check_times(torch.tensor([1.0]), may_rise=True)


GRIDS = {
    name: grid for name, grid in vars(grids).items() if isinstance(grid, type) and grid.__module__ == grids.__name__
}
GRIDS.pop("Grid")  # the protocol
MANY = [
    *range(1, 22),
    24,
    30,
    33,
    50,
    64,
    99,
    100,
    249,
    250,
    251,
    333,
    334,
    499,
    500,
    501,
    666,
    667,
    750,
    998,
    999,
    1000,
]


@pytest.mark.filterwarnings("ignore:sampler.steps")
@pytest.mark.parametrize("schedule", [Linear, cosine.Cosine, ZeroTerminal])
@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("total", [1, 2, 3, 5, 8, 50, 100, 1000])
def test_every_grid_begins_at_the_noisiest_step_and_ends_at_the_data(name, schedule, total):
    clock = schedule(train_timesteps=total)
    for steps in range(1, total + 1) if total < 1000 else MANY:
        times = GRIDS[name]()(clock, steps) * total
        assert torch.allclose(times, times.round(), atol=1e-3)
        assert (times.diff() < 0).all()
        assert times[-1] == 0
        within = total // steps if name == "Leading" and steps > 1 else 1e-3
        if name == "Karras" and schedule is cosine.Cosine and total == 1000:
            within = 1.001  # its last levels are above `level_max`
        assert total - float(times[0]) <= within, f"{steps} steps begin at {times[0]} of {total}"
        if name not in ("Cosine", "Karras"):  # which lie closer than steps do near the data
            assert len(times) == steps + 1


@pytest.mark.filterwarnings("ignore:sampler.steps")
@pytest.mark.parametrize("steps", MANY)
def test_leading_steps_are_those_of_diffusers_wherever_theirs_begin_within_a_step_of_the_noise(steps):
    theirs = DDIMScheduler(1000, timestep_spacing="leading")
    theirs.set_timesteps(steps)
    ours = Linear().timestep(Leading()(Linear(), steps))[:-1].long()
    if steps > 1 and 999 - int(theirs.timesteps[0]) <= 1000 // steps:
        assert torch.equal(ours, theirs.timesteps)
    else:
        assert ours[0] > theirs.timesteps[0]


@pytest.mark.parametrize("grid", [Leading(), Trailing(), Linspace(), Even()], ids=lambda g: type(g).__name__)
@pytest.mark.parametrize("steps", [20, 50, 333, 334, 499, 501, 750, 999, 1000])
def test_the_law_is_right_for_every_number_of_steps(grid, steps):
    process = Gaussian(cosine.Cosine(), data_std=0.2)
    sampler = Sampler(Ancestral(0.0), grid, steps)
    *_, last = sampler(process, NormalData(process, 0.3, 0.2), (4000, 1), generator=torch.Generator().manual_seed(0))
    assert float(last.x.mean()) == pytest.approx(0.3, abs=0.03)
    assert float(last.x.std()) == pytest.approx(0.2, abs=0.02 + 1 / steps)


@pytest.mark.parametrize("grid", GRIDS)
def test_one_step_is_the_best_estimate_and_not_the_noise(grid):
    process = Gaussian(cosine.Cosine())
    sampler = Sampler(Ancestral(0.0), GRIDS[grid](), 1)
    *_, last = sampler(process, NormalData(process, 0.3, 0.2), (2000, 1), generator=torch.Generator().manual_seed(0))
    assert float(last.x.mean()) == pytest.approx(0.3, abs=0.01)
    assert float(last.x.std()) < 0.01


def test_a_grid_that_begins_where_the_data_still_shows_says_so():
    with pytest.warns(
        UserWarning, match=r"sampler.steps=2 on the grid leading begins 0.5 .* 70% of the signal is left"
    ):
        Leading()(cosine.Cosine(), 2)


@pytest.mark.parametrize("total", [2, 5, 1000])
def test_karras_levels_begin_with_the_step_that_is_noise_and_nothing_else(total):
    schedule = ZeroTerminal(train_timesteps=total)
    process, sampler = Gaussian(schedule), Sampler(DPMSolver2M(), Karras(), min(total, 20))
    assert sampler.times(schedule)[0] == 1
    *_, last = sampler(process, NormalData(process, 0.3, 0.2), (4000, 1), generator=torch.Generator().manual_seed(0))
    assert float(last.x.mean()) == pytest.approx(0.3, abs=0.01)


SD = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}


def numbers(times):
    """The step numbers of a grid on a thousand steps, without its end."""
    return ((times * 1000).round().long() - 1)[:-1].tolist()


@pytest.mark.parametrize("steps", [2, 10, 15, 30, 50])
def test_with_an_offset_the_steps_are_those_of_stable_diffusion(steps):
    theirs = DDIMScheduler(**SD, steps_offset=1, set_alpha_to_one=False)
    theirs.set_timesteps(steps)
    times = Leading(offset=1, end="first")(Linear(), steps)
    assert numbers(times) == theirs.timesteps.tolist()
    assert float(times[-1]) == 1 / 1000  # training's first step, whose noise stays


@pytest.mark.parametrize("spacing", ["leading", "linspace"])
@pytest.mark.parametrize("steps", [10, 25])
def test_but_its_last_step_a_grid_is_dpm_solvers(spacing, steps):
    theirs = DPMSolverMultistepScheduler(**SD, timestep_spacing=spacing, steps_offset=int(spacing == "leading"))
    theirs.set_timesteps(steps)
    grid = Leading(offset=1) if spacing == "leading" else Linspace()
    times = ButLast(grid)(Linear(), steps)
    assert numbers(times) == theirs.timesteps.tolist()
    assert times[-1] == 0


@pytest.mark.parametrize("steps", [1, 4, 6, 8, 50])
def test_among_fifty_steps_they_are_those_of_latent_consistency_models(steps):
    theirs = LCMScheduler(**SD)
    theirs.set_timesteps(steps)
    assert numbers(Even(among=50)(Linear(), steps)) == theirs.timesteps.tolist()


def test_steps_that_training_did_not_have_are_refused():
    refused = (
        r"sampler.grid.offset=1 moves the noisiest of sampler.steps=50 to step 50, and training had the steps 0 to 49"
    )
    with pytest.raises(ValueError, match=refused):
        Leading(offset=1)(Linear(train_timesteps=50), 50)
    with pytest.raises(ValueError, match=r"sampler.grid.among=50 must be from sampler.steps=60 to 1000"):
        Even(among=50)(Linear(), 60)


def test_a_grid_that_ends_at_its_last_step_visits_it_once():
    times = Leading(end="first")(Linear(), 50)
    assert len(times) == 50
    assert (times.diff() < 0).all()


def test_a_grid_is_named_as_before_it_had_more_to_say():
    assert repr(Leading()) == "Leading()"
    assert repr(Even()) == "Even()"
    assert repr(Leading(1, "first")) == "Leading(offset=1, end='first')"
