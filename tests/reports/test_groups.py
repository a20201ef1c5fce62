"""Runs that differ by their seed alone are one row, and nothing else is."""

import json

import pytest
from scipy.stats import t

from genlab.reports.collect import collect
from genlab.reports.groups import group, mean_score, varied_keys


def rows(store):
    runs = collect([store.root])
    keys = varied_keys(runs)
    return runs, keys, group(runs, keys)


def test_the_mean_over_seeds_has_students_interval(store, make_score):
    values = [10.0, 11.0, 13.0]
    for seed, value in enumerate(values):
        store.run({"fid": make_score(value)}, "lr=1", seed=seed)
    _, keys, (row,) = rows(store)
    score = row.record["metrics"]["fid"]
    mean = sum(values) / 3
    half = t.ppf(0.975, 2) * (sum((v - mean) ** 2 for v in values) / 2 / 3) ** 0.5
    assert keys == []
    assert row.record["seeds"] == [0, 1, 2]
    assert (score["value"], score["low"], score["high"]) == pytest.approx((mean, mean - half, mean + half))


def test_one_run_keeps_its_own_interval(store, make_score):
    store.run({"fid": make_score(10.0, 0.25)}, "lr=1")
    _, _, (row,) = rows(store)
    assert (row.record["metrics"]["fid"]["low"], row.record["metrics"]["fid"]["high"]) == (9.75, 10.25)


def test_rows_follow_the_swept_keys_and_read_defaults_from_the_config(store, make_score):
    for seed in (0, 1):
        store.run({"fid": make_score(1.0)}, "model.coding_size=8", seed=seed, config={"model": {"coding_size": 8}})
        store.run({"fid": make_score(2.0)}, seed=seed, config={"model": {"coding_size": 2}})
    _, keys, found = rows(store)
    assert keys == ["model.coding_size"]
    assert [(row.record["overrides"], row.record["seeds"]) for row in found] == [
        (["model.coding_size=8"], [0, 1]), (["model.coding_size=2"], [0, 1]),
    ]  # fmt: skip


def test_an_override_that_repeats_the_default_is_not_swept(store, make_score):
    store.run({}, "lr=1", config={"lr": 1}, seed=0)
    store.run({}, config={"lr": 1}, seed=1)
    assert rows(store)[1] == []


def test_different_configs_are_never_averaged(store, make_score):
    store.run({"fid": make_score(1.0)}, seed=0, config={"model": {"hidden": 32}})
    store.run({"fid": make_score(2.0)}, seed=1, config={"model": {"hidden": 64}})
    assert len(rows(store)[2]) == 2


def test_runs_with_a_callback_that_trains_otherwise_are_no_seeds_of_those_without(store, make_score):
    swa = {"callbacks": {"swa": {"_target_": "pytorch_lightning.callbacks.StochasticWeightAveraging", "swa_lrs": 0.1}}}
    for seed in (0, 1):
        store.run({"fid": make_score(1.0)}, seed=seed)
        store.run({"fid": make_score(2.0)}, seed=seed + 2, config=swa)
    assert [row.record["seeds"] for row in rows(store)[2]] == [[0, 1], [2, 3]]


def test_seeds_are_one_row_wherever_their_scores_stand(store, make_score):
    """Seed 0 was scored with 100 samples first, and with 1000 as the others are when these were trained."""

    def config(n):
        return {"metrics": {"n_samples": n}, "test": True}

    first = store.run({"fid": make_score(9.0, n=100)}, "metrics.n_samples=100", seed=0, config=config(100))
    for seed in (1, 2):
        store.run({"fid": make_score(seed)}, "metrics.n_samples=1000", seed=seed, config=config(1000))
    beside = json.loads((first / "record.json").read_text()) | {"overrides": ["metrics.n_samples=1000", "seed=0"]}
    beside |= {"metrics": {"fid": make_score(0.0)}, "measurement": "0123", "config": config(1000)}
    (first / "evaluations").mkdir()
    (first / "evaluations" / "measurement-0123.json").write_text(json.dumps(beside))
    runs, keys, found = rows(store)
    assert keys == ["metrics.n_samples"]
    assert [(row.record["seeds"], row.record["metrics"]["fid"]["value"]) for row in found] == [
        ([0], 9.0), ([0, 1, 2], 1.0),
    ]  # fmt: skip
    assert sum(not run.is_again for run in runs) == 3


def test_where_a_run_was_carried_out_does_not_split_a_row(store, make_score):
    store.run({}, seed=0, config={"logger": {"csv": {}}, "trainer": {"accelerator": "cpu", "max_epochs": 1}})
    store.run({}, seed=1, config={"logger": {}, "trainer": {"accelerator": "gpu", "max_epochs": 1}})
    assert len(rows(store)[2]) == 1


def test_failed_runs_and_missing_scores_are_told(store, make_score):
    store.run({"fid": make_score(1.0)}, seed=0)
    store.run({"fid": make_score(2.0)}, seed=1)
    store.run({}, seed=2, status="failed", error={"type": "NonFiniteLoss", "message": "NaN", "traceback": ""})
    _, _, (row,) = rows(store)
    assert row.record["status"] == "2 of 3 completed, 1 failed"
    assert row.record["metrics"]["fid"]["value"] == 1.5
    assert row.record["metrics"]["fid"]["remark"].startswith("2 of 3 runs")


def test_scores_that_were_measured_otherwise_are_not_averaged(make_score):
    scores = [make_score(1.0), make_score(3.0), make_score(100.0, extractor="inception")]
    mean = mean_score(scores, expected=3)
    assert mean["value"] == 2.0
    assert "2 of 3 runs" in mean["remark"]


def test_a_score_that_is_finite_nowhere_has_no_value(make_score):
    mean = mean_score([make_score(None)], expected=1)
    assert mean["value"] is None
    assert mean["remark"] == "not finite in any run"


@pytest.mark.parametrize("key", ["first_stage", "first_stages.vae", "init_from"])
def test_seeds_that_stand_on_models_of_their_own_seeds_are_one_row(store, make_score, key):
    for seed in (0, 1):
        node = {"experiment": "vae", "fingerprint": f"{seed}" * 12}
        for name in reversed(key.split(".")):
            node = {name: node}
        store.run({"fid": make_score(1.0 + seed)}, seed=seed, config=node)
    assert [row.record["seeds"] for row in rows(store)[2]] == [[0, 1]]
