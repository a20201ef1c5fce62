"""FID against recall over the ways in which one model samples."""

import numpy as np
from PIL import Image

from genlab.reports import tradeoff


def record(truncation, **scores):
    metrics = {
        name: {"value": v, "low": v - 0.1, "high": v + 0.1, "n": 9, "unit": "", "better": "higher", "provenance": {}}
        for name, v in scores.items()
    }
    return {"overrides": [f"sampler.truncation={truncation}"], "metrics": metrics}


RECORDS = [
    record(0.5, fid_digits=30.0, recall_digits=0.2, precision_digits=0.9),
    record(1, fid_digits=20.0, recall_digits=0.6, precision_digits=0.7),
]


def test_it_needs_several_records_with_scores_through_one_extractor():
    assert tradeoff.names_of(RECORDS) == ["fid_digits", "recall_digits", "precision_digits"]
    assert tradeoff.names_of(RECORDS[:1]) is None
    assert tradeoff.names_of([]) is None
    other = record(1, fid_digits=20.0, recall_inception=0.6, precision_inception=0.7)
    assert tradeoff.names_of([other, other]) is None


def test_the_table_has_a_line_for_each_and_the_picture_says_what_was_swept(tmp_path):
    names = tradeoff.names_of(RECORDS)
    lines = tradeoff.table(RECORDS, names).splitlines()
    assert lines[0].startswith("| truncation |")
    assert [line.split("|")[1].strip() for line in lines[2:4]] == ["0.5", "1"]
    assert "0.2" in lines[2]
    path = tradeoff.draw(RECORDS, names, tmp_path / "tradeoff.png")
    assert (np.asarray(Image.open(path).convert("L")) < 128).sum() > 500
