"""Masked tokens over integers, by an outsider: no file of genlab knows them, and everything serves them."""

from pathlib import Path

import pytest
from PIL import Image

from extension.commands import carried_out
from genlab.runs.store import Store

HERE = Path(__file__).parent / "masked_tokens"
NAMES = [f"masked_tokens.{name}" for name in ("Masking", "HiddenNats", "Confidence", "Logits")]
ALLOWED = f"allow_targets=[{','.join(NAMES)}]"
TRAIN = [
    "--config-dir",
    ".",
    "experiment=masked_tokens",
    ALLOWED,
    "logger=none",
    "callbacks.checkpoints.every_n_steps=3",
]


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """What each command left: an undisturbed training, one killed at step 5, the same resumed, and samples of it."""
    root = tmp_path_factory.mktemp("masked_tokens")
    whole, resumed = {"arguments": TRAIN, "store": f"{root}/whole"}, {"arguments": TRAIN, "store": f"{root}/resumed"}
    of_run = {"store": f"{root}/resumed", "verb": "sample"}
    words = ["run=latest", ALLOWED, "n=6"]
    jobs = [
        whole, resumed | {"kill_at": 5}, resumed,
        of_run | {"arguments": [*words, "format=folder", f"out={root}/files"]},
        of_run | {"arguments": [*words, "format=film", f"out={root}/film.gif"]},
        of_run | {"verb": "evaluate", "arguments": ["run=latest", ALLOWED, "guidance.scale=1", "metrics.n_samples=20"]},
        {"arguments": [*TRAIN, "guidance=colour", "guidance.loss.colour=[1]"], "store": f"{root}/misfit"},
    ]  # fmt: skip
    return root, carried_out(jobs, HERE, root)


def test_the_outsiders_files_are_short():
    assert [len(path.read_text().splitlines()) < 60 for path in (*HERE.glob("*.py"), *HERE.rglob("*.yaml"))] == [
        True
    ] * 2


def test_it_trains_and_is_scored_and_previewed(left):
    root, (whole, *_) = left
    assert (whole["exit"], whole["status"]) == (0, "completed"), whole["said"]
    assert {"fid_digits", "inception_score_digits"} <= set(whole["metrics"])
    (run,) = Store(root / "whole")
    previews = {path.name for path in run.path.glob("samples/*.png")}
    assert {"step_000008.png", "step_000008_unfolding.png"} <= previews
    assert whole["losses"][-1][1] < whole["losses"][0][1]


def test_killed_and_resumed_it_ends_as_undisturbed(left):
    _, (whole, killed, resumed, *_) = left
    assert (killed["exit"], resumed["exit"], resumed["status"]) == (-9, 0, "completed"), resumed["said"]
    assert [resumed[key] for key in ("fingerprint", "losses", "weights", "state")] == [
        whole[key] for key in ("fingerprint", "losses", "weights", "state")
    ]
    scores = [
        {name: result["metrics"][name] for name in ("fid_digits", "inception_score_digits")}
        for result in (whole, resumed)
    ]
    assert scores[0] == scores[1]


def test_samples_are_files_of_the_levels_and_a_film(left):
    root, results = left
    assert [result["exit"] for result in results[3:6]] == [0, 0, 0], [result["said"] for result in results[3:6]]
    files = sorted((root / "files").glob("*.png"))
    assert len(files) == 6
    assert {grey for file in files for _, grey in Image.open(file).convert("L").getcolors()} <= {0, 85, 170, 255}
    assert Image.open(root / "film.gif").n_frames > 2


def test_a_misfit_of_parts_is_one_sentence_before_training(left):
    _, (*_, misfit) = left
    assert misfit["exit"] == 2
    assert "follows the gradient of a loss through Gaussian noise, and this process adds none" in misfit["said"]
    assert "Traceback" not in misfit["said"]
