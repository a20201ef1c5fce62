"""Whatever comes from elsewhere (a run's folder, names in the data, words) stays data; secrets stay out."""

import json
import os

import numpy as np
import pytest
from PIL import Image

from composing import with_words
from genlab.cli import main
from genlab.runs.record import Record
from genlab.runs.store import Store

TINY = ["trainer.max_epochs=1", "metrics=none", "callbacks.previews=null"]
SECRET = "tok-5f2b9c81d0aa4e7796"
PASSWORD = "pa55-correct-horse"


@pytest.fixture
def stranger(tmp_path):
    """A run folder from somebody else, whose config would touch a file, and that file."""

    def make(where, evil=None, **more):
        touched = tmp_path / "touched"
        evil = evil or {"_target_": "os.system", "command": f"touch {touched}"}
        model = {"_target_": "genlab.models.vae.VAE", "network": {}, "seed": 0}
        dataset = {
            "_target_": "genlab.data.image_datamodule.ImageDataModule",
            "channels": 1,
            "size": 8,
            "num_classes": 10,
        }
        dataset |= {"source": {"_target_": "genlab.data.digits.Digits"}, "batch_size": 8}
        cfg = {"model": model, "dataset": dataset, "metrics": None, "seed": 0, **more}
        *parents, key = where.split(".")
        node = cfg
        for name in parents:
            node = node[name]
        node[key] = evil
        run = tmp_path / "store" / "train" / "stranger"
        (run / "checkpoints").mkdir(parents=True)
        (run / "checkpoints" / "last.ckpt").write_bytes(b"no checkpoint")
        (run / "config.yaml").write_text(json.dumps(cfg))
        whole = Record("stranger", "train", "autoencoder", None, 0, [], status="completed", started="2026-01-01")
        whole.save(run / "record.json")  # a damaged one would be passed over before its config is read
        return run, touched

    return make


@pytest.mark.parametrize("where", ["model", "model.network", "dataset.source", "metrics", "sampler"])
@pytest.mark.parametrize("verb", ["sample", "evaluate"])
@pytest.mark.parametrize("trusts_itself", [False, True])
def test_a_run_folder_cannot_make_a_command_run_code(stranger, where, verb, trusts_itself, tmp_path, capsys):
    run, touched = stranger(where, **({"allow_targets": ["os.system"]} if trusts_itself else {}))
    assert main([verb, f"run={run}", f"paths.output_dir={tmp_path}/store"]) == 2
    assert "os.system" in capsys.readouterr().err
    assert not touched.exists()


@pytest.mark.parametrize("verb", ["sample", "evaluate"])
def test_an_interpolation_of_a_run_folder_is_never_evaluated(stranger, verb, tmp_path, capsys):
    run, touched = stranger("sampler")
    code = f"${{eval:\"__import__('os').system('touch {touched}')\"}}"
    cfg = json.loads((run / "config.yaml").read_text()) | {"sampler": None, "seed": code}
    (run / "config.yaml").write_text(json.dumps(cfg))
    assert main([verb, f"run={run}", f"paths.output_dir={tmp_path}/store"]) == 2
    assert len(capsys.readouterr().err.splitlines()) >= 1
    assert not touched.exists()


RUN_VERBS = [["sample"], ["sample", "-m", "seed=1,2"], ["evaluate"], ["evaluate", "-m", "seed=1,2"], ["edit"]]
RUN_VERBS += [["export", "out=pipeline"]]


def attacks(folder):
    """What would start a program, or write or delete a file, were it built."""
    data_dir = {"_target_": "genlab.data.catalog.default_data_dir"}
    pip, requirement = "genlab.data.wheel.file_from_wheel", f"{folder}/evil"
    return {
        "fetch": {"_target_": pip, "requirement": requirement, "member": "x", "target": data_dir, "sha256": ""},
        "upload": {"_target_": "genlab.interop.wandb_sync.upload", "part": str(folder)},
        "log": {"_target_": "genlab.interop.wandb.wandb_logger", "run_dir": str(folder), "project": "x"},
        "table": {"_target_": "genlab.interop.table.CSVTable", "file": f"{folder}/evil/x"},
    }


@pytest.fixture
def nothing_else(tmp_path, monkeypatch):
    """Checks that no program is started and no file comes or goes while a test runs, but those that it names."""
    started, expected = [], set()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("subprocess.Popen.__init__", lambda self, command, *_, **__: started.append(command))
    yield expected
    assert started == []
    assert everything_under(tmp_path) == expected


@pytest.mark.parametrize("attack", ["fetch", "upload", "log", "table"])
@pytest.mark.parametrize("words", RUN_VERBS, ids=" ".join)
def test_a_run_folder_cannot_make_a_command_do_anything_but_build(
    stranger, attack, words, tmp_path, capsys, nothing_else
):
    """Only parts are built, each where it belongs: elsewhere a logger, which is one, would begin a run of W&B."""
    where = {"fetch": "model.optimizer", "upload": "model", "log": "model.network", "table": "model.optimizer"}[attack]
    evil = attacks(tmp_path)[attack]
    run, _ = stranger(where, evil)
    nothing_else |= everything_under(tmp_path)
    assert main([words[0], f"run={run}", f"paths.output_dir={tmp_path}/store", *words[1:]]) == 2
    said = capsys.readouterr().err
    assert evil["_target_"] in said
    assert "Traceback" not in said


@pytest.mark.parametrize("attack", ["fetch", "upload", "log", "table"])
@pytest.mark.parametrize("where", ["model", "model.optimizer", "dataset", "dataset.source"])
def test_comparing_with_a_strangers_run_does_nothing_else(stranger, attack, where, tmp_path, capsys, nothing_else):
    evil = attacks(tmp_path)[attack]
    run, _ = stranger(where, evil)
    nothing_else |= everything_under(tmp_path)
    assert main(["compare", str(run), str(run), f"paths.output_dir={tmp_path}/store"]) == 2
    assert evil["_target_"] in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["report", "runs"])
def test_what_lists_runs_builds_nothing_of_a_strangers(stranger, verb, tmp_path, nothing_else):
    stranger("model.optimizer", attacks(tmp_path)["fetch"])
    nothing_else |= everything_under(tmp_path) | ({"store/report.html"} if verb == "report" else set())
    assert main([verb, f"paths.output_dir={tmp_path}/store"]) == 0


@pytest.mark.parametrize("words", RUN_VERBS, ids=" ".join)
@pytest.mark.parametrize("key", ["callbacks", "launcher", "sweeper", "defaults"])
def test_a_run_folder_cannot_tell_hydra_what_to_build(stranger, words, key, tmp_path, capsys, nothing_else):
    """Hydra builds its launcher, its sweeper and its callbacks itself, from the config that it has composed."""
    evil = {"_target_": "shutil.rmtree", "path": f"{tmp_path}/store"}
    hydra = {"hydra": {key: {"x": evil} if key == "callbacks" else evil}}
    run, _ = stranger("model", **({"defaults": [{"override hydra/launcher": "x"}]} if key == "defaults" else hydra))
    nothing_else |= everything_under(tmp_path)
    assert main([words[0], f"run={run}", f"paths.output_dir={tmp_path}/store", *words[1:]]) == 2
    assert "model._target_: 'os.system' is not on the list" in capsys.readouterr().err


def test_comparing_with_a_strangers_run_runs_no_code(stranger, tmp_path, capsys):
    run, touched = stranger("dataset.source", allow_targets=["os.system"])
    assert main(["compare", str(run), str(run), f"paths.output_dir={tmp_path}/store"]) == 2
    assert "os.system" in capsys.readouterr().err
    assert not touched.exists()


@pytest.mark.parametrize(
    "word", ["task_name=../../elsewhere", "task_name=/elsewhere", "sweep=../elsewhere", "sweep=.x"]
)
def test_a_name_cannot_leave_the_store(word, tmp_path, capsys):
    assert main(["train", *TINY, word, f"paths.output_dir={tmp_path}/store"]) == 2
    assert "must be letters, digits" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def everything_under(folder):
    return {os.path.relpath(path, folder) for path in folder.rglob("*")}


def test_tags_classes_and_file_names_of_the_data_stay_names(tmp_path, capsys):
    """Classes and files whose names would be a path, a command, a format or markup where somebody used them so."""
    data, random = tmp_path / "data", np.random.default_rng(0)
    for name in ("%2e%2e%2felsewhere", "$(touch elsewhere)", "{0.__class__}", "<script>alert(1)<", "a\nb", "-rf"):
        (data / name).mkdir(parents=True)
        for i in range(8):
            pixels = random.integers(0, 256, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(data / name / f"; rm -rf elsewhere {i}.png")
    before = everything_under(tmp_path)
    words = [
        "model=cvae", "dataset=image_folder", f"dataset.source.path={data}", "dataset.channels=1", "dataset.size=8",
        "dataset.num_classes=6", "dataset.batch_size=8", "logger=csv", "metrics=image", "metrics.n_samples=12",
        "extractor=digits", "extractor.steps=5",
        "tags=['../../elsewhere','$(touch elsewhere)']", f"paths.output_dir={tmp_path}/store",
        f"paths.data_dir={tmp_path}/cache",
    ]  # fmt: skip
    assert main(["train", *with_words(TINY, *words)]) == 0, capsys.readouterr().err
    (run,) = Store(tmp_path / "store")
    assert main(["sample", f"run={run.path}", "n=6", "format=folder", f"paths.data_dir={tmp_path}/cache"]) == 0
    assert main(["report", str(run.path), "format=html", f"out={tmp_path}/report.html"]) == 0
    new = everything_under(tmp_path) - before
    assert {name.partition("/")[0] for name in new} == {"store", "cache", "report.html"}
    assert not any("elsewhere" in name for name in new)
    assert "<script>alert(1)" not in (tmp_path / "report.html").read_text()


def test_no_secret_is_written_or_said(tmp_path, monkeypatch, capfd):
    """An API key of the environment, a password in a URL and a token among the words of a run that fails over them."""
    monkeypatch.setenv("STORAGE_API_KEY", SECRET)
    monkeypatch.setenv("WANDB_MODE", "offline")
    source = f"https://me:{PASSWORD}@host/{SECRET}/x.ckpt"
    words = [
        "experiment=autoencoder/cvae_digits", "dataset.train_size=128", *TINY, "logger=many", "train=false",
        f"ckpt_path='{source}'", f"tags=['{SECRET}']",
        f"paths.output_dir={tmp_path}",
    ]  # fmt: skip
    assert main(["train", *words]) == 2
    assert main(["train", *words, "-m", "seed=1,2", "sweep=s", "hydra.launcher.threads=1"]) == 1
    assert main(["runs", f"paths.output_dir={tmp_path}", "--json"]) == 0
    said = capfd.readouterr()
    runs = list(Store(tmp_path))
    assert {run.record().status for run in runs} == {"failed"}
    assert all("<redacted>" in run.record().error["message"] for run in runs)
    assert all("<redacted>" in run.record().error["traceback"] for run in runs)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"config.yaml", "record.json", "train.log", "manifest.json"} <= {path.name for path in files}
    assert any(path.suffix == ".wandb" for path in files)
    for secret in (SECRET, PASSWORD):
        assert [path for path in files if secret.encode() in path.read_bytes() or secret in str(path)] == []
        assert secret not in said.out
        assert secret not in said.err
