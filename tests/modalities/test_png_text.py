"""Texts in a PNG file are read by others as they were written, and no pixel changes."""

import numpy as np
from PIL import Image

from genlab.modalities.grids import save_png
from genlab.modalities.png_text import add_text

TEXTS = {"prompt": 'a "red" cat, 猫 – ünd so weiter', "seed": "3", "long": "word " * 500}


def test_texts_come_back_and_pixels_stay(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    save_png(tmp_path / "a.png", pixels)
    add_text(tmp_path / "a.png", TEXTS)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.info == TEXTS
        assert (np.asarray(picture) == pixels).all()
    with Image.open(tmp_path / "a.png") as picture:
        picture.verify()  # the sums of all chunks
