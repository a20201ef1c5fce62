"""A run's folder may come from somebody else: no link in it makes a command write or delete outside of it."""

import shutil

import pytest

from genlab.cli import main
from genlab.runs.store import Run

SHORT = ["sampler=ddim", "sampler.steps=2"]
WRITERS = {
    "sample": ("samples", [*SHORT, "n=2"]),
    "sample folder": ("samples", [*SHORT, "n=2", "format=folder"]),
    "sample film": ("samples", [*SHORT, "n=2", "format=film"]),
    "edit": ("samples", [*SHORT, "image=0", "n=1"]),
    "evaluate": ("evaluations", [*SHORT, "metrics=image", "metrics.n_samples=20"]),
    "evaluate -m": ("evaluations", [*SHORT, "metrics=image", "metrics.n_samples=20", "-m"]),
}


@pytest.fixture
def mine(tmp_path):
    """A folder outside of any run, with a picture; whatever becomes of it is found at the end."""
    folder = tmp_path / "pics"
    folder.mkdir()
    (folder / "holiday.png").write_bytes(b"mine")
    (folder / "000000.png").write_bytes(b"mine, too")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    yield folder
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.fixture
def copied(digits_run, tmp_path):
    return Run(shutil.copytree(digits_run.path, tmp_path / "store" / "train" / "stranger"))


@pytest.mark.parametrize("name", WRITERS)
def test_a_folder_that_is_a_link_is_not_written_through(name, copied, mine, tmp_path, capsys):
    folder, words = WRITERS[name]
    shutil.rmtree(copied.path / folder, ignore_errors=True)
    (copied.path / folder).symlink_to(mine)
    assert main([name.partition(" ")[0], f"run={copied.path}", *words, f"paths.output_dir={tmp_path}/store"]) == 2
    assert "leads out of the run's folder" in capsys.readouterr().err


def test_a_link_in_the_place_of_one_request_is_not_written_through(copied, mine, tmp_path, capsys):
    words = ["sample", f"run={copied.path}", *WRITERS["sample folder"][1], f"paths.output_dir={tmp_path}/store"]
    assert main(words) == 0
    (drawn,) = (path for path in copied.samples.iterdir() if path.is_dir())
    shutil.rmtree(drawn)
    drawn.symlink_to(mine)
    assert main(words) == 2
    assert f"{drawn} leads out of the run's folder" in capsys.readouterr().err


def test_pictures_that_are_named_unlike_samples_stay_in_a_runs_own_folder_of_samples(copied, tmp_path):
    words = ["sample", f"run={copied.path}", *WRITERS["sample folder"][1], f"paths.output_dir={tmp_path}/store"]
    assert main(words) == 0
    (drawn,) = (path for path in copied.samples.iterdir() if path.is_dir())
    (drawn / "holiday.png").write_bytes(b"mine")
    assert main(words) == 0
    assert (drawn / "holiday.png").read_bytes() == b"mine"
