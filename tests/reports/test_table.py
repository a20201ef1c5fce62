"""The terminal table says the same in every width."""

import pytest
from rich.console import Console

from genlab.reports.numbers import duration, metric_title, score_text
from genlab.reports.sweep_keys import swept_keys
from genlab.reports.table import runs_table


def score(value, half=0.5, better="lower", **provenance) -> dict:
    return {"value": value, "low": value - half, "high": value + half, "better": better, "n": 2000, "unit": "",
            "provenance": {"extractor": "digits", **provenance}}  # fmt: skip


RECORDS = [
    {"fingerprint": "aaaaaaaaaaaa", "overrides": ["model.coding_size=2"], "status": "completed", "seconds": 75.0,
     "metrics": {"fid_digits": score(40.0), "psnr": score(20.0, 0.01, "higher")}},
    {"fingerprint": "bbbbbbbbbbbb", "overrides": ["model.coding_size=16"], "status": "completed", "seconds": 3700,
     "metrics": {"fid_digits": score(12.25), "psnr": score(21.0, 0.01, "higher")}},
    {"fingerprint": "cccccccccccc", "overrides": ["model.coding_size=32"], "status": "completed", "seconds": 9.0,
     "metrics": {"fid_digits": score(11.5), "psnr": score(22.0, 0.01, "higher", data_range=1)}},
    {"fingerprint": "dddddddddddd", "overrides": ["model.coding_size=64"], "status": "failed", "seconds": None,
     "metrics": {}},
]  # fmt: skip


def rendered(width: int, records=RECORDS, styles: bool = False) -> str:
    console = Console(width=width, record=True, file=open("/dev/null", "w"), color_system="truecolor")  # noqa: SIM115
    console.print(runs_table(records, swept_keys(records), width))
    return console.export_text(styles=styles)


@pytest.mark.parametrize("width", [200, 100, 72, 50])
def test_every_number_stands_in_the_table_at_any_width(width):
    text = rendered(width)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    words = text.split()
    for word in ["aaaaaaaa", "coding_size", "40.00", "[39.50,", "40.50]", "12.25", "21.000", "22.000¹", "15", "failed"]:
        assert word in words
    assert "data_range 1 instead of unknown" in " ".join(words)


def test_the_best_and_its_ties_are_bold_and_nothing_else():
    text = rendered(200, styles=True)
    bold = [part.split("\x1b")[0] for part in text.split("\x1b[1m")[1:]]
    for number in ("11.50", "12.25", "21.000"):
        assert any(part.strip().startswith(number) for part in bold)
    for number in ("40.00", "20.000", "22.000"):
        assert not any(number in part for part in bold)


def test_markup_in_names_is_text():
    records = [{**RECORDS[0], "overrides": ["experiment=[red]x[/red]"]}, {**RECORDS[1], "overrides": ["experiment=b"]}]
    assert "[red]x" in rendered(200, records) or "red]" in rendered(200, records)


def test_what_biases_a_value_is_its_footnote():
    warned = score(30.0, warning="20 samples for 64 features: the covariance is singular")
    text = " ".join(rendered(200, [{**RECORDS[0], "metrics": {"fid_digits": warned}}]).split())
    assert "30.00¹" in text
    assert "¹ 20 samples for 64 features: the covariance is singular" in text


def test_no_runs_make_an_empty_table():
    assert "run" in rendered(80, [])


@pytest.mark.parametrize(
    ("value", "low", "high", "texts"),
    [
        (12.3456, 11.9, 12.8, ("12.35", "[11.90, 12.80]")),
        (0.81234, 0.8104, 0.8144, ("0.8123", "[0.8104, 0.8144]")),
        (1234.5, 1100.0, 1400.0, ("1234", "[1100, 1400]")),
        (3.14159, None, None, ("3.142", "")),
        (None, None, None, ("not finite", "")),
    ],
)
def test_numbers_have_the_digits_that_their_interval_supports(value, low, high, texts):
    assert score_text({"value": value, "low": low, "high": high}) == texts


def test_a_missing_score_is_a_dash():
    assert score_text(None) == ("–", "")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.42, "0.4 s"),
        (12.3, "12 s"),
        (59.7, "1 min"),
        (125, "2 min 5 s"),
        (7260, "2 h 1 min"),
        (187200, "2 d 4 h"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("name", "better", "title"),
    [
        ("fid_digits", "lower", "FID (digits) ↓"),
        ("inception_score", "higher", "IS ↑"),
        ("my_score", None, "my score"),
        ("fid_infinity_digits", "lower", "FID∞ (digits) ↓"),
        ("precision_inception", "higher", "precision (inception) ↑"),
    ],
)
def test_metric_titles(name, better, title):
    assert metric_title(name, better) == title
