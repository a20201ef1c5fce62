"""Sounds of one dimension, by an outsider: they are trained on, scored, listened to and written as WAV files."""

import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from extension.commands import carried_out

HERE = Path(__file__).parent / "tones"
ALLOWED = "allow_targets=[tones.Tones,tones.Wavenet,tones.Spectrum]"
TRAIN = ["--config-dir", ".", "experiment=tones", ALLOWED, "logger=none", "callbacks.checkpoints.every_n_steps=2"]


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """What each command left: an undisturbed training, one killed at step 5, the same resumed, and samples of it."""
    root = tmp_path_factory.mktemp("tones")
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
        of_run | {"verb": "report", "arguments": ["latest", f"out={root}/page.html"]},
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
    assert set(whole["metrics"]) == {"fid_spectrum"}


def test_its_samples_are_files_and_what_they_cannot_be_is_said(left):
    root, results = left
    *written, refused = results[3:8]
    assert [result["exit"] for result in written] == [0, 0, 0, 0], [result["said"] for result in written]
    assert sorted(path.name for path in (root / "files").glob("0*")) == [f"00000{i}.wav" for i in range(3)]
    assert refused["exit"] == 2
    assert "file_type = png: a file of audio ends in .wav or .npy, not .png" in refused["said"]
    assert Image.open(root / "film.gif").n_frames > 5


def test_a_sound_file_has_the_rate_of_the_data_and_the_numbers_of_the_sample(left):
    root, _ = left
    with wave.open(str(root / "files/000001.wav")) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (8000, 2, 1)
        heard = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    numbers = np.load(root / "numbers/000001.npy")
    assert numbers.shape == (1, 512)
    assert np.array_equal(heard, numbers[0])
    assert len(np.unique(heard)) > 100
    with wave.open(str(root / "grid_sound.wav")) as file:
        assert file.getnframes() == 3 * (512 + 1600)


def test_previews_are_seen_and_heard(left):
    root, _ = left
    (folder,) = root.glob("whole/*/*/samples")
    names = {path.name for path in folder.iterdir()}
    assert {"step_000009.png", "step_000009_sound.wav", "step_000009_unfolding.png", "schedule.png"} <= names


def test_the_page_plays_them(left):
    root, (*_, page) = left
    assert page["exit"] == 0, page["said"]
    assert "data:audio/wav;base64," in (root / "page.html").read_text()
