"""A training begins where its config says that it does, or is refused in one sentence; never at nothing in silence."""

import re
import shutil

import pytest
import torch

from composing import with_words
from genlab.cli import main
from genlab.runs import history
from genlab.runs.store import Store

TINY = [
    "experiment=autoencoder/cvae_digits", "dataset.train_size=64", "dataset.batch_size=32", "test=false",
    "metrics=none", "logger=none", "callbacks.previews=null", "callbacks.checkpoints.every_n_steps=1",
]  # fmt: skip


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    monkeypatch.setattr("genlab.callbacks.previews.draw", lambda *_: None)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of one epoch of two steps."""
    root = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("genlab.callbacks.previews.draw", lambda *_: None)
        assert main(["train", *TINY, "trainer.max_epochs=1", f"paths.output_dir={root}"]) == 0
    return next(iter(Store(root)))


def asked(folder, *words):
    return main(["train", *with_words([*TINY, "trainer.max_epochs=2", f"paths.output_dir={folder}"], *words)])


@pytest.fixture
def begun(tmp_path, monkeypatch):
    """A run of which the drawing at the end has failed, so that it can be asked for again: it has two checkpoints."""

    def fail(*_):
        raise RuntimeError("no ink")

    with monkeypatch.context() as patch:
        patch.setattr("genlab.callbacks.previews.draw", fail)
        assert asked(tmp_path) == 1
    return next(iter(Store(tmp_path)))


def sentence(capsys):
    return capsys.readouterr().err.replace("\n", " ")


def test_damaged_checkpoints_are_refused_and_restart_begins_again(begun, tmp_path, capsys):
    for path in begun.checkpoints.glob("*.ckpt"):
        path.write_bytes(b"torn")
    assert asked(tmp_path, "retries=9") == 2
    said = sentence(capsys)
    assert "no whole checkpoint to go on from: last.ckpt is damaged (4 bytes), previous.ckpt is damaged" in said
    assert "restart=true begins it again at step 0" in said
    assert "Traceback" not in said
    assert asked(tmp_path, "retries=9", "restart=true") == 0
    assert "it begins again at step 0" in sentence(capsys)
    assert begun.record().training["steps"] == 4
    steps = [line["step"] for line in history.read(begun.history_file) if "loss" in line]
    assert steps == [1, 2, 3, 4]


def test_a_run_whose_checkpoints_are_gone_is_not_trained_again_in_silence(begun, tmp_path, capsys):
    shutil.rmtree(begun.checkpoints)
    assert asked(tmp_path, "retries=9") == 2
    assert "took 4 steps before, and" in sentence(capsys)
    assert asked(tmp_path, "retries=9", "restart=true") == 0


def test_restart_does_not_throw_away_what_is_whole(begun, tmp_path, capsys):
    assert asked(tmp_path, "restart=true") == 0
    assert "restart=true is not needed: last.ckpt is whole" in sentence(capsys)


def test_restart_decides_no_result(begun, tmp_path):
    assert asked(tmp_path, "restart=true") == 0
    assert len(list(Store(tmp_path))) == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["trainer.max_epochs=1"], "has 2 steps and 1 whole epochs already, and trainer.max_epochs = 1 asks"),
        (["trainer.max_steps=2"], "and trainer.max_steps = 2 asks for no more"),
        (["optimizer.lr=0.5"], "optimizer.lr = 0.5 would not be used: ckpt_path = {path} goes on with its own "),
        (["optimizer.betas=[0.5,0.9]", "optimizer.lr=0.5"], "optimizer.betas = [0.5, 0.9], optimizer.lr = 0.5 would"),
        (["optimizer.weight_decay=0.1"], "goes on with its own optimizer.weight_decay="),
        (["optimizer=adamw"], "was trained with another optimizer"),
        (["model.coding_size=7"], "does not fit the model of its config"),
    ],
)  # fmt: skip
def test_a_foreign_checkpoint_is_refused_where_it_would_not_do_what_is_asked(trained, tmp_path, capsys, words, reason):
    path = trained.checkpoints / "last.ckpt"
    assert asked(tmp_path, f"ckpt_path={path}", *words) == 2
    said = sentence(capsys)
    assert reason.format(path=path) in said
    assert "Traceback" not in said
    (run,) = Store(tmp_path)
    assert run.record().status == "failed"
    assert not history.read(run.history_file)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [("flip", "is damaged: its content"), ("weights", "holds weights alone"), ("none", "no checkpoint")],
)  # fmt: skip
def test_a_foreign_checkpoint_that_is_none_is_refused(trained, tmp_path, capsys, damage, reason):
    path = tmp_path / "foreign.ckpt"
    content = bytearray((trained.checkpoints / "last.ckpt").read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "flip":
        path.write_bytes(content)
    if damage == "weights":
        torch.save({"state_dict": {}}, path)
    assert asked(tmp_path / "store", f"ckpt_path={path}") == 2
    assert reason in sentence(capsys)


def test_a_foreign_checkpoint_with_nothing_left_offers_to_begin_from_its_weights(trained, tmp_path, capsys):
    """Whatever the limit is: no run is completed that took no step of its own, asked for once or twice."""
    path = trained.checkpoints / "last.ckpt"
    none = ["~callbacks.checkpoints", "trainer.enable_checkpointing=false"]
    no_time = ["+trainer.max_time=00:00:00:00", "trainer.max_epochs=2", *none]
    for words in (["trainer.max_epochs=1"], no_time, no_time):
        plain = [word for word in TINY if not word.startswith("callbacks")]
        assert main(["train", *plain, *words, f"ckpt_path={path}", f"paths.output_dir={tmp_path}"]) == 2
        assert "give init_from.run=RUN in place of ckpt_path" in sentence(capsys)
    assert {run.record().status for run in Store(tmp_path)} == {"failed"}


def test_going_on_from_a_foreign_checkpoint_is_the_longer_training(trained, tmp_path):
    assert asked(tmp_path / "straight") == 0
    assert asked(tmp_path / "on", f"ckpt_path={trained.checkpoints / 'last.ckpt'}") == 0
    (straight,), (on,) = Store(tmp_path / "straight"), Store(tmp_path / "on")
    assert on.record().training["images"] == straight.record().training["images"] == 4 * 32
    losses = [[line["loss"] for line in history.read(run.history_file) if "loss" in line] for run in (straight, on)]
    assert losses[1] == losses[0][2:]


def test_a_training_without_a_step_is_not_completed(tmp_path, capsys):
    assert asked(tmp_path, "trainer.limit_train_batches=0.0001") == 2
    assert re.search("trainer: .*limit_train_batches", sentence(capsys))
    (run,) = Store(tmp_path)
    assert run.record().status == "failed"
