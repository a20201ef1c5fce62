"""What counts as a run of a report."""

import json
import shutil

import pytest

from genlab.errors import ConfigError
from genlab.reports.collect import collect


def test_runs_are_found_below_a_folder_each_once_oldest_first(store):
    first, second = store.run({}), store.run({})
    runs = collect([second, store.root, first])
    assert [run.run.path for run in runs] == [first, second]


def test_a_damaged_or_foreign_record_is_left_out(store):
    good, torn, foreign = store.run({}), store.run({}), store.run({})
    (torn / "record.json").write_text('{"schema": 1, "sta')
    (foreign / "record.json").write_text('["not", "a", "record"]')
    assert [run.run.path for run in collect([store.root])] == [good]


def test_a_run_whose_process_died_is_interrupted(store):
    store.run({}, status="running")
    assert collect([store.root])[0].record["status"] == "interrupted"


def test_the_runs_of_one_sweep(store):
    mine = store.run({}, sweep="mine")
    store.run({}, sweep="other")
    assert [run.run.path for run in collect([store.root], sweep="mine")] == [mine]
    with pytest.raises(ConfigError, match="no run of the sweep theirs"):
        collect([store.root], sweep="theirs")


def test_links_with_readable_names_lead_to_the_same_run(store):
    run = store.run({})
    link = store.root / "sweeps" / "mine" / "coding_size=2"
    link.parent.mkdir(parents=True)
    link.symlink_to(run)
    assert [found.run.path for found in collect([link])] == [run]
    assert len(collect([store.root])) == 1


def test_later_evaluations_are_rows_with_the_overrides_of_both(store, make_score):
    run = store.run({"fid": make_score(5.0)}, "lr=1")
    (run / "evaluations").mkdir()
    record = json.loads((run / "record.json").read_text()) | {"overrides": ["sampler.steps=10"]}
    (run / "evaluations" / "ab12.json").write_text(json.dumps(record))
    trained, evaluated = collect([run])
    assert (trained.value("sampler.steps"), evaluated.value("sampler.steps")) == (None, "10")
    assert evaluated.value("lr") == "1"


def test_pictures_are_told_by_kind_and_step(store):
    run = store.run({}, pictures=(20, 60))
    shutil.copy(run / "samples" / "step_000060.png", run / "samples" / "step_000060_reconstructions.png")
    shutil.copy(run / "samples" / "step_000060.png", run / "samples" / "loss.png")
    pictures = collect([run])[0].pictures()
    assert {kind: list(steps) for kind, steps in pictures.items()} == {"samples": [20, 60], "reconstructions": [60]}


def test_a_folder_without_runs_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="holds no run"):
        collect([tmp_path])
    with pytest.raises(ConfigError, match="is no folder"):
        collect([tmp_path / "absent"])
