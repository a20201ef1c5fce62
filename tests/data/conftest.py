"""A known data set in miniature: the real reading, checking and converting code, on files made here."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from genlab.data import catalog
from genlab.data.mirrors import Origin

from .tiny import Tiny, idx


@pytest.fixture
def tiny_mnist(monkeypatch: pytest.MonkeyPatch) -> Tiny:
    """Makes the catalogue's MNIST one of 30 + 10 pictures, to be had from the given origins; returns its files."""

    def make(*origins: Origin) -> dict[str, bytes]:
        random = np.random.default_rng(0)
        files = {}
        for part, n in (("train", 30), ("t10k", 10)):
            files[f"{part}-images-idx3-ubyte"] = idx(random.integers(0, 256, (n, 28, 28), np.uint8))
            files[f"{part}-labels-idx1-ubyte"] = idx(np.arange(n, dtype=np.uint8) % 10)
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        monkeypatch.setitem(catalog.ENTRIES, "mnist", replace(catalog.MNIST, files=digests, origins=origins))
        return files

    return make
