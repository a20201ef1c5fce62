"""Pictures of styles from the command line, of one tiny model of classes: each is there, with all of its cells."""

import numpy as np
import pytest
from PIL import Image

from commands.conftest import QUICK
from genlab.cli import main
from genlab.runs.store import Store

CELL = 8 * 7 + 2
"""Pixels of a digit as it is shown, with its border; labels take less than that above a picture."""


@pytest.fixture(scope="module")
def styles_run(tmp_path_factory):
    root = tmp_path_factory.mktemp("styles")
    tiny = ["dataset.train_size=128", "generator.width=4", "discriminator.width=4", "model.num_classes=10"]
    assert main(["train", "experiment=adversarial/stylegan1_digits", *tiny, *QUICK, f"paths.output_dir={root}"]) == 0
    return f"run={next(iter(Store(root))).path}"


def rows_and_columns(path):
    with Image.open(path) as picture:
        assert np.asarray(picture.convert("L")).std() > 0
        return picture.height // CELL, picture.width // CELL


@pytest.mark.parametrize(
    ("words", "rows", "columns"),
    [
        (["format=variation", "n=3"], 3, 5),  # four noises and their deviation
        (["format=truncation", "n=2"], 2, 6),
        (["format=film", "n=4", "frames=3"], 2, 2),
    ],
)
def test_a_picture_of_styles_has_a_row_for_each_sample(styles_run, words, rows, columns, tmp_path):
    out = tmp_path / ("film.gif" if "format=film" in words else "picture.png")
    assert main(["sample", styles_run, *words, f"out={out}"]) == 0
    assert rows_and_columns(out) == (rows, columns)
    with Image.open(out) as picture:
        assert getattr(picture, "n_frames", 1) == (3 if out.suffix == ".gif" else 1)


def test_mixing_has_each_pair_for_three_bands_of_styles(styles_run, tmp_path):
    assert main(["sample", styles_run, "format=mixing", "n=4", f"out={tmp_path}/mixing.png"]) == 0
    rows, columns = rows_and_columns(tmp_path / "mixing.png")
    assert rows == 1 + 3 * 2
    assert columns >= 3  # and the names of the bands on the left


def test_a_sweep_of_truncation_is_a_sheet_of_the_same_samples(styles_run, tmp_path, capsys):
    assert main(["sample", "-m", styles_run, "n=4", "sampler.truncation=0,1", "sampler.noise=fixed"]) == 0
    *drawn, sheet = [line for line in capsys.readouterr().out.split() if line.endswith(".png")]
    assert len(drawn) == 2
    of_mean, of_styles = (np.asarray(Image.open(path).convert("L")) for path in drawn)
    assert np.array_equal(of_mean[:CELL, :CELL], of_mean[:CELL, CELL : 2 * CELL])  # the mean style has one picture
    assert not np.array_equal(of_styles[:CELL, :CELL], of_styles[:CELL, CELL : 2 * CELL])
    assert rows_and_columns(sheet)[0] == 4


def test_a_projection_and_a_direction_leave_a_row_for_each_picture(styles_run, tmp_path):
    projected, moved = tmp_path / "projected.png", tmp_path / "moved.png"
    assert main(["edit", styles_run, "edit=project", "edit.steps=2", "picture=3", f"out={projected}"]) == 0
    styles = np.load(tmp_path / "projected_styles.npy")
    assert styles.shape[1:] == (6, 32)
    assert rows_and_columns(projected) == (1, 1 + len(styles))
    kept = f"edit.styles={tmp_path}/projected_styles.npy"
    assert (
        main(["edit", styles_run, "edit=direction", "edit.to=8", "edit.samples=100", "picture=3", kept, f"out={moved}"])
        == 0
    )
    assert rows_and_columns(moved) == (1, 1 + 5)
