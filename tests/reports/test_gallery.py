"""Pictures within a budget: the most telling ones first."""

import base64
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from genlab.modalities.grids import save_png
from genlab.reports.gallery import galleries, order_of_steps


def pictures(folder, runs: int, steps: list[int], side: int) -> list[dict]:
    rng = np.random.default_rng(0)
    found = []
    for run in range(runs):
        paths = {step: folder / f"{run}_{step}.png" for step in steps}
        for path in paths.values():
            save_png(path, rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
        found.append({"samples": paths})
    return found


def bytes_of(uri: str) -> bytes:
    return base64.b64decode(uri.partition(",")[2])


def test_within_the_budget_pictures_are_taken_as_they_are(tmp_path):
    given_ = pictures(tmp_path, 2, [1, 2], 16)
    (gallery,) = galleries(given_)
    assert gallery.left_out == 0
    for strip in gallery.strips:
        for step, uri in strip.pictures.items():
            assert bytes_of(uri) == given_[strip.run]["samples"][step].read_bytes()


def test_beyond_the_budget_every_run_keeps_its_last_step_first(tmp_path):
    (gallery,) = galleries(pictures(tmp_path, 4, [1, 2, 3], 256), budget=400_000)
    assert [strip.run for strip in gallery.strips] == [0, 1, 2, 3]
    assert all(3 in strip.pictures for strip in gallery.strips)
    kept = [uri for strip in gallery.strips for uri in strip.pictures.values()]
    assert sum(len(bytes_of(uri)) for uri in kept) <= 400_000
    assert gallery.left_out == 12 - len(kept) > 0
    with Image.open(io.BytesIO(bytes_of(kept[0]))) as image:
        assert image.format == "WEBP"


def test_a_picture_that_cannot_be_read_is_missing_and_nothing_else(tmp_path):
    given_ = pictures(tmp_path, 2, [1], 256)
    given_[0]["samples"][1].write_bytes(b"no picture" * 20_000)
    (gallery,) = galleries(given_, budget=150_000)
    assert [strip.run for strip in gallery.strips] == [1]


def test_no_pictures_make_no_gallery():
    assert galleries([{}, {}]) == []


@given(st.lists(st.integers(0, 1000), unique=True, max_size=30))
def test_the_order_of_steps_is_complete_and_begins_with_the_ends(steps):
    order = order_of_steps(steps)
    assert sorted(order) == sorted(steps)
    if len(steps) > 1:
        assert order[:2] == [max(steps), min(steps)]


@pytest.mark.parametrize("n", [9, 33])
def test_any_beginning_of_the_order_is_spread_evenly(n):
    order = order_of_steps(range(n))
    first = sorted(order[: n // 4 + 2])
    gaps = np.diff(first)
    assert gaps.max() <= 2 * gaps.min() + 1


def test_a_sound_that_is_too_large_alone_leaves_out_no_picture(tmp_path):
    (shown,) = pictures(tmp_path, 1, [1, 2, 3], 16)
    (tmp_path / "long.wav").write_bytes(bytes(100_000))
    found = galleries([shown | {"sound": {3: tmp_path / "long.wav"}}], budget=50_000)
    assert [(gallery.kind, len(gallery.strips[0].pictures)) for gallery in found] == [("samples", 3)]
