"""A folder of samples holds the samples of one request."""

import pytest
import torch
from PIL import Image

from genlab.modalities.image import Image as Pictures
from genlab.reports.samples import check_folder, write_folder

PICTURES = Pictures()


def samples(n, shade=0.0):
    return torch.full((n, 1, 4, 4), shade)


def pictures(folder):
    return sorted(path.name for path in folder.rglob("*.png"))


def test_fewer_samples_take_the_place_of_more(tmp_path):
    write_folder(tmp_path / "fold", [samples(12)], PICTURES)
    write_folder(tmp_path / "fold", [samples(4, 1.0)], PICTURES)
    assert pictures(tmp_path / "fold") == [f"{i:06d}.png" for i in range(4)]
    assert Image.open(tmp_path / "fold/000003.png").getpixel((0, 0)) == 255


def test_each_batch_is_written_before_the_next_one_is_made(tmp_path):
    """So that a million samples need the memory of one batch."""

    def batches():
        for i in range(3):
            assert len(pictures(tmp_path)) == 2 * i
            yield samples(2)

    assert len(write_folder(tmp_path / "fold", batches(), PICTURES)) == len(pictures(tmp_path)) == 6


@pytest.mark.parametrize("name", ["000000.png", "holiday.jpg", "deeper/a.webp"])
def test_pictures_of_somebody_elses_are_neither_overwritten_nor_joined(name, tmp_path):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"mine")
    for attempt in (lambda: check_folder(tmp_path), lambda: write_folder(tmp_path, [samples(4)], PICTURES)):
        with pytest.raises(ValueError, match=rf"holds 1 pictures that are no samples \({name}\): give another folder"):
            attempt()
    assert (tmp_path / name).read_bytes() == b"mine"


def test_other_files_stay(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    write_folder(tmp_path, [samples(2)], PICTURES)
    write_folder(tmp_path, [samples(1)], PICTURES)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_runs_own_folder_is_cleared_though_nobody_wrote_down_what_is_in_it(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "000007.png")
    write_folder(tmp_path, [samples(2)], PICTURES, own=True)
    assert pictures(tmp_path) == ["000000.png", "000001.png"]


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "{}",
        "3",
        '{"samples": ["../outside.png", 5]}',
        '{"samples": ["../outside.png", "/etc/x.png", "notes.txt"]}',
    ],
)
@pytest.mark.filterwarnings("ignore::genlab.notice.Notice")
def test_a_list_of_samples_that_is_damaged_or_leads_out_of_the_folder_takes_nothing_away(content, tmp_path):
    (tmp_path / "outside.png").write_bytes(b"mine")
    (tmp_path / "fold").mkdir()
    (tmp_path / "fold/notes.txt").write_text("mine")
    (tmp_path / "fold/.genlab-samples.json").write_text(content)
    write_folder(tmp_path / "fold", [samples(1)], PICTURES)
    assert pictures(tmp_path) == ["000000.png", "outside.png"]
    assert (tmp_path / "fold/notes.txt").exists()
