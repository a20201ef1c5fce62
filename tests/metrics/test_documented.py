"""docs/metrics.md tells of every metric that a config can choose."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from genlab.config.files import conf_dir

SAID = ("**Measures**", "**Range**", "**Bias**", "**Source**", "**Checked**")
FILES = sorted((conf_dir() / "metrics").glob("*.yaml"))
EXTRACTORS = [file.stem for file in (conf_dir() / "extractor").glob("*.yaml")]
KEYS = {key for file in FILES for key in yaml.safe_load(file.read_text())["metrics"].get("metrics", {})}
METRICS = {re.sub(rf"_({'|'.join(EXTRACTORS)})$", "", key) for key in KEYS}
"""A key that ends in an extractor's name is a metric on an extractor of its own."""
PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


@pytest.mark.skipif(not PAGE.exists(), reason="an installed package has no docs")
@pytest.mark.parametrize("name", sorted(METRICS))
def test_a_metric_has_its_section_with_all_that_is_to_be_said(name: str) -> None:
    sections = re.split(r"^##+ ", PAGE.read_text(encoding="utf-8"), flags=re.M)
    (section,) = [text for text in sections if text.startswith(f"`{name}`")]
    assert [word for word in SAID if word not in section] == []
    assert re.search(r"lower|higher", section)


def test_every_extractor_is_in_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for file in (conf_dir() / "extractor").glob("*.yaml"):
        assert f"`{file.stem}`" in page or f"`fid_{file.stem}`" in page


def test_there_are_metrics() -> None:
    assert {"fid", "kid", "lpips", "clip_score", "memorisation", "cost"} <= METRICS
