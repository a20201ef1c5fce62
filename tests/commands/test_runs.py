"""genlab runs: filters by any key, sorts with what has no score last, writes JSON and CSV, follows a running sweep."""

import csv
import io
import json
from types import SimpleNamespace

import pytest

from genlab.cli import main
from genlab.runs import history
from genlab.runs.lock import Lock
from genlab.runs.record import Record
from genlab.runs.store import Store
from genlab.runs.sweeps import Sweep


def made(root, name, status="completed", size=2, seed=0, fid=None, **more):
    run = Store(root).run("train", name)
    run.path.mkdir(parents=True)
    words = [f"model.coding_size={size}", f"seed={seed}", "experiment=autoencoder/cvae_digits"]
    record = Record(name, "train", "autoencoder", "autoencoder/cvae_digits", seed, words, status=status, **more)
    record.started = f"2026-01-01T00:00:0{seed}+00:00"
    if fid is not None:
        record.metrics = {"fid_digits": {"value": fid, "low": fid - 1, "high": fid + 1, "better": "lower"}}
    record.save(run.record_file)
    run.config_file.write_text("trainer: {max_epochs: 4, max_steps: -1}\n")
    return run


@pytest.fixture
def store(tmp_path):
    made(tmp_path, "aaa", size=2, fid=30.0, seconds=10.0)
    made(tmp_path, "bbb", size=16, fid=10.0, seconds=30.0, seed=1)
    made(tmp_path, "ccc", size=16, fid=float("nan"), seconds=5.0, seed=2)
    made(tmp_path, "ddd", "failed", 4, 3, error={"type": "ValueError", "message": "no, thank you", "traceback": "..."})
    return tmp_path


@pytest.fixture
def names(store, capsys):
    def ask(*words):
        capsys.readouterr()
        status = main(["runs", f"paths.output_dir={store}", *words, "--json"])
        found = [record["fingerprint"] for record in json.loads(capsys.readouterr().out)]
        assert status == (0 if found else 1)
        return found

    return ask


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], ["aaa", "bbb", "ccc", "ddd"]),
        (["status=failed"], ["ddd"]),
        (["model.coding_size=16"], ["bbb", "ccc"]),
        (["coding_size=16", "seed=1"], ["bbb"]),
        (["experiment=autoencoder/*", "status=comp*"], ["aaa", "bbb", "ccc"]),
        (["fingerprint=b*"], ["bbb"]),
        (["status=running"], []),
        (["sort=fid_digits"], ["bbb", "aaa", "ccc", "ddd"]),
        (["sort=-fid_digits"], ["aaa", "bbb", "ccc", "ddd"]),
        (["sort=seconds", "status=completed"], ["ccc", "aaa", "bbb"]),
        (["sort=-started"], ["ddd", "ccc", "bbb", "aaa"]),
    ],
)
def test_filters_and_orders(names, words, found):
    assert names(*words) == found


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["statsu=failed"], "no run has a key 'statsu'; did you mean 'status'"),
        (["sort=fid_digit"], "sort = 'fid_digit' is no metric of these runs; did you mean 'fid_digits'"),
        (["failed"], "takes filters such as status=failed, not 'failed'"),
        (["--jsn"], "genlab runs has no '--jsn'; did you mean '--json'"),
        (["--why", "aaa"], "--why takes two runs, not 1"),
    ],
)
def test_mistakes_are_one_sentence(store, words, sentence, capsys):
    assert main(["runs", f"paths.output_dir={store}", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_csv_has_a_row_a_run_with_its_score_and_its_error(store, capsys):
    assert main(["runs", f"paths.output_dir={store}", "--csv"]) == 0
    rows = {row["fingerprint"]: row for row in csv.DictReader(io.StringIO(capsys.readouterr().out))}
    assert list(rows) == ["aaa", "bbb", "ccc", "ddd"]
    assert (rows["bbb"]["model.coding_size"], rows["bbb"]["fid_digits"], rows["bbb"]["fid_digits_low"]) == (
        "16", "10.0", "9.0",
    )  # fmt: skip
    assert rows["ddd"]["error"] == "ValueError: no, thank you"
    assert rows["aaa"]["path"] == str(store / "train" / "aaa")


def test_a_sweep_is_watched_until_it_is_finished(tmp_path, monkeypatch, capsys):
    """The view while a run of the sweep trains, ended by Ctrl-C; and one that ends with the sweep."""
    made(tmp_path, "aaa", seconds=100.0)
    run = made(tmp_path, "bbb", "running", 16, 1)
    late = Store(tmp_path).run("train", "ccc").path
    Sweep(tmp_path, "s").plan([(["seed=0"], tmp_path / "train/aaa"), (["seed=1"], run.path), (["seed=2"], late)])
    lines = [{"step": i, "epoch": (i - 1) // 10, "seconds": i / 5, "loss": 0.25} for i in range(1, 21)]
    history.append(run.history_file, lines)
    monkeypatch.setenv("COLUMNS", "120")

    def watch(while_waiting):
        monkeypatch.setattr("genlab.commands.runs.time", SimpleNamespace(sleep=while_waiting))
        assert main(["runs", "sweep=s", "--watch", f"paths.output_dir={tmp_path}"]) == 0
        return capsys.readouterr().out

    def interrupt(seconds):
        raise KeyboardInterrupt

    def finish(seconds):
        made(tmp_path, "ccc", seed=2)
        record = run.record()
        record.end("completed", 100.0)
        record.save(run.record_file)

    with Lock(run.lock_file):
        shown = watch(interrupt)
    assert "3 runs: 1 completed, 1 running, 1 waiting; about 1 min 44 s left" in shown  # 20 steps at 5 a second, 100 s
    for part in ("20/40", "0.25", "5.0", "4.0 s"):
        assert part in shown
    assert "3 runs: 3 completed" in watch(finish)
