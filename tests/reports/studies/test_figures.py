"""A study's page shows a picture a row: of all its runs, of its own evaluation, and none twice."""

import pytest
from PIL import Image

from genlab.reports.collect import Collected
from genlab.reports.studies.figures import figures
from genlab.runs.store import Run


@pytest.fixture
def run(tmp_path):
    def make(name, colour, size=(100, 50), **record):
        folder = tmp_path / name
        Image.new("RGB", size, colour).save(_made(folder / "samples") / "step_000010.png")
        return Collected(Run(folder), record, {})

    return make


def _made(folder):
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_the_runs_of_a_row_are_one_sheet_in_reading_order(run, tmp_path):
    colours = ["#ff0000", "#00ff00", "#0000ff"]
    runs = [run(colour[1:], colour) for colour in colours]
    found = figures({"1": runs}, ["samples"], tmp_path / "out")
    assert found == {"samples": {"1": "pictures/samples_1.png"}}
    with Image.open(tmp_path / "out" / "pictures" / "samples_1.png") as sheet:
        assert sheet.size == (206, 106)
        shown = [sheet.convert("RGB").getpixel(at) for at in [(50, 25), (156, 25), (50, 81), (156, 81)]]
    assert shown == [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]


def test_rows_of_one_training_show_its_picture_once(run, tmp_path):
    same, other = run("same", "red"), run("other", "blue")
    found = figures({"4": [same], "5": [same], "6": [other]}, ["samples"], tmp_path / "out")
    assert list(found["samples"]) == ["5", "6"]


def test_a_row_of_an_evaluation_shows_that_evaluation(run, tmp_path):
    training = run("run", "red")
    evaluated = Collected(training.run, {"evaluation": "abc"}, {})
    Image.new("RGB", (10, 10), "blue").save(_made(training.run.path / "evaluations" / "abc") / "samples.png")
    found = figures({"trained": [training], "evaluated": [evaluated]}, ["samples"], tmp_path / "out")
    with Image.open(tmp_path / "out" / found["samples"]["evaluated"]) as picture:
        assert picture.convert("RGB").getpixel((0, 0)) == (0, 0, 255)


@pytest.mark.parametrize(("rows", "width"), [(1, 960), (2, 630), (5, 420)])
def test_pictures_share_the_width_of_the_page(run, tmp_path, rows, width):
    shown = {str(i): [run(f"run{i}", "red", (2000, 1500))] for i in range(rows)}
    found = figures(shown, ["samples"], tmp_path / "out")
    with Image.open(tmp_path / "out" / found["samples"]["0"]) as picture:
        assert picture.size == (width, width * 3 // 4)


def test_a_landscape_of_several_pictures_stays_legible_among_many(run, tmp_path):
    found = figures({str(i): [run(f"run{i}", "red", (2000, 800))] for i in range(5)}, ["samples"], tmp_path / "out")
    with Image.open(tmp_path / "out" / found["samples"]["0"]) as picture:
        assert picture.width == 640
