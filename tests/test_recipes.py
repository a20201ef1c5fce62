"""Every recipe composes, passes the check, and can take one step."""

import json
from pathlib import Path

import pytest

from composing import composed
from genlab.config.check import check
from genlab.config.files import conf_dir, options

RECIPES = [name for name in options("experiment") if "/" in name and not name.startswith(("report/", "quickstart/"))]


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_sound_short_and_says_how_to_run_it(name):
    check(composed(f"experiment={name}"))
    lines = (conf_dir() / "experiment" / f"{name}.yaml").read_text().splitlines()
    assert len(lines) <= 30
    assert any(f"genlab train experiment={name}" in line.replace(" -m", "") for line in lines if line.startswith("#"))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name.endswith("_64") else name for name in RECIPES]
)
def test_a_recipe_takes_one_step_wherever_it_is(name, tmp_path, monkeypatch):
    """Data that are fetched are not there, and nothing is reached."""
    from genlab.cli import main

    monkeypatch.setattr("genlab.data.fetch._origins", lambda *_: [])
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    words = [f"experiment={name}", "debug=fdr", f"paths.output_dir={tmp_path}", f"paths.data_dir={tmp_path}/data"]
    if not name.endswith("_digits") and "swiss_roll" not in name:  # their networks are large
        words.append("dataset.batch_size=8")
    if "critters" in name:  # they are drawn
        words += ["dataset.source.n=40", "dataset.source.n_test=8", "dataset.val_size=8"]
    if name == "diffusion/reflow_digits":  # its pairs are drawn before it begins
        words.append("objective.n_pairs=64")
    if name.endswith("/emoji"):  # their frozen tower is fetched
        words.append("text=clip_small")
    assert main(["train", *words]) == 0


RECORDS = sorted((conf_dir() / "experiment").glob("*/*.json"))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_beside_a_recipe_is_that_of_a_finished_training_of_it(path):
    text = path.read_text()
    record = json.loads(text)
    assert record["experiment"] == f"{path.parent.name}/{path.stem}"
    assert record["experiment"] in RECIPES
    assert (record["status"], record["seed"]) == ("completed", 0)
    assert record["training"]["steps"] > 0
    assert all(score["low"] <= score["value"] <= score["high"] for score in record["metrics"].values() if score["low"])
    assert "paths." not in text  # whose machine it was is nobody's business


def test_there_are_recipes():
    assert len(RECIPES) >= 6
    assert Path(conf_dir() / "experiment").exists()
