"""Critters: what is drawn is what the caption and the attributes say, and some pairs are kept for the test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from genlab.data.critters import BODIES, COLOURS, EYES, HELD_OUT, MOUTHS, PARTS, Critters, caption, drawn
from genlab.data.image_datamodule import ImageDataModule
from genlab.data.resident_data import SPLITS

PLAIN = {
    "colour": "lime", "body": "dome", "background": "blue", "top": "none", "accent": "none", "pattern": "none",
    "eyes": "round eyes", "mouth": "a smile",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, "a lime dome critter with round eyes and a smile on blue"),
        ({"colour": "orange"}, "an orange dome critter with round eyes and a smile on blue"),
        ({"top": "horns", "accent": "mint"}, "a lime dome critter with mint horns, round eyes and a smile on blue"),
        (
            {"top": "spike", "accent": "orange", "pattern": "a pale belly"},
            "a lime dome critter with an orange spike, a pale belly, round eyes and a smile on blue",
        ),
        (
            {"top": "antennae", "accent": "rose", "pattern": "dots"},
            "a lime dome critter with rose antennae, dots, round eyes and a smile on blue",
        ),
    ],
)
def test_a_caption_names_what_is_drawn(changed: dict[str, str], text: str) -> None:
    assert caption(PLAIN | changed) == text


def test_every_name_of_every_part_is_drawn_otherwise() -> None:
    kinds = []
    for part, table in PARTS.items():
        start = PLAIN | ({"top": "horns", "accent": "pink"} if part in ("top", "accent") else {})
        names = [name for name in table if part != "accent" or name not in ("none", start["colour"])]
        kinds.append([start | {part: name} | ({"accent": "none"} if name == "none" else {}) for name in names])
    pictures = iter(list(drawn([name for kind in kinds for name in kind], 32)))
    for kind in kinds:
        assert len({next(pictures).tobytes() for _ in kind}) == len(kind)


def test_the_colours_are_those_that_are_named() -> None:
    colours = {"lime": (0xBE, 0xF2, 0x64), "white": (0xE2, 0xE8, 0xF0)}
    for name, picture in zip(colours, drawn([PLAIN | {"colour": name} for name in colours], 64), strict=True):
        assert tuple(picture[:, 0, 0]) == (0x03, 0x69, 0xA1)  # blue
        assert tuple(picture[:, 58, 32]) == colours[name]  # below the mouth


def test_held_out_pairs_are_in_the_test_alone_and_are_half_of_it() -> None:
    source = Critters("", n=6000, n_test=400)
    trained = {(name["colour"], name["body"]) for name in map(source.chosen, range(6000))}
    tested = [(name["colour"], name["body"]) for name in map(source.chosen, range(6000, 6400))]
    assert len(trained) == len(BODIES) * (len(COLOURS) - 1)  # of each body all colours but one
    assert {colour for colour, _ in trained} == set(COLOURS)
    assert [pair in trained for pair in tested] == [True, False] * 200
    assert len(set(tested[1::2])) == len(BODIES)


def test_a_picture_depends_on_its_number_and_the_seed_alone(tmp_path: Path) -> None:
    few, more, other = (
        Critters(tmp_path, n, 2, seed).load(3, 16) for n, seed in ((4, 0), (6, 0), (4, 1))
    )  # fmt: skip
    assert np.array_equal(few.pixels[:4], more.pixels[:4])
    assert few.captions is not None
    assert more.captions is not None
    assert few.captions[:4] == more.captions[:4]
    assert not np.array_equal(few.pixels[:4], other.pixels[:4])


def test_attributes_of_a_split_are_those_of_its_pictures(tmp_path: Path) -> None:
    source = Critters(tmp_path, 20, 6)
    data = ImageDataModule(source, 3, 16, None, 4, val_size=4)
    numbers = {caption(source.chosen(i)): i for i in range(26)}
    for split in SPLITS:
        attributes = data.attributes(split)
        for row, text in enumerate(data.captions(split) or []):
            of_picture = {name: each.names[each.values[row]] for name, each in attributes.items()}
            name = source.chosen(numbers[text])
            unseen = split == "test" and row % 2 == 1
            assert of_picture == {**name, "held_out": HELD_OUT[unseen]}
    assert data.told == set(PARTS)
    assert data.num_classes is None
    assert not np.array_equal(data.items("test")[0][0], data.items("test")[0][1])


def test_the_identity_follows_what_is_drawn_and_needs_no_torch() -> None:
    sources = [Critters(""), Critters("", n=100), Critters("", n_test=100), Critters("", seed=1)]
    sources.append(Critters("", captions=["full", "short"]))
    assert len({source.identity() for source in sources}) == len(sources)
    assert Critters("elsewhere").identity() == Critters("").identity()
    program = "import sys; from genlab.data.critters import Critters; print(Critters('').identity()); "
    program += "assert not {'torch', 'PIL', 'dicebear', 'jsonschema'} & set(sys.modules)"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == Critters("").identity()


def test_captions_can_be_short(tmp_path: Path) -> None:
    images = Critters(tmp_path, 3, 1, captions=["full", "short"]).load(3, 8)
    assert images.told == set(PARTS)
    assert Critters(tmp_path, 3, 1, captions=["short", "full"]).load(3, 8).told == {"colour", "body", "background"}
    for full, short in images.captions or []:
        assert short == f"{full.partition(' with ')[0]} on {full.rpartition(' on ')[2]}"
    with pytest.raises(ValueError, match=r"captions=\[\]: give full, short or both"):
        Critters("", captions=[])


@pytest.mark.parametrize("size", [24, (16, 24)])
def test_any_size_and_grey(size: int | tuple[int, int], tmp_path: Path) -> None:
    assert Critters(tmp_path, 1, 1).load(1, size).pixels.shape[1:] == (1, *np.broadcast_to(size, 2))


@pytest.mark.parametrize("size", [32, 50])
def test_a_region_has_the_pixels_that_change_with_its_part_and_no_others(size: int, tmp_path: Path) -> None:
    """The cells at its rim are partly in it, so that it may have a row or a column more."""
    regions = Critters(tmp_path, 1, 1).load(3, size).regions
    assert regions is not None
    for part, table in (("eyes", EYES), ("mouth", MOUTHS)):
        pixels = np.stack(list(drawn([PLAIN | {part: name} for name in table], size)))
        changed = (pixels != pixels[:1]).any((0, 1))
        region = regions[part][0]
        assert regions[part].shape == (2, *changed.shape)
        assert not (changed & ~region).any()
        rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
        inside = region[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert inside.all()
        assert inside.sum() > 0.6 * region.sum()


@pytest.mark.parametrize(
    ("size", "rows", "columns"), [((16, 24), slice(0, 16), slice(4, 20)), ((24, 16), slice(8, 24), slice(0, 16))]
)
def test_the_ground_goes_on_beside_and_above_it(
    size: tuple[int, int], rows: slice, columns: slice, tmp_path: Path
) -> None:
    of_square, of_size = (Critters(tmp_path, 3, 1).load(3, each) for each in (16, size))
    square, framed = of_square.pixels, of_size.pixels
    assert np.array_equal(framed[:, :, rows, columns], square)
    for part, region in (of_size.regions or {}).items():
        assert np.array_equal(region[:, rows, columns], (of_square.regions or {})[part])
        assert region.sum() == region[:, rows, columns].sum() > 0
    framed[:, :, rows, columns] = square[:, :, :1, :1]
    assert (framed == square[:, :, :1, :1]).all()


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"^dataset=critters needs the extra composed: uv pip install 'genlab"):
        Critters("").identity()
