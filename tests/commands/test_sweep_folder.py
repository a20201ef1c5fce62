"""A sweep through the command line leaves its manifest, and `genlab runs sweep=NAME` finds its runs."""

import json

import pytest

from composing import with_words
from genlab.cli import main
from genlab.runs.sweeps import Sweep

WORDS = [
    "experiment=autoencoder/cvae_digits", "dataset.train_size=128", "dataset.batch_size=64", "trainer.max_epochs=1",
    "test=false", "logger=none", "callbacks.previews=null", "launcher=inline",
]  # fmt: skip


def test_a_sweep_and_its_folder(tmp_path, capsys):
    words = [*WORDS, f"paths.output_dir={tmp_path}", "sweep=lr", "optimizer.lr=1e-3,1e30", "-m"]
    assert main(["train", *with_words(words, "trainer.max_epochs=2")]) == 1
    rows = Sweep(tmp_path, "lr").rows()
    assert [row["status"] for row in rows] == ["completed", "failed"]
    assert {path.name for path in (tmp_path / "sweeps" / "lr").iterdir()} == {
        ".lock", "manifest.json", "lr=0.001", "lr=1e+30",
    }  # fmt: skip
    record = json.loads((tmp_path / "sweeps/lr/lr=0.001/record.json").read_text())
    assert record["fingerprint"] == rows[0]["fingerprint"]
    assert main(["train", *WORDS, f"paths.output_dir={tmp_path}", "seed=7"]) == 0  # no sweep
    capsys.readouterr()
    assert main(["runs", f"paths.output_dir={tmp_path}", "sweep=lr", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2
    assert main(["runs", f"paths.output_dir={tmp_path}", "sweep=other"]) == 1


def test_a_search_finds_its_runs_again_and_continues_to_its_budget(tmp_path, capsys):
    pytest.importorskip("optuna")
    words = [
        *WORDS, f"paths.output_dir={tmp_path}", "hparams_search=tpe", "hydra.sweeper.metric=seconds", "sweep=found",
        "-m", "model.coding_size=choice(2,3)", "optimizer.lr=tag(log,interval(1e-4,1e-2))",
    ]  # fmt: skip
    assert main(["train", *words, "hydra.sweeper.n_trials=1"]) == 0
    assert main(["train", *words, "hydra.sweeper.n_trials=2"]) == 0
    assert "found: 2 of 2 trials, 0 failed" in capsys.readouterr().out
    rows = Sweep(tmp_path, "found").rows()
    assert [row["status"] for row in rows] == ["completed", "completed"]
    assert len({row["fingerprint"] for row in rows}) == 2


@pytest.mark.parametrize("search", ["tpe", "random"])
def test_a_search_is_composed_with_the_sweeper_of_its_name(search, capsys):
    pytest.importorskip("optuna")
    assert main(["train", f"hparams_search={search}", "--cfg", "hydra"]) == 0
    out = capsys.readouterr().out
    assert f"algorithm: {search}" in out
    assert "optuna_sweeper.OptunaSweeper" in out
