"""A training that is killed and asked for again ends with the same weights and the same losses, bit for bit."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

KILLING = Path(__file__).parents[1] / "killing.py"
COMMON = [
    "logger=none", "metrics=none", "callbacks.previews=null", "callbacks.checkpoints.every_n_steps=3",
    "dataset.train_size=300", "trainer.max_epochs=2",
]  # fmt: skip
FAMILIES = {
    "autoencoder": ["experiment=autoencoder/cvae_digits", "model.ema_decay=0.9"],
    "diffusion": ["experiment=diffusion/class_conditional_digits", "sampler.steps=2"],
}
KILLS = (2, 4, 7)
"""Before the first checkpoint, in the middle of the first epoch (of 4 batches), in the second."""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """For each family: a run that nobody disturbs, then for each kill the killed and the resumed one."""
    root = tmp_path_factory.mktemp("killing")
    jobs = []
    for family, arguments in FAMILIES.items():
        jobs.append({"arguments": arguments + COMMON, "store": f"{root}/{family}"})
        for step in KILLS:
            store = f"{root}/{family}-{step}"
            jobs.append({"arguments": arguments + COMMON, "store": store, "kill_at": step})
            jobs.append({"arguments": arguments + COMMON, "store": store})
        store = f"{root}/{family}-term"
        jobs.append({"arguments": arguments + COMMON, "store": store, "kill_at": 4, "signal": "SIGTERM"})
        jobs.append({"arguments": arguments + COMMON, "store": store})
    (root / "request.json").write_text(json.dumps({"jobs": jobs}))
    done = subprocess.run([sys.executable, KILLING, root / "request.json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    found = iter(json.loads(done.stdout.splitlines()[-1]))
    names = [*KILLS, "term"]
    return {
        family: {"whole": next(found), **{name: (next(found), next(found)) for name in names}} for family in FAMILIES
    }


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("step", KILLS)
def test_killed_and_resumed_equals_undisturbed(results, family, step):
    killed, resumed = results[family][step]
    whole = results[family]["whole"]
    assert whole["status"] == "completed"
    assert killed["exit"] == -9
    assert resumed["status"] == "completed"
    assert resumed["losses"] == whole["losses"]
    assert resumed["weights"] == whole["weights"]


@pytest.mark.parametrize("family", FAMILIES)
def test_sigterm_finishes_the_step_saves_and_says_so(results, family):
    ended, resumed = results[family]["term"]
    assert ended["exit"] == 143
    assert ended["status"] == "interrupted"
    assert [step for step, _ in ended["losses"]] == [1, 2, 3, 4]
    assert resumed["weights"] == results[family]["whole"]["weights"]
    assert resumed["losses"] == results[family]["whole"]["losses"]
