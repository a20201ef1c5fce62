"""Without the extra, one sentence says how to get it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from genlab.data.hub import HubImages


def test_the_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)  # as where it is not installed
    with pytest.raises(ModuleNotFoundError, match=r"needs the extra hub: pip install 'genlab\[hub\]'"):
        HubImages("owner/name", tmp_path).load(1, 4)
