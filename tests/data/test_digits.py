"""scikit-learn's digits, read without scikit-learn's help."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from genlab.data import digits
from genlab.data.digits import Digits


def test_they_are_what_scikit_learn_loads() -> None:
    from sklearn.datasets import load_digits

    images, theirs = Digits().load(1, 8), load_digits()
    assert np.array_equal(images.pixels[:, 0], np.rint(theirs.images * 255 / 16))
    assert images.labels is not None
    assert np.array_equal(images.labels, theirs.target)
    assert images.n_test == 0


def test_a_larger_size_scales_them_up() -> None:
    small, large = Digits().load(1, 8).pixels, Digits().load(3, 16).pixels
    expected = np.asarray(Image.fromarray(small[7, 0]).resize((16, 16), Image.Resampling.BICUBIC))
    assert large.shape == (1797, 3, 16, 16)
    assert np.array_equal(large[7, 1], expected)


def test_another_file_is_not_taken_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digits, "_SHA256", "0" * 64)
    with pytest.raises(FileNotFoundError, match="reinstall scikit-learn"):
        Digits().load(1, 8)
