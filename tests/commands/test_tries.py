"""What is no fault of a run uses up none of its tries: a mistake in a key that decides no result, a device, a file."""

import json

import pytest

from composing import composed
from genlab.atomic import write_json
from genlab.callbacks.history import History
from genlab.cli import main
from genlab.runs import history
from genlab.runs.devices import check_devices
from genlab.runs.record import BEFORE_TRAINING, SCHEMA, Record
from genlab.runs.store import Store

TINY = [
    "experiment=autoencoder/cvae_digits", "dataset.train_size=128", "dataset.batch_size=32", "test=false",
    "logger=none", "callbacks.previews=null", "trainer.max_epochs=1",
]  # fmt: skip
WRONG = [
    "trainer=gpu", "+trainer.strategy=dddp", "+trainer.num_nodes=0", "+trainer.profiler=abc",
    "logger=wandb logger.wandb.mode=online", "logger=csv logger.csv.file=/dev/null/x.csv",
    "logger=tensorboard logger.tensorboard.save_dir=/dev/null/x", "callbacks.checkpoints.monitor=nothing",
    "-m hydra.launcher.timeout_minutes=0.0001",
]  # fmt: skip
"""Keys outside the fingerprint, each with a value that cannot work here."""


def records(root):
    return [json.loads(path.read_text()) for path in root.glob("*/*/record.json")]


def test_a_mistake_that_decides_no_result_leaves_the_right_run_its_tries(tmp_path, monkeypatch, capsys):
    for key in ("WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    store = [f"paths.output_dir={tmp_path}/store"]
    for wrong in WRONG:
        for _ in range(2):
            assert main(["train", *TINY, *store, *wrong.split()]) in (1, 2), wrong
            output = capsys.readouterr()
            assert "Traceback" not in output.err
            assert "InstantiationException" not in output.err
            assert "Error in call to target" not in output.err
            assert "an error of its own" not in output.err, wrong
            assert [run.record().tries for run in Store(tmp_path / "store")] in ([], [0]), wrong
    assert main(["train", *TINY, *store, "retries=0"]) == 0
    (run,) = Store(tmp_path / "store")  # all of them asked for the same run
    record = run.record()
    assert record.status == "completed"
    assert {error["stage"] for error in record.errors} == {BEFORE_TRAINING}
    assert "retries=0" in record.overrides  # those of the request that worked


def test_what_the_training_itself_does_wrong_is_a_try(tmp_path, monkeypatch, capsys):
    def fail(self, trainer, module):
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(History, "on_train_epoch_end", fail)
    words = ["train", *TINY, f"paths.output_dir={tmp_path}"]
    assert [main(words) for _ in range(3)] == [1, 1, 1]
    assert (
        "failed 2 times, the last with RuntimeError: shapes do not fit; retries=2 tries again"
        in capsys.readouterr().err
    )
    (run,) = Store(tmp_path)
    assert run.record().tries == 2
    monkeypatch.undo()
    assert main([*words, "retries=2"]) == 0


def test_an_error_before_the_first_step_is_none(tmp_path, monkeypatch):
    def fail(self, trainer, module):
        raise RuntimeError("no such device")

    monkeypatch.setattr(History, "on_train_start", fail)
    words = ["train", *TINY, f"paths.output_dir={tmp_path}"]
    assert [main(words) for _ in range(3)] == [1, 1, 1]
    (run,) = Store(tmp_path)
    assert (len(run.record().errors), run.record().tries) == (2, 0)
    monkeypatch.undo()
    assert main(words) == 0


def test_errors_of_old_records_are_tries(tmp_path):
    record = Record("abc", "train", "diffusion", None, 0, [])
    old = {"type": "ValueError", "message": "no", "traceback": "..."}
    record.errors, record.error = [old, old | {"stage": BEFORE_TRAINING}], old
    assert record.tries == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["trainer=gpu"], "trainer.accelerator = cuda: no GPU is there that torch "),
        (["trainer.accelerator=gpu"], "trainer.accelerator = gpu: no GPU is there that torch "),
        (["trainer=mps"], "trainer.accelerator = mps: no GPU of Apple \\(mps\\) is there that torch "),
        (["trainer.accelerator=cpuu"], "trainer.accelerator = cpuu must be one of .*; did you mean 'cpu'"),
        (["trainer.devices=many"], "trainer.devices = many must be a number from 1"),
        (["trainer.precision=16-mixt"], "trainer.precision = 16-mixt must be one of .*; did you mean '16-mixed'"),
        (["+trainer.strategy=ddp_spwan"], "trainer.strategy = ddp_spwan must be one of .*; did you mean 'ddp_spawn'"),
    ],
)
def test_a_device_that_is_not_there_is_a_sentence_with_its_remedy(words, sentence, monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    with pytest.raises(ValueError, match=sentence):
        check_devices(composed(*words).trainer)


@pytest.mark.parametrize(
    ("devices", "fits"), [(1, True), (2, True), (3, False), ("[0,1]", True), ("[0,2]", False), ("'0,2'", False)]
)
def test_more_gpus_than_there_are(devices, fits, monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("genlab.runs.devices._refusal", lambda asked: None)
    trainer = composed("trainer=gpu", f"trainer.devices={devices}").trainer
    if fits:
        check_devices(trainer)
    else:
        with pytest.raises(
            ValueError, match=r"^trainer.devices = .*: 2 GPUs are there; take trainer.devices=2 or fewer$"
        ):
            check_devices(trainer)


@pytest.mark.parametrize("choice", ["cpu", "ddp_sim", "default"])
def test_a_device_that_is_there_is_taken_without_a_word(choice, capsys):
    check_devices(composed(f"trainer={choice}").trainer)
    output = capsys.readouterr()
    assert output.out + output.err == ""


# ---- files of the run that cannot be used ---------------------------------------------------------------------------


@pytest.fixture
def interrupted(tmp_path, monkeypatch):
    """The folder of a run whose training has failed after a step, and the words that ask for it."""
    words = ["train", *TINY, f"paths.output_dir={tmp_path}"]
    monkeypatch.setattr(History, "on_train_epoch_end", lambda *_: 1 / 0)
    assert main(words) == 1
    monkeypatch.undo()
    (run,) = Store(tmp_path)
    return run, words


@pytest.mark.parametrize("name", ["record.json", "history.jsonl"])
def test_a_run_with_a_damaged_file_is_refused_and_left_as_it_is(name, interrupted, capsys):
    run, words = interrupted
    history.append(run.history_file, [{"step": 1, "epoch": 0, "loss": 1.0}, {"step": 2, "epoch": 0, "loss": 1.0}])
    whole = (run.path / name).read_bytes()
    newer = [json.dumps(json.loads(whole) | {"schema": SCHEMA + 1}).encode()] if name == "record.json" else []
    for content in [whole[: len(whole) // 2] + b"\n{}\n", b"null\n\n", *newer]:
        (run.path / name).write_bytes(content)
        capsys.readouterr()
        assert main(words) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"error: {run.path / name} is ")
        assert line.endswith(f"move {run.path} away, or run beside it with force=true")
        assert (run.path / name).read_bytes() == content
    assert main([*words, "-m", "seed=0,1", "launcher=inline"]) == 1  # the sweep goes on without it
    assert "2 jobs: 1 done, 0 done before, 1 failed" in capsys.readouterr().out
    assert (run.path / name).read_bytes() == content
    assert main([*words, "force=true"]) == 0
    assert (run.path / name).read_bytes() == content


def test_a_sweep_whose_manifest_is_damaged_is_refused_before_its_first_job(tmp_path, capsys):
    write_json(tmp_path / "sweeps/s/manifest.json", {"rows": [{"run": None}]})
    content = (tmp_path / "sweeps/s/manifest.json").read_text()
    assert main(["train", *TINY, f"paths.output_dir={tmp_path}", "-m", "seed=0,1", "sweep=s"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("move it away, or give the sweep another name with sweep=NAME")
    assert (tmp_path / "sweeps/s/manifest.json").read_text() == content
    assert not list(tmp_path.glob("train/*/record.json"))
