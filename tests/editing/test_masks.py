import numpy as np
import pytest
import torch
from PIL import Image

from genlab.editing.masks import REGIONS, known_outside


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("size", [8, 9])
def test_a_region_is_filled_in_and_the_rest_is_known(region, size):
    known = known_outside(region, size)
    assert known.shape == (1, 1, size, size)
    assert 0.2 < float((~known).float().mean()) < 0.6


def test_halves_are_where_they_are_named():
    left, right, top, bottom, middle = (~known_outside(region, 4)[0, 0] for region in REGIONS)
    assert torch.equal(left, ~right)
    assert torch.equal(top, ~bottom)
    assert left[:, 0].all()
    assert top[0].all()
    assert middle[1:3, 1:3].all()
    assert not middle[0].any()


def test_a_picture_is_filled_in_where_it_is_white(tmp_path):
    drawn = np.zeros((4, 4), np.uint8)
    drawn[1, 2], drawn[3, 3] = 255, 100
    Image.fromarray(drawn).save(tmp_path / "mask.png")
    known = known_outside(str(tmp_path / "mask.png"), 4)
    assert (~known).nonzero().tolist() == [[0, 0, 1, 2]]


def test_a_mask_that_is_white_nowhere_fills_nothing_in_and_is_refused(tmp_path):
    Image.new("L", (8, 8), 100).save(tmp_path / "black.png")
    with pytest.raises(ValueError, match=r"black.png is white nowhere, and white is what is filled in"):
        known_outside(str(tmp_path / "black.png"), 8)


def test_what_is_no_mask_is_said(tmp_path):
    Image.new("L", (5, 3)).save(tmp_path / "mask.png")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(ValueError, match=r"is 5 x 3 pixels, and the model's pictures are 8 x 8"):
        known_outside(str(tmp_path / "mask.png"), 8)
    for name in ("nothing.png", "text.png", "."):
        with pytest.raises(ValueError, match="must be left, right, top, bottom, middle, or a picture file"):
            known_outside(str(tmp_path / name), 8)


def test_regions_of_a_rectangle():
    left, right, top, bottom, middle = (~known_outside(region, (4, 6))[0, 0] for region in REGIONS)
    assert torch.equal(left, ~right)
    assert torch.equal(top, ~bottom)
    assert left.nonzero()[:, 1].max() == 2
    assert top.nonzero()[:, 0].max() == 1
    assert middle.sum() == 2 * 4


def test_a_mask_of_a_rectangle_has_its_height_and_width(tmp_path):
    Image.new("L", (6, 4), 255).save(tmp_path / "mask.png")
    assert not known_outside(str(tmp_path / "mask.png"), (4, 6)).any()
    with pytest.raises(ValueError, match=r"is 6 x 4 pixels, and the model's pictures are 4 x 6"):
        known_outside(str(tmp_path / "mask.png"), (6, 4))
