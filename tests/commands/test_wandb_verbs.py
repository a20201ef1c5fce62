"""The verbs for W&B: offline runs are found and sent once; a sweep file asks what Hydra's words ask."""

import pytest
import yaml

from genlab.cli import main
from genlab.commands.wandb_sweep import sweep_file
from genlab.config.errors import ConfigError
from genlab.runs.sweeps import Sweep


@pytest.fixture
def store(tmp_path):
    """A store with a sweep of one run that has one offline part, and one that was sent already."""
    run = tmp_path / "train" / "abc"
    for name, files in {
        "offline-run-1": ["run-x.wandb"],
        "offline-run-2": ["run-x.wandb", "run-x.wandb.synced"],
    }.items():
        (run / "wandb" / name).mkdir(parents=True)
        for file in files:
            (run / "wandb" / name / file).touch()
    Sweep(tmp_path, "night").plan([(["seed=1"], run)])
    return tmp_path


def test_only_what_was_not_sent_is_offline(store):
    from genlab.interop.wandb_sync import offline_parts

    assert [part.name for part in offline_parts(store / "train" / "abc")] == ["offline-run-1"]


def test_without_a_key_one_sentence_says_what_to_set(store, capsys, monkeypatch, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    for key, value in {
        "HOME": str(home),
        "NETRC": str(home / ".netrc"),
        "WANDB_BASE_URL": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(key, value)
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    assert main(["wandb-sync", "sweep=night", f"paths.output_dir={store}"]) == 2
    assert "set WANDB_API_KEY" in capsys.readouterr().err


def test_an_unknown_sweep_is_one_sentence(store, capsys):
    assert main(["wandb-sync", "sweep=nigth", f"paths.output_dir={store}"]) == 2
    assert "did you mean 'night'" in capsys.readouterr().err


def test_a_store_without_offline_runs_has_nothing_to_send(tmp_path, capsys):
    assert main(["wandb-sync", f"paths.output_dir={tmp_path}"]) == 0
    assert "nothing to upload" in capsys.readouterr().out


def test_a_grid_becomes_a_grid_with_values_of_their_own_type(tmp_path, capsys):
    out = tmp_path / "sweep.yaml"
    words = ["-m", "experiment=a/b", "model.coding_size=2,16", "optimizer.lr=1e-3,0.01", "model.kind=x,y"]
    assert main(["wandb-sweep", f"out={out}", "metric=psnr", "goal=maximize", *words]) == 0
    content = yaml.safe_load(out.read_text())
    assert content["method"] == "grid"
    assert content["metric"] == {"name": "test/psnr", "goal": "maximize"}
    assert content["parameters"] == {
        "model.coding_size": {"values": [2, 16]}, "optimizer.lr": {"values": [0.001, 0.01]},
        "model.kind": {"values": ["x", "y"]},
    }  # fmt: skip
    assert content["command"] == ["genlab", "train", "experiment=a/b", "${args_no_hyphens}"]


def test_intervals_become_distributions():
    words = ["lr=tag(log,interval(1e-4,1e-2))", "n=int(interval(1,8))", "p=interval(0,1)"]
    content = sweep_file(words)
    assert content["method"] == "bayes"
    assert content["parameters"] == {
        "lr": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1e-2},
        "n": {"distribution": "int_uniform", "min": 1, "max": 8},
        "p": {"distribution": "uniform", "min": 0.0, "max": 1.0},
    }
    with pytest.raises(ConfigError, match="method = grid needs values"):
        sweep_file(words, method="grid")


def test_words_without_a_sweep_are_refused():
    with pytest.raises(ConfigError, match="nothing is swept"):
        sweep_file(["seed=1"])
