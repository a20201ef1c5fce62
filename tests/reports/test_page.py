"""The page: complete as plain HTML, and alive in a browser."""

import json
import re
import shutil
import time
from html.parser import HTMLParser

import pytest

from genlab.reports.collect import collect
from genlab.reports.groups import group, varied_keys
from genlab.reports.leaderboard import leaderboard
from genlab.reports.page.render import page

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>'\"&amp;"


def render(store, title="A report") -> str:
    runs = collect([store.root])
    keys = varied_keys(runs)
    groups = group(runs, keys)
    return page(title, runs, groups, leaderboard([each.record for each in groups], keys))


@pytest.fixture
def filled(store, make_score):
    """Coding sizes 2 and 16 with two seeds each, one failed run, one measured otherwise; 16 and 32 tie."""
    for seed in (0, 1):
        store.run(
            {"fid_digits": make_score(40.0 + seed / 10), "psnr": make_score(20.0, 0.1, "higher")},
            "model.coding_size=2",
            seed=seed,
        )
        store.run(
            {"fid_digits": make_score(12.0 + seed / 10), "psnr": make_score(23.0, 0.1, "higher")},
            "model.coding_size=16",
            seed=seed,
        )
    store.run({"fid_digits": make_score(12.5), "psnr": make_score(22.0, 0.1, "higher")}, "model.coding_size=32")
    store.run({"fid_digits": make_score(3.0, n=100)}, "model.coding_size=64")
    store.run(
        {},
        "model.coding_size=128",
        status="failed",
        error={"type": "NonFiniteLoss", "message": "loss is NaN", "traceback": ""},
    )
    return store


class Elements(HTMLParser):
    """The tags of a page, and the text within the leaderboard."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))


def data_of(html: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)[1])


def test_numbers_in_the_page_are_those_of_the_records(filled):
    html = render(filled)
    values = [float(v) for v in re.findall(r'<td class="number" data-value="([\d.]+)"', html)]
    assert 40.05 in values
    assert 12.05 in values
    assert 12.5 in values
    data = data_of(html)
    assert data["keys"] == ["coding_size"]
    assert [row[0] for row in data["settings"]] == ["2", "16", "32", "64", "128"]
    assert data["cells"][2][0] == [12.5, 12.0, 13.0]
    assert data["cells"][4] == [None, None]


def test_ties_failures_and_what_cannot_be_compared_are_told(filled):
    html = render(filled)
    best = re.findall(r'<strong title="best, or tied with it">([\d.]+)</strong>', html)
    assert best[:2] == ["12.05", "23.00"] or "12.50" in best
    assert "NonFiniteLoss: loss is NaN" in html
    assert "n 100 instead of 2000" in html
    assert '<span class="status failed">failed</span>' in html


def test_hostile_names_stay_text(store, make_score):
    store.run({"fid": make_score(1.0)}, f"experiment={HOSTILE}")
    store.run(
        {"fid": make_score(2.0, extractor=HOSTILE)},
        "experiment=other",
        error={"type": HOSTILE, "message": HOSTILE, "traceback": ""},
    )
    html = render(store, title=HOSTILE)
    elements = Elements(html).tags
    assert [tag for tag, _ in elements].count("script") == 2
    assert not [tag for tag, _ in elements if tag == "img"]
    assert not [name for _, attributes in elements for name in attributes if name.startswith("on")]
    assert any(HOSTILE in said for said in data_of(html)["said"])


def test_the_page_needs_nothing_from_elsewhere(filled):
    for tag, attributes in Elements(render(filled)).tags:
        for name in ("src", "href"):
            assert attributes.get(name, "#").startswith(("#", "data:")), (tag, attributes)


def test_a_store_without_scores_pictures_or_curves_has_a_page(store):
    folder = store.run({}, status="interrupted", pictures=())
    (folder / "history.jsonl").unlink()
    html = render(store)
    assert "interrupted" in html
    assert 'id="gallery"' not in html


# ---- in a browser -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser")
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("no Chromium is installed")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser, filled, tmp_path):
    """The page in a window of a laptop; every word on the console is an error."""
    file = tmp_path / "report.html"
    file.write_text(render(filled), encoding="utf-8")
    window = browser.new_page(viewport={"width": 1200, "height": 800})
    said: list[str] = []
    window.on("console", lambda message: said.append(message.text))
    window.on("pageerror", lambda error: said.append(str(error)))
    window.goto(file.as_uri())
    yield window
    assert said == []
    window.close()


def sizes(window) -> list[str]:
    """The coding sizes of the visible rows, from above."""
    return window.eval_on_selector_all(
        "#board tbody tr:not([hidden])", "rows => rows.map(r => r.children[1].textContent)"
    )


def test_sorting_puts_the_best_first_then_turns_round(opened):
    fid = opened.get_by_role("button", name="FID (digits) ↓")
    fid.click()
    assert sizes(opened) == ["16", "32", "2", "64", "128"], "64 was measured otherwise, 128 has no score: both last"
    assert opened.get_attribute("#board th[aria-sort]", "aria-sort") == "ascending"
    fid.press("Enter")
    assert sizes(opened) == ["2", "32", "16", "64", "128"]
    opened.get_by_role("button", name="PSNR ↑").click()
    assert sizes(opened)[:3] == ["16", "32", "2"]
    opened.get_by_role("button", name="coding_size").click()
    assert sizes(opened) == ["2", "16", "32", "64", "128"], "numbers sort as numbers"


def test_filtering_by_text_and_by_choice(opened):
    opened.fill("#filter-text", "coding_size 16")
    assert sizes(opened) == ["16"]
    assert opened.text_content("#count") == "1 of 5 rows"
    assert opened.locator("#parallel polyline").count() == 1
    assert opened.locator("#strips figure:not([hidden])").count() == 2
    opened.get_by_role("button", name="Show all").click()
    opened.wait_for_selector("#board tbody tr[data-row='0']", state="visible")
    assert opened.text_content("#count") == "5 rows"
    opened.get_by_role("combobox", name="status").select_option("failed")
    assert sizes(opened) == ["128"]


def test_the_slider_moves_every_strip_through_the_training(opened):
    opened.locator("#gallery").scroll_into_view_if_needed()
    opened.wait_for_selector("#strips img[src]")
    assert opened.text_content("#step-text") == "step 60 of 60"
    last = opened.get_attribute("#strips img", "src")
    opened.get_by_role("slider", name="Training").press("ArrowLeft")
    assert opened.text_content("#step-text") == "step 20 of 60"
    assert opened.get_attribute("#strips img", "src") != last
    assert opened.get_attribute("#strips img", "alt") == "samples of coding_size 2, seed 0 at step 20"
    assert opened.get_attribute("#step", "aria-valuetext") == "step 20 of 60"


def test_curves_and_charts_follow_their_menus(opened):
    assert opened.locator("#plot path").count() == 7
    opened.get_by_role("combobox", name="Curve").select_option("val/loss")
    opened.get_by_label("logarithmic").check()
    assert opened.locator("#plot path").count() == 7
    assert "NaN" not in opened.inner_html("#plot")
    opened.get_by_role("combobox", name="Score").select_option(label="PSNR ↑")
    assert opened.locator("#scatter circle").count() == 3
    opened.get_by_role("combobox", name="Cost").select_option("parameters")
    assert "parameters" in opened.get_attribute("#scatter svg", "aria-label")


def test_a_row_lights_up_everywhere(opened):
    for _ in range(20):  # a headless browser now and then misses a single movement; a person makes many
        opened.mouse.move(0, 0)
        opened.hover("#board tbody tr[data-row='1']")
        opened.wait_for_timeout(100)
        if opened.locator("#parallel polyline.lit").count():
            break
    assert opened.locator("#parallel polyline.lit").count() == 1
    assert opened.locator("#plot path.lit").count() == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_and_a_phone_has_no_sideways_scrolling(browser, filled, tmp_path, scheme):
    file = tmp_path / "report.html"
    file.write_text(render(filled), encoding="utf-8")
    window = browser.new_page(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    window.goto(file.as_uri())
    assert window.evaluate("document.documentElement.scrollWidth") <= 360
    paper, *inks = window.evaluate(
        """() => ["paper", "ink", "soft", "accent", "ok", "bad", "warn"].map(
            name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim())"""
    )
    for ink in inks:
        assert contrast(ink, paper) >= 4.5, f"{ink} on {paper}"
    window.close()


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, as in WCAG 2."""

    def luminance(colour: str) -> float:
        digits = colour.lstrip("#")
        digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.slow
def test_two_hundred_runs_make_a_small_page_that_opens_at_once(browser, store, make_score, tmp_path):
    for i in range(200):
        scores = {"fid_digits": make_score(float(i)), "psnr": make_score(20.0, 0.1, "higher")}
        store.run(scores, f"model.coding_size={i}", f"optimizer.lr={i % 7}", steps=2000,
                  pictures=(500, 1000, 1500, 2000), side=28)  # fmt: skip
    file = tmp_path / "report.html"
    file.write_text(render(store), encoding="utf-8")
    assert file.stat().st_size < 20_000_000
    window = browser.new_page()
    started = time.monotonic()
    window.goto(file.as_uri())
    assert time.monotonic() - started < 2
    window.close()


def test_the_seconds_of_a_training_and_those_of_scoring_it_again_are_two_costs(store, make_score):
    from genlab.reports.page.parts import costs

    run = store.run({"fid_digits": make_score(5.0), "seconds_per_image": make_score(0.5)}, "lr=1")
    (run / "evaluations").mkdir()
    record = json.loads((run / "record.json").read_text())
    again = record | {"overrides": ["sampler.steps=10"], "seconds": 2.0, "metrics": {"fid_digits": make_score(6.0)}}
    (run / "evaluations" / "ab12.json").write_text(json.dumps(again))
    same = record | {"overrides": [], "seconds": 3.0}  # scored again just as it was: no second seed of the run
    (run / "evaluations" / "cd34.json").write_text(json.dumps(same))
    runs = collect([store.root])
    found = costs(runs, group(runs, varied_keys(runs)))
    assert found["seconds of the run"] == [record["seconds"], None, None]
    assert found["seconds of scoring again"] == [None, 2.0, 3.0]
    assert found["seconds a sample"] == [0.5, None, 0.5]
    assert "seconds" not in found
