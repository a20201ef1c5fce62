"""Quality against cost: which ways of sampling no other one beats, and what is not compared."""

from __future__ import annotations

import json

from genlab.reports.pareto import draw, pareto_set, quality_of, table, to_json, ways


def record(sampler: str, steps: int, fid: float, nfe: int, seconds: float | None, n: int = 500) -> dict:
    made = {"extractor": "digits", "reference": "digits/test", "nfe": nfe, "sampler": sampler, "biased_in_n": True}
    metrics = {
        "inception_score": {"value": 5, "low": 4, "high": 6, "n": n, "unit": "", "better": "higher",
                            "provenance": {"nfe": nfe}},
        "fid_digits": {"value": fid, "low": fid - 1, "high": fid + 1, "n": n, "unit": "", "better": "lower",
                       "provenance": made},
    }  # fmt: skip
    if seconds is not None:
        metrics["seconds_per_image"] = {"value": seconds, "provenance": {"device": "cpu"}}
    return {"overrides": [f"sampler={sampler}", f"sampler.steps={steps}", "metrics=image"], "metrics": metrics}


RECORDS = [
    record("ddim", 5, 30, 5, 0.5), record("ddim", 10, 20, 10, 1.0), record("heun", 3, 40, 5, 0.6),
    record("heun", 6, 20, 11, 0.9), record("ddpm", 50, 15, 50, 5.0), record("ddpm", 100, 16, 100, 10.0),
]  # fmt: skip


def test_the_set_holds_what_nothing_cheaper_or_as_cheap_beats() -> None:
    found = ways(RECORDS, "fid_digits")
    assert pareto_set(found, "nfe") == {0, 1, 4}  # heun 6 is as good as ddim 10 and costs more calls
    assert pareto_set(found, "seconds") == {0, 3, 4}  # and fewer seconds


def test_higher_scores_are_better_where_they_are() -> None:
    turned = [json.loads(json.dumps(record)) for record in RECORDS]
    for entry in turned:
        entry["metrics"]["fid_digits"]["better"] = "higher"
    assert pareto_set(ways(turned, "fid_digits"), "nfe") == {2, 0} - {0}


def test_what_was_measured_otherwise_is_never_in_the_set_and_has_a_footnote() -> None:
    found = ways([*RECORDS, record("ddim", 20, 1, 2, 0.1, n=100)], "fid_digits")
    assert 6 not in pareto_set(found, "nfe")
    assert "measured with another n" in table(found, "fid_digits")


def test_the_table_has_the_swept_keys_the_costs_and_a_star() -> None:
    lines = table(ways(RECORDS, "fid_digits"), "fid_digits").splitlines()
    assert lines[0] == "| sampler | steps | network evaluations | seconds per image | FID (digits) ↓ |"
    assert lines[3] == "| ddim | 10 | 10 ★ | 1 | 20.0 [19.0, 21.0] |"


def test_quality_is_the_first_score_of_samples_against_a_reference() -> None:
    assert quality_of(RECORDS) == "fid_digits"
    assert quality_of([{"metrics": {"psnr": {"provenance": {"reference": "digits/test"}}}}]) is None
    assert quality_of([]) is None


def test_unknown_seconds_leave_one_panel(tmp_path) -> None:
    found = ways([record("ddim", 5, 30, 5, None), record("ddim", 10, 20, 10, None)], "fid_digits")
    assert "seconds per image" not in table(found, "fid_digits")
    one = draw(found, "fid_digits", tmp_path / "one.png")
    two = draw(ways(RECORDS, "fid_digits"), "fid_digits", tmp_path / "two.png")
    from PIL import Image

    assert Image.open(two).width == 2 * Image.open(one).width


def test_the_json_keeps_the_provenance() -> None:
    content = to_json(ways(RECORDS, "fid_digits"), "fid_digits")
    assert content["ways"][0]["pareto"] == ["nfe", "seconds"]
    assert content["ways"][0]["score"]["made"]["nfe"] == 5


def test_seconds_of_another_machine_are_no_point_of_the_axis() -> None:
    elsewhere = record("ddim", 20, 10, 20, 0.1)
    elsewhere["metrics"]["seconds_per_image"]["provenance"]["device"] = "a GPU"
    found = ways([*RECORDS, elsewhere], "fid_digits")
    assert "seconds" not in found[6].costs
    assert 6 not in pareto_set(found, "seconds")
    assert 6 in pareto_set(found, "nfe")
