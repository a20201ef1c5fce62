"""Captions under classifier-free guidance, by an outsider: a text conditioner, and a network that reads its tokens."""

import json
from pathlib import Path

import pytest

from extension.commands import carried_out
from genlab.runs.store import Store

HERE = Path(__file__).parent / "captions"
ALLOWED = f"allow_targets=[{','.join(f'captions.{name}' for name in ('NamedDigits', 'Words', 'Attends'))}]"
TRAIN = ["--config-dir", ".", "experiment=captions", ALLOWED, "logger=none", "callbacks.checkpoints.every_n_steps=3"]
SAME = ("fingerprint", "losses", "weights", "state")


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """What each command left: an undisturbed training, one killed at step 5, the same resumed, and samples of it."""
    root = tmp_path_factory.mktemp("captions")
    whole, resumed = {"arguments": TRAIN, "store": f"{root}/whole"}, {"arguments": TRAIN, "store": f"{root}/resumed"}
    of_run, words = {"store": f"{root}/resumed", "verb": "sample"}, ["run=latest", ALLOWED, "n=4", "format=folder"]
    jobs = [
        whole, resumed | {"kill_at": 5}, resumed,
        of_run | {"arguments": [*words, "prompt=the digit three", f"out={root}/three"]},
        of_run | {"arguments": [*words, "prompt=the digit eight", f"out={root}/eight"]},
        of_run | {"arguments": [*words, "prompt=a one", "negative_prompt=a four", f"out={root}/not_four"]},
        of_run | {"arguments": [*words, f"out={root}/of_the_data"]},
        of_run | {"arguments": [*words, "label=3", f"out={root}/label"]},
    ]  # fmt: skip
    return root, carried_out(jobs, HERE, root)


def test_the_outsiders_files_are_short():
    files = [*HERE.glob("*.py"), *HERE.rglob("*.yaml")]
    assert len(files) == 2
    assert all(len(path.read_text().splitlines()) < 60 for path in files)


def test_it_trains_and_is_scored_and_previewed_by_the_captions_of_the_data(left):
    root, (whole, *_) = left
    assert (whole["exit"], whole["status"]) == (0, "completed"), whole["said"]
    assert {"fid_digits", "inception_score_digits"} <= set(whole["metrics"])
    (run,) = Store(root / "whole")
    made = run.record().metrics["fid_digits"]
    assert "digits/test" in json.dumps(made)
    assert {"step_000008.png", "step_000008_unfolding.png"} <= {path.name for path in run.path.glob("samples/*.png")}


def test_killed_and_resumed_it_ends_as_undisturbed(left):
    _, (whole, killed, resumed, *_) = left
    assert (killed["exit"], resumed["exit"], resumed["status"]) == (-9, 0, "completed"), resumed["said"]
    assert [resumed[key] for key in SAME] == [whole[key] for key in SAME]
    assert resumed["metrics"]["fid_digits"] == whole["metrics"]["fid_digits"]


def test_it_is_asked_by_prompts_and_by_nothing_else(left):
    root, (*_, three, eight, not_four, of_the_data, label) = left
    asked = {"three": three, "eight": eight, "not_four": not_four, "of_the_data": of_the_data}
    assert [job["exit"] for job in asked.values()] == [0] * 4, [job["said"] for job in asked.values()]
    files = [[file.read_bytes() for file in sorted((root / name).glob("*.png"))] for name in asked]
    assert [len(each) for each in files] == [4] * 4
    assert all(a != b for i, a in enumerate(files) for b in files[:i])
    assert label["exit"] == 2
    assert "cannot be asked for a label, only for a prompt" in label["said"]
