"""A signal ends a run at any stage of its life: with its own exit status, a record that says so, and nothing lost."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from killing import STAGES

KILLING = Path(__file__).parents[1] / "killing.py"
TINY = [
    "experiment=autoencoder/cvae_digits", "dataset.train_size=128", "dataset.batch_size=64", "trainer.max_epochs=2",
    "metrics=reconstruction", "metrics.n_samples=20", "logger=csv", "callbacks=none",
    "callbacks.checkpoints.every_n_steps=2",
]  # fmt: skip
SIGNALS = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2")
ALL = [(stage, name) for stage in STAGES for name in SIGNALS]
QUICK = [(stage, SIGNALS[place % len(SIGNALS)]) for place, stage in enumerate(STAGES)]
"""Every stage, and every signal at several of them."""
UNOWNED = ("identity", "lock")


def carried_out(root, cells):
    """(stage, signal) -> what the interrupted and the resumed run left; None -> the run that nobody disturbed."""
    jobs = [{"arguments": TINY, "store": f"{root}/whole"}]
    for stage, name in cells:
        job = {"arguments": TINY, "store": f"{root}/{stage}-{name}"}
        jobs += [job | {"stage": stage, "signal": name}, job]
    jobs.append({"arguments": TINY, "store": f"{root}/twice", "stage": "batch", "signal": "SIGINT", "times": 2})
    (root / "request.json").write_text(json.dumps({"jobs": jobs}))
    done = subprocess.run([sys.executable, KILLING, root / "request.json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    whole, *rest, twice = json.loads(done.stdout.splitlines()[-1])
    return {None: whole, "twice": twice} | dict(zip(cells, zip(rest[::2], rest[1::2], strict=True), strict=True))


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    return carried_out(tmp_path_factory.mktemp("quick"), QUICK)


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    return carried_out(tmp_path_factory.mktemp("everything"), [cell for cell in ALL if cell not in QUICK])


def check(results, stage, name):
    whole, (ended, resumed) = results[None], results[stage, name]
    assert ended["exit"] == 128 + getattr(signal, name), ended["said"]
    assert f"interrupted by {name}" in ended["said"]
    assert "Traceback" not in ended["said"]
    if stage in UNOWNED:
        assert "status" not in ended
        assert ended["said"] == f"interrupted by {name}\n"
    else:
        assert ended["status"] == "interrupted"
    assert resumed["exit"] == 0, resumed["said"]
    for key in ("status", "metrics", "weights", "losses"):
        assert resumed[key] == whole[key]
    assert [step for step, _ in whole["losses"]] == [1, 2, 3, 4]


@pytest.mark.parametrize(("stage", "name"), QUICK)
def test_a_signal_at_any_stage_interrupts_and_the_run_asked_for_again_is_as_if_undisturbed(quick, stage, name):
    check(quick, stage, name)


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "name"), [cell for cell in ALL if cell not in QUICK])
def test_any_signal_at_any_stage(everything, stage, name):
    check(everything, stage, name)


def test_a_step_that_is_being_trained_is_finished_and_saved(quick):
    (cell,) = [cell for cell in QUICK if cell[0] == "batch"]
    assert [step for step, _ in quick[cell][0]["losses"]] == [1]
    assert quick[cell][0]["weights"] != quick[None]["weights"]  # there is a checkpoint, of that step


def test_a_second_ctrl_c_ends_the_process_at_once(quick):
    assert quick["twice"]["exit"] == -signal.SIGINT
