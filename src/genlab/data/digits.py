"""Handwritten digits that need no download: the 1,797 pictures of 8x8 pixels that scikit-learn carries.

Paper: https://doi.org/10.24432/C50P49
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import numpy as np

from genlab.data.resize import resize
from genlab.data.source import Images
from genlab.picture_size import Size

_SHA256 = "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"
_WHITE = 16


class Digits:
    """The test part of UCI's "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak 1998).

    Its grey levels 0, ..., 16 become 0, ..., 255, rounded to the nearest.
    """

    name = "digits"

    def identity(self) -> str:
        return _SHA256

    def load(self, channels: int, size: Size) -> Images:
        """Read from scikit-learn's file: importing scikit-learn takes seconds, this a tenth of one.

        Raises:
            FileNotFoundError: scikit-learn is not installed, or its file is not the one known here.
        """
        file = _file()
        if file is None or hashlib.sha256(file.read_bytes()).hexdigest() != _SHA256:
            raise FileNotFoundError(f"the digits of scikit-learn are not as expected at {file}: reinstall scikit-learn")
        table = np.loadtxt(file, delimiter=",", dtype=np.int64)  # 64 grey levels and the label in a row
        grey = np.rint(table[:, :64] * (255 / _WHITE)).astype(np.uint8).reshape(-1, 1, 8, 8)
        return Images(resize(grey, channels, size, enlarge="scale"), table[:, 64], [str(digit) for digit in range(10)])


def _file() -> Path | None:
    spec = importlib.util.find_spec("sklearn")  # finds the package without importing it
    return Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz" if spec and spec.origin else None
