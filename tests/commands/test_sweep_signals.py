"""A sweep that is ended ends its jobs with it, whatever ended it; the same command goes on where they were."""

import importlib.util
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

KILLING = Path(__file__).parents[1] / "killing.py"
TINY = [
    "experiment=autoencoder/cvae_digits", "dataset.train_size=128", "dataset.batch_size=64", "trainer.max_epochs=1",
    "metrics=none", "logger=none", "callbacks=none",
]  # fmt: skip
SWEEP = ["-m", "sweep=s", *TINY, "seed=1,2,3"]
LOCAL = ["launcher=local", "hydra.launcher.workers=2", "hydra.launcher.threads=1"]
INLINE = ["launcher=inline"]
SEARCH = [
    "-m", "sweep=s", *TINY, *INLINE, "seed=choice(1,2,3)",
    "hparams_search=random", "hydra.sweeper.n_trials=2", "hydra.sweeper.metric=seconds",
]  # fmt: skip
needs_optuna = pytest.mark.skipif(importlib.util.find_spec("optuna") is None, reason="needs the extra sweep")

CASES = {
    "local, SIGTERM": (SWEEP + LOCAL, "SIGTERM", 2),
    "local, Ctrl-C": (SWEEP + LOCAL, "SIGINT", 2),
    "local, SIGKILL": (SWEEP + LOCAL, "SIGKILL", 2),
    "inline, Ctrl-C": (SWEEP + INLINE, "SIGINT", 1),
}
"""Name -> words, the signal that ends the sweep's parent, and how many of the three jobs train then."""


def carried_out(root, jobs):
    (root / "request.json").write_text(json.dumps({"jobs": jobs}))
    done = subprocess.run([sys.executable, KILLING, root / "request.json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def ended_and_again(root, words, name, jobs, **more):
    """What is asked for, ended while `jobs` jobs are in a step; and the same asked for again."""
    job = {"arguments": words, "store": f"{root}/{name}", **more}
    return [job | {"held_at": 1, "signal": name, "jobs": jobs}, job]


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory):
    """Case -> what the sweep left when it was ended, and after it was asked for again; None -> undisturbed."""
    root = tmp_path_factory.mktemp("sweeps")
    jobs = [{"arguments": SWEEP + INLINE, "store": f"{root}/whole"}]
    for place, (words, name, count) in enumerate(CASES.values()):
        jobs += ended_and_again(root / str(place), words, name, count)
    whole, *rest = carried_out(root, jobs)
    return {None: whole} | dict(zip(CASES, zip(rest[::2], rest[1::2], strict=True), strict=True))


@pytest.mark.parametrize("case", [case for case in CASES if "SIGKILL" not in case])
def test_the_end_of_a_sweep_is_told_by_table_manifest_and_exit_status(sweeps, case):
    ended, (_, name, _) = sweeps[case][0], CASES[case]
    assert ended["exit"] == 128 + getattr(signal, name), ended["said"]
    assert "3 jobs: 0 done, 0 done before, 0 failed, 3 unfinished" in ended["said"]
    assert f"interrupted by {name}; the same command goes on with the sweep" in ended["said"]
    assert "it has not begun" in ended["said"]
    assert "Traceback" not in ended["said"]
    assert ended["rows"] == ["interrupted"] * 3
    assert ended["finished"] == [None]


def test_a_sweep_whose_parent_was_killed_is_told_by_its_jobs(sweeps):
    ended = sweeps["local, SIGKILL"][0]
    assert ended["exit"] == -signal.SIGKILL
    assert sorted(ended["rows"]) == ["interrupted", "interrupted", "planned"]
    assert "Traceback" not in ended["said"]


@pytest.mark.parametrize("case", CASES)
def test_jobs_that_trained_have_saved_the_step_that_they_were_in(sweeps, case):
    runs = sweeps[case][0]["runs"]
    assert len(runs) == CASES[case][2]
    for seed, run in runs.items():
        assert run["status"] == "interrupted"
        assert run["losses"] == sweeps[None]["runs"][seed]["losses"][:1]
        assert run["weights"] != sweeps[None]["runs"][seed]["weights"]


@pytest.mark.parametrize("case", CASES)
def test_the_same_command_goes_on_and_ends_as_if_undisturbed(sweeps, case):
    again = sweeps[case][1]
    assert again["exit"] == 0, again["said"]
    assert again["rows"] == ["completed"] * 3
    assert again["finished"][0]
    for seed, run in sweeps[None]["runs"].items():
        assert [again["runs"][seed][key] for key in ("status", "losses", "weights")] == [
            run[key] for key in ("status", "losses", "weights")
        ]


@needs_optuna
def test_a_search_that_is_ended_asks_for_its_trial_again(tmp_path):
    ended, again = carried_out(tmp_path, ended_and_again(tmp_path, SEARCH, "SIGTERM", 1))
    assert ended["exit"] == 143, ended["said"]
    assert [run["status"] for run in ended["runs"].values()] == ["interrupted"]
    assert again["exit"] == 0, again["said"]
    assert "2 of 2 trials" in again["said"]
    assert ended["runs"].keys() <= again["runs"].keys()
    assert {run["status"] for run in again["runs"].values()} == {"completed"}


def test_a_study_that_is_ended_writes_no_table(tmp_path):
    words = ["cvae_mnist", "swiss_roll_score", "scale=smoke", "logger=none", "launcher=inline"]
    ended, _ = ended_and_again(tmp_path, words, "SIGTERM", 1, verb="reproduce")
    (ended,) = carried_out(tmp_path, [ended])
    assert ended["exit"] == 143, ended["said"]
    assert ended["said"].splitlines()[-1] == "interrupted by SIGTERM"
    assert "Traceback" not in ended["said"]
    assert len(ended["runs"]) == 1  # and of the second study nothing has begun
    assert not list(tmp_path.glob("**/RESULTS.md"))
