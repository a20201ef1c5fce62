"""The sheet of a sweep: every job is where its labels say."""

import numpy as np
import pytest

from genlab.reports.sheet import Cell, sheet

SIDE, PAD, SCALE = 8, 6, 12


def tiles(*shades, height=SIDE, width=SIDE):
    return np.stack([np.full((3, height, width), shade, np.uint8) for shade in shades])


def shades(pixels, rows, columns, height=SIDE, width=SIDE):
    """The middle of the first picture of each cell; labels stand left and above."""
    bottom, right = pixels.shape[:2]
    cell_h, cell_w = (bottom_of(height) + PAD), (bottom_of(width) + PAD)
    top, left = bottom - PAD - rows * cell_h, right - PAD - columns * cell_w
    return [
        [int(pixels[top + PAD + r * cell_h + 20, left + PAD + c * cell_w + 20, 0]) for c in range(columns)]
        for r in range(rows)
    ]


def bottom_of(pixels):
    return pixels * SCALE


def cells(grid):
    return [
        Cell({"guidance.scale": str(scale), "sampler.steps": str(steps)}, tiles(shade))
        for (scale, steps), shade in grid.items()
    ]


def test_the_last_key_stands_above_and_the_others_on_the_left():
    pixels = sheet(cells({(1, 15): 10, (1, 35): 50, (3, 15): 90, (3, 35): 130, (7, 15): 170, (7, 35): 210}))
    assert shades(pixels, 3, 2) == [[10, 50], [90, 130], [170, 210]]
    assert pixels.shape[1] > 2 * (SIDE * SCALE + PAD) + PAD + 40  # labels on the left
    assert pixels.shape[0] > 3 * (SIDE * SCALE + PAD) + PAD + 15  # and above


def test_a_job_that_failed_leaves_its_place_empty():
    pixels = sheet(cells({(1, 15): 10, (1, 35): 50, (3, 35): 130}))
    assert shades(pixels, 2, 2) == [[10, 50], [255, 130]]


def test_long_prompts_stand_on_the_left_and_never_above():
    long = ["a lime tower critter with a crown", "a red one"]
    made = [
        Cell({"sampler.steps": s, "prompt": p}, tiles(10 * i))
        for i, (s, p) in enumerate((s, p) for s in "23" for p in long)
    ]
    assert shades(sheet(made), 2, 2) == [[0, 20], [10, 30]]
    alone = [Cell({"prompt": prompt}, tiles(i * 50 + 10)) for i, prompt in enumerate(long)]
    assert shades(sheet(alone), 2, 1) == [[10], [60]]


def test_each_prompt_of_a_file_has_a_row_and_each_job_a_column():
    made = [Cell({"guidance.scale": s}, tiles(10 * i, 10 * i + 100), ["a", "b"]) for i, s in enumerate("137")]
    assert shades(sheet(made), 2, 3) == [[0, 10, 20], [100, 110, 120]]
    several = sheet([Cell({}, tiles(0, 100, 50, 150), ["a", "b", "a", "b"])])
    assert several[20, -60, 0] == 50  # the second picture of "a" beside the first
    assert several[-20, -60, 0] == 150


def test_what_all_were_made_from_stands_before_them():
    made = [Cell({"edit.strength": s}, tiles(100 * i), original=tiles(7)) for i, s in enumerate(("0.2", "0.9"))]
    assert shades(sheet(made), 1, 3) == [[7, 0, 100]]


def test_results_stand_beside_the_picture_that_they_were_made_from():
    made = [
        Cell({"image": i, "edit.strength": s}, tiles(shade), original=tiles(int(i)))
        for shade, (i, s) in enumerate((i, s) for i in "34" for s in ("0.2", "0.9"))
    ]
    assert shades(sheet(made), 2, 3) == [[3, 0, 1], [4, 2, 3]]
    turned = [Cell(dict(reversed(cell.values.items())), cell.tiles, original=cell.original) for cell in made]
    assert shades(sheet(turned), 2, 3) == [[3, 0, 1], [4, 2, 3]]
    alone = [Cell({"image": i}, tiles(int(i) + 100), original=tiles(int(i))) for i in "34"]
    assert shades(sheet(alone), 2, 2) == [[3, 103], [4, 104]]


def test_prompts_that_begin_alike_have_a_row_each():
    beginning = "a lime dome critter with mint horns, dots, round eyes and "
    swept = [Cell({"prompt": f"{beginning}{end}"}, tiles(shade)) for end, shade in (("a smile", 10), ("teeth", 60))]
    assert shades(sheet(swept), 2, 1) == [[10], [60]]


@pytest.mark.parametrize("n", [1, 3, 4])
def test_pictures_of_different_sizes_have_room(n):
    made = [Cell({"size": "8x8"}, tiles(*[10] * n)), Cell({"size": "16x8"}, tiles(*[90] * n, height=16))]
    pixels = sheet(made)
    assert (pixels == 10).sum() == n * 3 * (8 * SCALE) ** 2
    assert (pixels == 90).sum() == 2 * n * 3 * (8 * SCALE) ** 2
