"""Films, data of three dimensions and channels, by an outsider: they are trained on, scored, shown and written."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from extension.commands import carried_out

HERE = Path(__file__).parent / "film"
ALLOWED = "allow_targets=[film.Dots,film.Conv3d,film.Flicker]"
TRAIN = ["--config-dir", ".", "experiment=film", ALLOWED, "logger=none", "callbacks.checkpoints.every_n_steps=2"]


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """What each command left: an undisturbed training, one killed at step 5, the same resumed, and samples of it."""
    root = tmp_path_factory.mktemp("film")
    whole, resumed = ({"arguments": TRAIN, "store": f"{root}/{name}"} for name in ("whole", "resumed"))
    of_run = {"store": f"{root}/resumed", "verb": "sample"}
    words = ["run=latest", ALLOWED, "n=3"]
    jobs = [
        whole, resumed | {"kill_at": 5}, resumed,
        of_run | {"arguments": [*words, "format=folder", f"out={root}/files"]},
        of_run | {"arguments": [*words, "format=folder", "file_type=npy", f"out={root}/numbers"]},
        of_run | {"arguments": [*words, "format=film", f"out={root}/film.gif"]},
        of_run | {"arguments": [*words, f"out={root}/grid.png"]},
        of_run | {"arguments": [*words, "format=folder", "file_type=png", f"out={root}/refused"]},
    ]  # fmt: skip
    return root, carried_out(jobs, HERE, root)


def test_the_outsiders_files_are_short():
    files = [*HERE.glob("*.py"), *HERE.rglob("*.yaml")]
    assert [len(path.read_text().splitlines()) < 60 for path in files] == [True, True]


def test_killed_and_resumed_it_ends_as_undisturbed(left):
    _, (whole, killed, resumed, *_) = left
    assert (whole["exit"], whole["status"]) == (0, "completed"), whole["said"]
    assert (killed["exit"], resumed["exit"], resumed["status"]) == (-9, 0, "completed"), resumed["said"]
    same = ("fingerprint", "losses", "weights", "state", "metrics")
    assert [resumed[key] for key in same] == [whole[key] for key in same]
    assert set(whole["metrics"]) == {"flicker"}


def test_its_samples_are_files_and_what_they_cannot_be_is_said(left):
    root, results = left
    *written, refused = results[3:]
    assert [result["exit"] for result in written] == [0, 0, 0, 0], [result["said"] for result in written]
    assert sorted(path.name for path in (root / "files").glob("0*")) == [f"00000{i}.gif" for i in range(3)]
    assert refused["exit"] == 2
    assert "file_type = png: a file of video ends in .gif or .mp4 or .npy, not .png" in refused["said"]
    assert Image.open(root / "film.gif").n_frames > 5


def test_a_film_file_has_the_frames_of_the_sample(left):
    root, _ = left
    numbers = np.load(root / "numbers/000001.npy")
    assert numbers.shape == (1, 6, 8, 12)
    film = Image.open(root / "files/000001.gif")
    for k in range(film.n_frames):
        film.seek(k)
        assert np.array_equal(np.asarray(film.convert("L")), numbers[0, k])
    assert film.n_frames == 6
    assert Image.open(root / "grid_film.gif").n_frames == 6


def test_previews_stand_still_and_move(left):
    root, _ = left
    (folder,) = root.glob("whole/*/*/samples")
    names = {path.name for path in folder.iterdir()}
    assert {"step_000008.png", "step_000008_film.gif", "step_000008_unfolding.png", "schedule.png"} <= names
