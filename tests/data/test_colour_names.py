"""Colours in words: of what stands on the ground, the largest first."""

from __future__ import annotations

import numpy as np
import pytest

from genlab.data.colour_names import _lab, colour_names

RED, GREEN, WHITE = (220, 20, 40), (40, 150, 50), (255, 255, 255)


def picture(*patches: tuple[slice, slice, tuple[int, int, int]]) -> np.ndarray:
    pixels = np.full((3, 20, 20), 255, np.uint8)
    for rows, columns, colour in patches:
        pixels[:, rows, columns] = np.array(colour)[:, None, None]
    return pixels


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        (RED, "red"), (GREEN, "green"), ((0, 0, 0), "black"), ((128, 128, 128), "grey"), ((255, 128, 0), "orange"),
        ((255, 255, 0), "yellow"), ((0, 0, 255), "blue"), ((128, 0, 128), "purple"), ((255, 182, 193), "pink"),
        ((139, 69, 19), "brown"),
    ],
)  # fmt: skip
def test_the_colours_of_the_web_have_their_names(colour: tuple[int, int, int], name: str) -> None:
    assert colour_names(picture((slice(5, 15), slice(5, 15), colour))) == [name]


def test_the_largest_is_first_and_small_ones_and_the_ground_do_not_count() -> None:
    inside = slice(2, 18)
    body = (inside, inside, RED)
    assert colour_names(picture(body, (slice(2, 8), inside, GREEN))) == ["red", "green"]
    assert colour_names(picture(body, (slice(2, 4), inside, GREEN))) == ["red"]
    assert colour_names(picture(body, (slice(5, 15), slice(5, 15), WHITE))) == ["red", "white"]  # not the ground
    assert colour_names(picture(body, (slice(0, 15), slice(5, 15), WHITE))) == ["red"]  # open to the ground
    assert colour_names(picture()) == []


def test_cielab_of_the_primaries() -> None:
    """Values of http://www.brucelindbloom.com/index.html?ColorCalculator.html for sRGB and D65."""
    known = {(255, 255, 255): (100, 0, 0), (255, 0, 0): (53.24, 80.09, 67.20), (0, 0, 255): (32.30, 79.19, -107.86)}
    assert np.allclose(_lab(np.array(list(known))), list(known.values()), atol=0.1)
