"""genlab sample: grids, folders, points, and films of samples in the making."""

from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from genlab.cli import main


def test_a_film_shows_the_samples_in_the_making_and_ends_with_them(digits_run, tmp_path):
    words = [f"run={digits_run.path}", "n=6", "sampler=ddim", "sampler.steps=9"]
    assert main(["sample", *words, "format=film", f"out={tmp_path}/film.gif", "frames=5"]) == 0
    film = Image.open(tmp_path / "film.gif")
    assert film.n_frames == 5
    assert film.width >= 2 * 2 * 58  # two grids side by side
    film.seek(4)
    assert film.info["duration"] >= 1000  # the end stays
    last = np.asarray(film.convert("L")).astype(int)
    width = (last.shape[1] - 12) // 2
    assert abs(last[:, :width] - last[:, -width:]).max() <= 2  # the sample is what was predicted
    film.seek(0)
    first = np.asarray(film.convert("L")).astype(int)
    assert abs(first[:, :width] - last[:, :width]).mean() > 20


@pytest.mark.parametrize("through_network", ["true", "false"])
def test_guidance_by_a_colour_makes_pictures_of_it(digits_run, tmp_path, through_network):
    words = [f"run={digits_run.path}", "n=4", "sampler=ddim", "sampler.steps=10", f"out={tmp_path}/a.png"]
    wish = ["guidance=colour", f"guidance.through_network={through_network}", "guidance.scale=20"]
    found = {}
    for colour in (-0.9, 0.9):
        assert main(["sample", *words, *wish, f"guidance.loss.colour=[{colour}]"]) == 0
        found[colour] = float(np.asarray(Image.open(tmp_path / "a.png").convert("L"), float).mean())
    assert found[0.9] > found[-0.9] + 50


def test_points_become_a_plot_and_a_table(roll_run, tmp_path):
    words = [f"run={roll_run.path}", "n=50"]
    assert main(["sample", *words, f"out={tmp_path}/roll.png"]) == 0
    points = np.load(tmp_path / "roll.npy")
    assert points.shape == (50, 2)
    assert points.dtype == np.float32
    assert np.isfinite(points).all()
    assert (np.asarray(Image.open(tmp_path / "roll.png").convert("L")) < 200).sum() > 100
    assert main(["sample", *words, "format=film", f"out={tmp_path}/roll.gif"]) == 0
    assert Image.open(tmp_path / "roll.gif").n_frames == 8  # as many as there are steps


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["format=flim"], "must be grid, folder, film, mixing, variation or truncation; did you mean 'film'?"),
        (["format=film", "out=a.avi"], "out = a.avi: a film ends in .gif or .mp4"),
        (["format=mixing"], "has no styles: it needs a generator with a mapping network, as that of model=stylegan"),
        (["frames=0"], "frames = 0 must be 1 or more"),
        (["label=10"], "label = 10 must be one of the data's classes, 0 to 9"),
        (["label=three"], "label = 'three' must be a whole number of 0 or more, or null"),
        (["label=[1,2]"], "label = [1, 2] must be a whole number of 0 or more, or null"),
        (["label=3.5"], "label = 3.5 must be a whole number of 0 or more, or null"),
        (["label=true"], "label = True must be a whole number of 0 or more, or null"),
        (["out=3"], "out = 3 must be text, or null"),
        (["checkpoint=newest"], "checkpoint = 'newest' must be last or best"),
        (["sampler=ddim", "sampler.steps=1001"], "sampler.steps = 1001 must not exceed scheduler.train_timesteps"),
        (["guidance=colour"], "guidance.loss.colour = [0.1, 0.9, 0.5] has 3 values, and the pictures 1 channels"),
        (["guidance=colour", "guidance.loss.colour=[7]"], "guidance.loss.colour[0] = 7 must be in [-1, 1]"),
        (["sampler=rk45"], "the solver RK45 needs a schedule of continuous time"),
        (["sampler=edm_churn"], "the time of Linear is not sigma"),
        (["prompt=a cat"], "prompt = a cat: this model cannot be asked for a prompt, only for a label"),
        (["prompts=nowhere.txt"], "prompts = nowhere.txt must be a text file with a prompt a line: no such file"),
        (["size=large"], "size = large must be HEIGHTxWIDTH in pixels, as in size=64x32, or one number"),
        (["size=15x8"], "size = 15x8 must be multiples of 2, such as 16x8: the network divides its pictures by 2"),
        (["size=0"], "size = 0 must be"),
    ],
)
def test_a_wish_that_cannot_be_met_is_one_sentence(digits_run, words, sentence, capsys):
    assert main(["sample", f"run={digits_run.path}", *words]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error


def test_pictures_have_the_size_that_is_asked_for_height_first(digits_run, tmp_path):
    words = [f"run={digits_run.path}", "n=2", "sampler=ddim", "sampler.steps=2", "format=folder"]
    for size, shape in (("16x8", (8, 16)), ("8", (8, 8)), ("null", (8, 8))):
        assert main(["sample", *words, f"size={size}", f"out={tmp_path}/{size}"]) == 0
        assert Image.open(tmp_path / size / "000000.png").size == shape
    assert (tmp_path / "8/000001.png").read_bytes() == (tmp_path / "null/000001.png").read_bytes()


def test_an_unconditional_model_is_asked_for_no_label_and_no_guidance(roll_run, capsys):
    for words, sentence in ((["guidance=classifier_free"], "this model has none"), (["label=3"], "label = 3")):
        assert main(["sample", f"run={roll_run.path}", *words]) == 2
        error = capsys.readouterr().err
        assert sentence in error
        assert error.count("\n") == 1


def test_an_mp4_is_written_where_its_library_is_and_asked_for_where_it_is_not(digits_run, tmp_path, capsys):
    words = [f"run={digits_run.path}", "n=2", "format=film", f"out={tmp_path}/film.mp4"]
    if find_spec("imageio") and find_spec("imageio_ffmpeg"):
        assert main(["sample", *words]) == 0
        assert b"ftyp" in (tmp_path / "film.mp4").read_bytes()[:64]
    else:
        assert main(["sample", *words]) == 2
        assert "pip install 'genlab[film]', or take out=FILE.gif" in capsys.readouterr().err


def test_a_run_asked_for_by_its_saved_config_is_done_before(digits_run, capsys):
    words = ["--config-dir", str(digits_run.path), "--config-name", "config"]
    assert main(["train", *words, f"paths.output_dir={digits_run.path.parents[1]}"]) == 0
    assert f"{digits_run.path.name}: done before" in capsys.readouterr().err


def test_a_sweep_file_is_written_for_variations_of_a_saved_config(digits_run, capsys):
    words = ["--config-dir", str(digits_run.path), "--config-name", "config"]
    assert main(["wandb-sweep", "metric=fid_digits", *words, "metrics=image", "optimizer.lr=0.001,0.002"]) == 0
    assert str(digits_run.path) in capsys.readouterr().out


def test_a_folder_of_samples_holds_those_of_the_last_request(digits_run, tmp_path):
    words = [f"run={digits_run.path}", "sampler=ddim", "sampler.steps=2", "format=folder", f"out={tmp_path}/fold"]
    assert main(["sample", *words, "n=6"]) == 0
    assert main(["sample", *words, "n=2"]) == 0
    assert sorted(path.name for path in (tmp_path / "fold").glob("*.png")) == ["000000.png", "000001.png"]


def test_pictures_of_somebody_elses_are_left_alone_before_anything_is_drawn(digits_run, tmp_path, capsys):
    (tmp_path / "000000.png").write_bytes(b"mine")
    words = [f"run={digits_run.path}", "sampler=ddim", "sampler.steps=2", "format=folder", f"out={tmp_path}"]
    assert main(["sample", *words]) == 2
    assert "holds 1 pictures that are no samples (000000.png): give another folder" in capsys.readouterr().err
    assert (tmp_path / "000000.png").read_bytes() == b"mine"
