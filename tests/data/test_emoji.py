"""Emoji on white, their skin tones in one split."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genlab.data import catalog
from genlab.data.digest import folder_digest
from genlab.data.emoji import CATEGORIES, Emoji
from genlab.picture_size import Size, height_and_width

from .tiny import put


def png(colour: tuple[int, int, int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGBA", (64, 64), colour).save(file, "PNG")
    return file.getvalue()


TABLE = [
    {"image": "flag.png", "category": "Flags", "sort_order": 3, "has_img_google": True},
    {
        "image": "wave.png", "category": "People & Body", "sort_order": 1, "has_img_google": True,
        "skin_variations": {
            "1F3FB": {"image": "wave-light.png", "has_img_google": True},
            "1F3FF": {"image": "wave-dark.png", "has_img_google": True},
            "1F3FD": {"image": "wave-none.png", "has_img_google": False},
        },
    },
    {"image": "tone.png", "category": "Component", "sort_order": 2, "has_img_google": True},
]  # fmt: skip
COLOURS = {
    "flag.png": (0, 0, 255, 255), "wave.png": (0, 0, 0, 0), "wave-light.png": (255, 0, 0, 255),
    "wave-dark.png": (0, 0, 0, 128), "tone.png": (9, 9, 9, 255),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    table = json.dumps(TABLE).encode()
    own = put({"emoji.json": table, **{f"64/{name}": png(c) for name, c in COLOURS.items()}}, tmp_path / "own")
    digests = {"emoji.json": hashlib.sha256(table).hexdigest(), "64/": folder_digest(own / "64")}
    monkeypatch.setitem(catalog.ENTRIES, "emoji", replace(catalog.EMOJI, files=digests, origins=()))
    return own


def test_emoji_stand_on_white_in_the_order_of_the_list(folder: Path, tmp_path: Path) -> None:
    images = Emoji(tmp_path / "data", folder=folder).load(3, 64)
    middle = images.pixels[:, :, 32, 32].tolist()
    assert middle == [[255, 255, 255], [255, 0, 0], [127, 127, 127], [0, 0, 255]]  # wave and its tones, flag
    assert images.labels is not None
    assert [CATEGORIES[label] for label in images.labels] == ["People & Body"] * 3 + ["Flags"]
    assert list(images.class_names or []) == list(CATEGORIES)


def test_an_emoji_and_its_skin_tones_are_one_group(folder: Path, tmp_path: Path) -> None:
    groups = Emoji(tmp_path / "data", folder=folder).load(3, 64).groups
    assert groups is not None
    assert groups[0] == groups[1] == groups[2] != groups[3]


def test_skin_tones_can_be_left_out(folder: Path, tmp_path: Path) -> None:
    with_tones = Emoji(tmp_path / "data", folder=folder)
    without = Emoji(tmp_path / "data", skin_tones=False, folder=folder)
    assert with_tones.load(3, 64).pixels.shape[0] == 4
    assert without.load(3, 64).pixels.shape[0] == 2
    assert with_tones.identity() != without.identity()


@pytest.mark.parametrize(("channels", "size"), [(3, 32), (1, 64), (1, 16), (3, (16, 24))])
def test_any_size_and_grey(channels: int, size: Size, folder: Path, tmp_path: Path) -> None:
    images = Emoji(tmp_path / "data", folder=folder).load(channels, size)
    assert images.pixels.shape == (4, channels, *height_and_width(size))
    if not isinstance(size, int):  # the ground beside a square emoji
        assert (np.asarray(images.pixels[:, :, 0, 0]) == 255).all()
    assert (np.asarray(images.pixels[0]) == 255).all()
