"""What a report sends to W&B: one panel a kind, each picture under the words of what drew it."""

from __future__ import annotations

import json
import shutil


def test_what_another_sampler_scored_is_shown_by_its_own_pictures_under_its_own_words(store, make_score):
    from genlab.commands.report import _report
    from genlab.interop.publish import _captioned
    from genlab.reports.gallery import galleries

    run = store.run({"fid_digits": make_score(5.0)}, "lr=1", pictures=(20, 60))
    (run / "evaluations" / "ab12").mkdir(parents=True)
    shutil.copy(run / "samples" / "step_000020.png", run / "evaluations" / "ab12" / "samples.png")
    for name, steps in (("ab12", 10), ("cd34", 50)):  # the second left no picture
        record = json.loads((run / "record.json").read_text()) | {"overrides": [f"sampler.steps={steps}"]}
        (run / "evaluations" / f"{name}.json").write_text(json.dumps(record))
    report = _report([], store.root, {})
    shown = _captioned(report.runs, report.groups, report.board)
    assert set(shown) == {"samples"}
    assert [(file.parent.name, caption) for file, caption in shown["samples"]] == [
        ("samples", "steps –, step 60"), ("ab12", "steps 10, step 60")
    ]  # fmt: skip
    (gallery,) = galleries([each.pictures() for each in report.runs])
    assert [list(strip.pictures) for strip in gallery.strips] == [[60, 20], [60]]
