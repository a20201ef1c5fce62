"""genlab edit: one picture of what was, what the model is given, and what it makes of it."""

import numpy as np
import pytest
from PIL import Image

from genlab.cli import main

SIDE, LABELS = 56, 23
"""Pixels of an enlarged digit, and of the line of text above."""


def tiles(path, count):
    """The pictures in a row, as they were before they were enlarged: (count, 8, 8)."""
    pixels = np.asarray(Image.open(path).convert("L"))
    assert pixels.shape == (LABELS + SIDE + 4, count * (SIDE + 2) + 2)
    return np.stack([pixels[LABELS + 5 :: 7, 2 + i * (SIDE + 2) + 3 :][:8, : SIDE - 3 : 7] for i in range(count)])


def edited(run, out, count, *words):
    assert main(["edit", f"run={run.path}", *words, f"out={out}"]) == 0
    return tiles(out, count)


def test_the_known_half_stays_and_each_result_has_its_own_other_half(digits_run, tmp_path):
    row = edited(digits_run, tmp_path / "a.png", 5, "edit=inpaint", "mask=right", "picture=2", "n=3")
    original, given, results = row[0], row[1], row[2:]
    assert (results[:, :, :4] == original[:, :4]).all()
    assert (given[:, :4] == original[:, :4]).all()
    assert (given[:, 4:] == 128).all()
    assert (results[0] != results[1]).any()


def test_a_mask_may_be_a_picture_and_a_picture_any_file(digits_run, tmp_path):
    mask, photo = np.zeros((8, 8), np.uint8), np.full((20, 30, 3), 200, np.uint8)
    mask[2:5, 1] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    Image.fromarray(photo).save(tmp_path / "photo.jpg")
    words = [f"picture={tmp_path}/photo.jpg", f"mask={tmp_path}/mask.png", "label=3", "n=1"]
    original, given, result = edited(digits_run, tmp_path / "a.png", 3, *words)
    assert (original == original[0, 0]).all()
    assert ((given == 128) == (mask == 255)).all()
    assert (result[mask == 0] == original[mask == 0]).all()


def test_a_weak_edit_is_near_the_picture_and_results_are_the_same_every_time(digits_run, tmp_path):
    words = ["edit=sdedit", "picture=1", "n=2", "sampler=ddim", "sampler.steps=20"]
    weak = edited(digits_run, tmp_path / "weak.png", 4, *words, "edit.strength=0.05").astype(float)
    again = edited(digits_run, tmp_path / "again.png", 4, *words, "edit.strength=0.05").astype(float)
    strong = edited(digits_run, tmp_path / "strong.png", 4, *words, "edit.strength=1").astype(float)
    assert (weak == again).all()
    assert abs(weak[2:] - weak[0]).mean() < 0.7 * abs(strong[2:] - strong[0]).mean()


def test_a_picture_comes_back_from_its_noise_and_another_class_with_it(digits_run, tmp_path):
    words = ["edit=invert", "edit.iterations=20", "edit.to=5", "image=0", "sampler=ddim", "sampler.steps=20"]
    original, noise, back, _ = edited(digits_run, tmp_path / "a.png", 4, *words).astype(float)
    assert abs(back - original).mean() < 0.3 * abs(noise - original).mean()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["edit=inpant"], "did you mean 'inpaint'"),
        (["edit.mask=lft"], "mask = lft must be left, right, top, bottom, middle, or a picture file"),
        (["edit.mask={large}"], "is 9 x 9 pixels, and the model's pictures are 8 x 8"),
        (["edit=sdedit", "edit.strength=0"], "edit.strength = 0 must be in (0, 1]"),
        (["edit=sdedit", "edit.strength=1.5"], "edit.strength = 1.5 must be in (0, 1]"),
        (["edit=invert", "edit.to=10"], "label 10 is not a class of this model: the labels are 0 to 9"),
        (["picture=180"], "picture = 180: the test pictures are 0 to 179"),
        (["image=-1"], "picture = -1: the test pictures are 0 to 179"),
        (["picture=nowhere.png", "label=1"], "picture = nowhere.png is not a picture file"),
        (
            ["edit=sdedit", "mask=left"],
            "mask = left: this model cannot be asked for a mask, only for a label, and edit",
        ),
        (["depth={large}"], "this model cannot be asked for depths, only for a label"),
        (["picture={large}"], "label is missing: which of the 10 classes"),
        (["label=10"], "label = 10 must be one of the data's classes, 0 to 9"),
        (["label=three"], "label = 'three' must be a whole number of 0 or more, or null"),
        (["n=0"], "n = 0 must be 1 or more"),
        (["sampler=ddim", "sampler.steps=1001"], "sampler.steps = 1001 must not exceed scheduler.train_timesteps"),
    ],
)
def test_a_wish_that_cannot_be_met_is_one_sentence(digits_run, tmp_path, words, sentence, capsys):
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(tmp_path / "large.png")
    words = [word.format(large=tmp_path / "large.png") for word in words]
    assert main(["edit", f"run={digits_run.path}", *words, f"out={tmp_path}/never.png"]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error
    assert not (tmp_path / "never.png").exists()


def test_only_a_diffusion_model_of_pictures_edits(roll_run, capsys):
    assert main(["edit", f"run={roll_run.path}"]) == 2
    assert "is no diffusion model of pictures" in capsys.readouterr().err
