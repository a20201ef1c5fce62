"""The table in the documentation is the one that its command prints."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.append(str(HERE))


def test_the_documented_table_has_these_methods_and_no_row_is_far_off():
    from table import markdown, rows

    found = list(rows())
    documented = (HERE.parents[1] / "docs" / "denoising.md").read_text().splitlines()
    for row, line in zip(found, markdown(found).splitlines()[2:], strict=True):
        assert any(text.startswith(line.rpartition("| ")[0].rpartition("| ")[0]) for text in documented)
        assert row.difference < 1e-4
