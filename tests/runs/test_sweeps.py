"""A sweep's folder names its runs, whatever its words hold, and says how they ended."""

import json
import os

import pytest

from genlab.runs.reading import Damaged
from genlab.runs.sweeps import Planned, Sweep, readable, safe, sweeps_of_runs


def job(root, *words, fingerprint="abc"):
    return list(words), root / "train" / fingerprint


def test_a_planned_row_becomes_what_the_run_became(tmp_path):
    sweep = Sweep(tmp_path, "first")
    one, two = job(tmp_path, "seed=1", "x=3"), job(tmp_path, "seed=2", "x=3", fingerprint="def")
    sweep.plan([one, two])
    assert [row["status"] for row in sweep.rows()] == ["planned", "planned"]
    sweep.conclude({(one[1], None): "completed", (two[1], None): "failed"})
    assert [(row["fingerprint"], row["status"], row["overrides"]) for row in sweep.rows()] == [
        ("abc", "completed", ["seed=1", "x=3"]), ("def", "failed", ["seed=2", "x=3"]),
    ]  # fmt: skip
    assert json.loads(sweep.manifest.read_text())["finished"]


def test_a_run_notes_its_own_end_if_it_is_a_row(tmp_path):
    sweep, one, two = Sweep(tmp_path, "first"), job(tmp_path, "seed=1"), job(tmp_path, "seed=2", fingerprint="def")
    sweep.note(one[1], None, "completed")
    assert not sweep.folder.exists()
    sweep.plan([one, two])
    sweep.note(one[1], None, "completed")
    sweep.note(tmp_path / "train" / "of another sweep", None, "completed")
    assert [row["status"] for row in sweep.rows()] == ["completed", "planned"]


@pytest.mark.parametrize("told", ["note", "conclude"])
def test_two_measurements_of_one_run_end_each_in_its_own_way(tmp_path, told):
    sweep, run = Sweep(tmp_path, "first"), tmp_path / "train" / "abc"
    jobs = [Planned(["n=1"], run, "one"), Planned(["n=2"], run, "two"), Planned(["metrics=none"], run)]
    sweep.plan(jobs)
    for at, status in enumerate(["completed", "failed", "interrupted"]):
        before = [row["status"] for row in sweep.rows()]
        if told == "note":
            sweep.note(run, jobs[at].measurement, status)
        else:
            sweep.conclude({(run, jobs[at].measurement): status})
        assert [row["status"] for row in sweep.rows()] == [*before[:at], status, *before[at + 1 :]]


@pytest.mark.parametrize(("status", "finished"), [("completed", True), ("failed", True), ("interrupted", False)])
def test_a_sweep_with_a_run_that_was_cut_short_is_not_finished(tmp_path, status, finished):
    sweep, one = Sweep(tmp_path, "first"), job(tmp_path, "seed=1")
    sweep.plan([one])
    sweep.conclude({(one[1], None): status})
    assert bool(json.loads(sweep.manifest.read_text())["finished"]) == finished


def test_links_are_relative_and_named_by_what_differs(tmp_path):
    sweep = Sweep(tmp_path, "first")
    sweep.plan([job(tmp_path, "model.a=1", "x=3"), job(tmp_path, "model.a=2", "x=3", fingerprint="def")])
    links = {path.name: os.readlink(path) for path in sweep.folder.iterdir() if path.is_symlink()}
    assert links == {"a=1": "../../train/abc", "a=2": "../../train/def"}


def test_a_second_part_of_a_sweep_adds_its_rows_and_takes_no_link_away(tmp_path):
    Sweep(tmp_path, "s").plan([job(tmp_path, "seed=1")])
    Sweep(tmp_path, "s").plan([job(tmp_path, "seed=1", fingerprint="def")])
    Sweep(tmp_path, "s").plan([job(tmp_path, "seed=1")])
    assert [row["fingerprint"] for row in Sweep(tmp_path, "s").rows()] == ["abc", "def"]
    assert {path.name for path in Sweep(tmp_path, "s").folder.iterdir() if path.is_symlink()} == {
        "seed=1",
        "seed=1-def",
    }
    assert sweeps_of_runs(tmp_path) == {str(tmp_path / "train/abc"): ["s"], str(tmp_path / "train/def"): ["s"]}


@pytest.mark.parametrize("name", ["../../etc", "/etc/passwd", "..", "", "a/b c", ".hidden", "x" * 300])
def test_no_name_leaves_the_folder(tmp_path, name):
    sweep = Sweep(tmp_path, name)
    assert sweep.folder.parent == tmp_path / "sweeps"
    sweep.plan([job(tmp_path, f"tag=../../{name}"), job(tmp_path, "tag=b", fingerprint="def")])
    assert all(path.parent == sweep.folder for path in sweep.folder.iterdir())
    assert "/" not in safe(name)


def test_secrets_stay_out(tmp_path):
    sweep = Sweep(tmp_path, "s")
    sweep.plan([job(tmp_path, "+model.api_key=0123456789abcdef0123456789abcdef01234567", "seed=1")])
    assert "0123456789abcdef" not in "".join([sweep.manifest.read_text(), *map(str, sweep.folder.iterdir())])


def test_words_that_change_no_result_are_not_in_a_name():
    assert readable(["experiment=a/b", "sweep=s", "paths.output_dir=/x", "+model.lr=1e-3"]) == "lr=1e-3"


def test_a_damaged_manifest_is_refused_until_it_is_moved_away(tmp_path):
    sweep = Sweep(tmp_path, "s")
    sweep.plan([job(tmp_path, "seed=1")])
    sweep.manifest.write_text("{half")
    for read in (sweep.rows, lambda: sweep.plan([job(tmp_path, "seed=1")])):
        with pytest.raises(Damaged, match=r"manifest.json is damaged \(no JSON\): move it away, or give"):
            read()
    assert sweep.manifest.read_text() == "{half"
    sweep.manifest.rename(tmp_path / "moved")
    sweep.plan([job(tmp_path, "seed=1")])
    assert len(sweep.rows()) == 1


@pytest.mark.parametrize("key", ["overrides", "task_name", "fingerprint", "run", "status"])
def test_a_row_that_lacks_something_is_damage(tmp_path, key):
    sweep = Sweep(tmp_path, "s")
    sweep.plan([job(tmp_path, "seed=1")])
    content = json.loads(sweep.manifest.read_text())
    del content["rows"][0][key]
    sweep.manifest.write_text(json.dumps(content))
    with pytest.raises(Damaged, match=rf"rows\[0\] has no {key}"):
        sweep.rows()
