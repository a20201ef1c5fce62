"""A GAN by an outsider: two optimisers, a penalty every fourth batch, the average of its generator."""

import json
from pathlib import Path

import pytest
from PIL import Image

from extension.commands import carried_out
from genlab.runs import checkpoint_io, history
from genlab.runs.store import Store

HERE = Path(__file__).parent / "gan"
ALLOWED = "allow_targets=[gan.Gan]"
TRAIN = ["--config-dir", ".", "experiment=gan", ALLOWED, "logger=none", "callbacks.checkpoints.every_n_steps=3"]
ACCUMULATED = ["trainer.accumulate_grad_batches=3", "trainer.max_epochs=3", "test=false", "callbacks.previews=null"]


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """What each command left: trainings that nobody disturbed, killed ones, the same resumed, and samples."""
    root = tmp_path_factory.mktemp("gan")
    whole, resumed = {"arguments": TRAIN, "store": f"{root}/whole"}, {"arguments": TRAIN, "store": f"{root}/resumed"}
    long, again = ({"arguments": TRAIN + ACCUMULATED, "store": f"{root}/{name}"} for name in ("long", "again"))
    sample = {"store": f"{root}/resumed", "verb": "sample"}
    words = ["run=latest", ALLOWED, "n=6", "format=folder", f"out={root}/files"]
    jobs = [
        whole, resumed | {"kill_at": 5}, resumed, sample | {"arguments": words},
        long, again | {"kill_at": 7}, again,
    ]  # fmt: skip
    return root, carried_out(jobs, HERE, root)


def test_the_outsiders_files_are_short():
    files = [*HERE.glob("*.py"), *HERE.rglob("*.yaml")]
    assert [len(path.read_text().splitlines()) < 60 for path in files] == [True] * 2


def test_it_trains_and_is_scored_and_previewed(left):
    root, (whole, *_) = left
    assert (whole["exit"], whole["status"]) == (0, "completed"), whole["said"]
    assert {"fid_digits", "inception_score_digits"} <= set(whole["metrics"])
    (run,) = Store(root / "whole")
    assert (run.samples / "step_000008.png").exists()
    record = json.loads(run.record_file.read_text())
    assert record["training"]["steps"] == 8
    assert record["metrics"]["fid_digits"]["made"]["weights"] == "ema"


def test_a_line_of_the_history_has_what_its_step_had(left):
    root, _ = left
    (run,) = Store(root / "whole")
    lines = {line["step"]: line for line in history.read(run.history_file) if history.is_of_training(line)}
    assert [step for step in lines if "critic" in lines[step] and "critic/lr" in lines[step]] == list(range(1, 9))
    assert [step for step in lines if "loss" in lines[step] and "generator/lr" in lines[step]] == [2, 4, 6, 8]
    assert [step for step in lines if "r1" in lines[step]] == [1, 5]
    assert [step for step in lines if "critic/grad_norm" in lines[step]] == [1]
    rates = [lines[step]["critic/lr"] for step in lines]
    assert rates == pytest.approx([1e-3 * (8 - k) / 8 for k in range(8)])
    assert [lines[s]["generator/lr"] for s in (2, 4, 6, 8)] == pytest.approx([2e-3 * (4 - k) / 4 for k in range(4)])


def test_only_the_generator_is_averaged_once_a_batch(left):
    root, _ = left
    (run,) = Store(root / "whole")
    average = checkpoint_io.load(run.checkpoint())["ema"]
    assert average.pop("steps") == 8
    assert {name.partition(".")[0] for name in average} == {"generator"}


@pytest.mark.parametrize("first", [0, 4])
def test_killed_between_its_players_steps_and_resumed_it_ends_as_undisturbed(left, first):
    _, results = left
    whole, killed, resumed = results[first], *([results[1], results[2]] if first == 0 else results[5:])
    assert (killed["exit"], resumed["exit"], resumed["status"]) == (-9, 0, "completed"), resumed["said"]
    for key in ("fingerprint", "losses", "weights", "state", "metrics"):
        assert resumed[key] == whole[key]


def test_samples_are_files(left):
    root, results = left
    assert results[3]["exit"] == 0, results[3]["said"]
    assert len({Image.open(file).tobytes() for file in (root / "files").glob("*.png")}) == 6
