"""Where a column's number is read: metrics, history, record, latent space, schedule, and the first of two stages."""

import json
import math

import pytest

from genlab.reports.collect import collect
from genlab.reports.studies.columns import cell, score
from genlab.reports.studies.study import Column, Row, Study

ROW = Row("1", {}, epoch=0)
SCHEDULER = {
    "_target_": "genlab.processes.linear.Linear", "beta_start": 1e-4, "beta_end": 0.02, "train_timesteps": 1000,
}  # fmt: skip


def column(kind, key, **options):
    return Column(name="c", kind=kind, key=key, title="c", **options)


@pytest.fixture
def run(store, make_score):
    folder = store.run({"fid_digits": make_score(7.0)}, config={"scheduler": SCHEDULER})
    (folder / "latent.json").write_text(json.dumps({"closest_three": [4, 7, 9], "spread": 0.5}))
    return collect([folder])[0]


def losses(run):
    lines = [json.loads(line) for line in run.run.history_file.read_text().splitlines()]
    return [(line["epoch"], line["loss"]) for line in lines if "loss" in line]


def test_a_metric_keeps_its_interval_and_provenance(run):
    found = score(column("metric", "fid_digits"), ROW, run)
    assert (found["value"], found["low"], found["high"]) == (7.0, 6.5, 7.5)
    assert found["provenance"]["extractor"] == "digits"


def test_the_last_steps_of_an_epoch(run):
    of_first = [loss for epoch, loss in losses(run) if epoch == 0]
    found = score(column("history", "loss", epoch=0, last=5), ROW, run)
    assert found["value"] == pytest.approx(sum(of_first[-5:]) / 5)
    assert score(column("history", "loss", epoch="row", last="epoch"), ROW, run)["value"] == pytest.approx(
        sum(of_first) / len(of_first)
    )


def test_the_spread_is_the_sample_standard_deviation(run):
    last = [loss for _, loss in losses(run)][-3:]
    mean = sum(last) / 3
    found = score(column("history", "loss", last=3, statistic="std"), ROW, run)
    assert found["value"] == pytest.approx(math.sqrt(sum((x - mean) ** 2 for x in last) / 2))
    assert score(column("history", "loss", last=1, statistic="std"), ROW, run) is None


def test_an_epoch_that_was_not_reached_has_no_number(run):
    assert score(column("history", "loss", epoch=99), ROW, run) is None


def test_a_key_that_equals_a_value_is_one(run):
    assert score(column("latent", "closest_three", equals=[4, 7, 9]), ROW, run)["value"] == 1
    assert score(column("latent", "closest_three", equals=[1, 2, 3]), ROW, run)["value"] == 0
    assert score(column("latent", "spread"), ROW, run)["value"] == 0.5
    assert score(column("latent", "absent", equals=1), ROW, run) is None


def test_the_signal_that_is_left_follows_the_betas(run):
    alpha_bar = math.prod(1 - (1e-4 + (0.02 - 1e-4) * i / 999) for i in range(500))
    assert score(column("signal", "0.5"), ROW, run)["value"] == pytest.approx(math.sqrt(alpha_bar), rel=1e-6)


def test_a_number_of_the_first_stage(store, make_score):
    first = store.run({"psnr": make_score(20.0)})
    second = collect([store.run({"psnr": make_score(5.0)}, config={"first_stage": {"fingerprint": first.name}})])[0]
    assert score(column("metric", "psnr", stage="first"), ROW, second)["value"] == 20.0
    alone = collect([store.run({"psnr": make_score(5.0)})])[0]
    assert score(column("metric", "psnr", stage="first"), ROW, alone) is None


def test_a_cell_is_the_mean_over_the_values_that_it_is_about(store, make_score, tmp_path):
    study = Study(
        "s", tmp_path, "t", "s", "", "e", {}, {"dataset.classes": [1, 2, 4]}, 1, {"1": ROW}, {}, [], [], "full", ""
    )
    runs = {0: [collect([store.run({"fid_digits": make_score(value)})])[0] for value in (1.0, 2.0, 6.0)]}
    assert cell(study, column("metric", "fid_digits"), ROW, runs)["value"] == pytest.approx(3.0)
    some = column("metric", "fid_digits", where={"dataset.classes": [1, 4]})
    assert cell(study, some, ROW, runs)["value"] == pytest.approx(3.5)
    none = column("metric", "fid_digits", where={"dataset.classes": [9]})
    assert cell(study, none, ROW, runs) is None
