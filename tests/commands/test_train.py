"""One real run of each kind through the command line: what it leaves, what it says, and what it refuses."""

import json

import pytest

from composing import with_words
from genlab.cli import main
from genlab.runs.record import SCHEMA
from genlab.runs.store import Store

SMALL = [
    "dataset.train_size=256",
    "trainer.max_epochs=1",
    "metrics.n_samples=64",
    "logger=none",
    "callbacks.previews=null",
]
CVAE = ["experiment=autoencoder/cvae_digits", *SMALL]
DIFFUSION = ["experiment=diffusion/class_conditional_digits", *SMALL, "sampler.steps=3"]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with one completed run of each family."""
    root = tmp_path_factory.mktemp("store")
    for name, words in {"cvae": CVAE, "diffusion": DIFFUSION}.items():
        assert main(["train", *words, f"paths.output_dir={root}", f"task_name={name}"]) == 0
    return root


def runs(store, task):
    return [run for run in Store(store) if run.path.parent.name == task]


@pytest.mark.parametrize("task", ["cvae", "diffusion"])
def test_a_run_leaves_the_folder_of_the_contract(store, task):
    (run,) = runs(store, task)
    record = json.loads(run.record_file.read_text())
    assert record["schema"] == SCHEMA
    assert record["status"] == "completed"
    assert record["fingerprint"] == run.path.name
    assert record["error"] is None
    assert record["data"]["n_test"] == 180
    assert record["training"]["steps"] == 4
    assert record["training"]["parameters"] > 10_000
    assert {"genlab", "commit", "python", "torch", "device", "threads"} <= set(record["environment"])
    for score in record["metrics"].values():
        assert score["low"] <= score["value"] <= score["high"]
        assert score["made"]["weights"] in ("ema", "raw")
    assert (run.checkpoints / "last.ckpt").exists()
    assert list(run.samples.glob("step_*.png"))
    assert run.config_file.exists()


def test_what_applies_is_scored_and_nothing_else(store):
    ((cvae,), (diffusion,)) = (runs(store, task) for task in ("cvae", "diffusion"))
    reconstruction = {"psnr", "ssim"}
    assert reconstruction | {"fid_digits"} <= set(cvae.record().metrics)
    assert reconstruction.isdisjoint(diffusion.record().metrics)
    made = diffusion.record().metrics["fid_digits"]["made"]
    assert made["weights"] == "ema"
    assert made["nfe"] == 3


def test_the_same_request_is_answered_from_the_store(store, capsys):
    (run,) = runs(store, "cvae")
    before = run.record_file.read_text()
    assert main(["train", *CVAE, f"paths.output_dir={store}", "task_name=cvae"]) == 0
    assert "done before" in capsys.readouterr().err
    assert run.record_file.read_text() == before
    assert len(runs(store, "cvae")) == 1


def test_the_same_config_gives_the_same_weights_and_pictures(store, tmp_path):
    from genlab.runs import checkpoint_io

    (first,) = runs(store, "diffusion")
    assert main(["train", *DIFFUSION, f"paths.output_dir={tmp_path}", "task_name=diffusion"]) == 0
    (second,) = runs(tmp_path, "diffusion")
    assert first.path.name == second.path.name
    a, b = (checkpoint_io.load(run.checkpoint())["state_dict"] for run in (first, second))
    assert all((a[key] == b[key]).all() for key in a)
    picture = "step_000004.png"
    assert (first.samples / picture).read_bytes() == (second.samples / picture).read_bytes()
    assert first.record().metrics["fid_digits"]["value"] == second.record().metrics["fid_digits"]["value"]


def test_sampling_reads_the_runs_own_config(store, tmp_path):
    (run,) = runs(store, "diffusion")
    words = [f"run={run.path}", "n=12", "label=3", f"out={tmp_path}/pictures", "format=folder"]
    assert main(["sample", *words]) == 0
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 12


def test_a_picture_depends_on_its_own_seed_and_not_on_the_batch(store, tmp_path):
    (run,) = runs(store, "diffusion")
    for batch in (3, 8):
        words = [f"run={run.path}", "n=8", f"batch_size={batch}", f"out={tmp_path}/{batch}", "format=folder"]
        assert main(["sample", *words, "sampler=ddpm", "sampler.steps=5"]) == 0
    for i in range(8):
        assert (tmp_path / f"3/{i:06d}.png").read_bytes() == (tmp_path / f"8/{i:06d}.png").read_bytes()


def test_one_checkpoint_is_evaluated_many_ways_without_training(store):
    (run,) = runs(store, "diffusion")
    before = run.record_file.read_text()
    words = [f"run={run.path}", "sampler=ddim", "sampler.steps=2,4", "metrics.n_samples=64"]
    assert main(["evaluate", *words, "-m"]) == 0
    records = [json.loads(path.read_text()) for path in (run.path / "evaluations").glob("*.json")]
    assert sorted(record["metrics"]["fid_digits"]["made"]["nfe"] for record in records) == [2, 4]
    assert run.record_file.read_text() == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["sample", "label=11"], "label = 11 must be one of the data's classes, 0 to 9"),
        (["sample", "n=0"], "n = 0 must be 1 or more"),
        (["sample", "sampler.stepz=3"], "unknown key 'sampler.stepz'"),
        (["sample", "format=jpg"], "format = 'jpg' must be grid, folder, film, mixing, variation or truncation"),
        (["evaluate", "metrics=imag"], "unknown option metrics=imag; did you mean 'image'"),
        (["sample", "sampler=ddim", "sampler.steps=2000"], "sampler.steps = 2000 must not exceed"),
    ],
)
def test_bad_requests_on_a_run_are_one_sentence(store, words, sentence, capsys):
    (run,) = runs(store, "diffusion")
    assert main([words[0], f"run={run.path}", *words[1:]]) == 2
    assert sentence in capsys.readouterr().err


def test_a_failing_run_is_recorded_and_reported(tmp_path, capsys):
    words = with_words(CVAE, f"paths.output_dir={tmp_path}", "optimizer.lr=1e30", "trainer.max_epochs=3")
    assert main(["train", *words]) == 1
    (run,) = Store(tmp_path)
    record = run.record()
    assert record.status == "failed"
    assert record.error["type"] == "NonFiniteLoss"
    assert "at step" in record.error["message"]
    assert "NonFiniteLoss" in capsys.readouterr().err
    assert main(["train", *words]) == 1  # retried once
    assert len(run.record().errors) == 1
    assert main(["train", *words]) == 1  # and then left alone
    assert "retries=2 tries again" in capsys.readouterr().err


def test_a_sweep_goes_on_after_a_failure_and_ends_with_status_1(tmp_path, capsys):
    words = [*CVAE, f"paths.output_dir={tmp_path}", "optimizer.lr=1e30,1e-3", "-m", "launcher=inline"]
    assert main(["train", *words]) == 1
    assert sorted(run.record().status for run in Store(tmp_path)) == ["completed", "failed"]
    assert "2 jobs: 1 done, 0 done before, 1 failed" in capsys.readouterr().out


def test_no_job_of_a_sweep_starts_when_one_cannot(tmp_path, capsys):
    words = [*CVAE, f"paths.output_dir={tmp_path}", "model.coding_size=2,-2", "-m", "launcher=inline"]
    assert main(["train", *words]) == 2
    assert "job 1 " in (error := capsys.readouterr().err)
    assert "model.coding_size = -2 must be 1 or more" in error
    assert not list(Store(tmp_path))


def test_the_table_of_runs(store, capsys):
    assert main(["runs", f"paths.output_dir={store}", "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert {record["task_name"] for record in records} == {"cvae", "diffusion"}
    assert main(["runs", f"paths.output_dir={store}", "family=diffusion", "--csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert main(["runs", f"paths.output_dir={store}", "familie=x"]) == 2
    assert "did you mean 'family'" in capsys.readouterr().err
    a, b = (run.path.name for run in Store(store))
    assert main(["runs", "--why", a, b, f"paths.output_dir={store}"]) == 0
    assert "model._target_: genlab.models" in capsys.readouterr().out
