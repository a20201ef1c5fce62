"""Runs are found by folder, fingerprint, its beginning, or `latest`; damaged checkpoints are passed over."""

import json
import re
from zipfile import ZipFile

import pytest
import torch
from omegaconf import OmegaConf

from genlab.errors import ConfigError
from genlab.regular import file_digest
from genlab.runs import checkpoint_io, history
from genlab.runs.checkpoint_io import AtomicCheckpointIO
from genlab.runs.reading import Damaged
from genlab.runs.record import SCHEMA, Record, load
from genlab.runs.store import Run, Store, is_whole, save_config


def made(store, name, task="train", status="completed"):
    run = store.run(task, name)
    run.path.mkdir(parents=True)
    run.config_file.write_text("seed: 0\n")
    Record(name, task, "autoencoder", None, 0, [], status=status).save(run.record_file)
    return run


def test_a_run_is_found_by_each_of_its_names(tmp_path):
    store = Store(tmp_path)
    run = made(store, "abc123")
    made(store, "def456")
    for name in (str(run.path), "abc123", "abc"):
        assert store.find(name).path == run.path


def test_an_unknown_or_ambiguous_name_is_one_sentence(tmp_path):
    store = Store(tmp_path)
    made(store, "abc123")
    made(store, "abc456")
    for name in ("zzz", "abc", "latest", "../..", "*"):
        with pytest.raises(ConfigError, match="run = "):
            store.find(name)


def test_latest_is_the_last_that_has_a_checkpoint(tmp_path):
    import os

    store = Store(tmp_path)
    for age, name in ((30, "aaa"), (20, "bbb")):
        run = made(store, name)
        AtomicCheckpointIO().save_checkpoint({"x": 1}, run.checkpoints / "last.ckpt")
        os.utime(run.record_file, (1e9 - age, 1e9 - age))
    made(store, "ccc")
    assert store.find("latest").path.name == "bbb"


def test_a_task_name_cannot_leave_the_store(tmp_path):
    with pytest.raises(ConfigError, match="leads out of"):
        Store(tmp_path).run("../../etc", "abc")


def test_a_record_that_is_damaged_is_told_from_one_that_is_not_there(tmp_path):
    store = Store(tmp_path)
    made(store, "abc").record_file.write_text("{half")
    with pytest.raises(Damaged, match=r"record\.json is damaged"):
        Run(tmp_path / "train/abc").record()
    assert load(tmp_path / "train/abc/no-record.json") is None


def test_a_record_survives_the_round_trip(tmp_path):
    record = Record("abc", "train", "diffusion", "diffusion/x", 0, ["seed=0"])
    record.begin()
    record.end("failed", 1.5, ValueError("no"))
    record.begin()
    record.end("completed", 2.0)
    record.save(tmp_path / "record.json")
    again = load(tmp_path / "record.json")
    assert again == record
    assert (again.seconds, again.error, again.errors[0]["type"]) == (3.5, None, "ValueError")
    assert json.loads((tmp_path / "record.json").read_text())["schema"] == SCHEMA


def saved(run, name, value):
    AtomicCheckpointIO().save_checkpoint({"x": torch.tensor(value)}, run.checkpoints / name)


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "no checksum", "other checksum"])
def test_a_damaged_checkpoint_is_detected_and_the_one_before_it_used(tmp_path, damage):
    run = Run(tmp_path)
    saved(run, "previous.ckpt", 1.0)
    saved(run, "last.ckpt", 2.0)
    assert run.checkpoint().name == "last.ckpt"
    path = run.checkpoints / "last.ckpt"
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
    if damage == "no checksum":
        content = content.replace(b"genlab sha256", b"somebody else")
    if damage == "other checksum":
        content[-1] ^= 1
    path.write_bytes(b"" if damage == "empty" else content[:100] if damage == "truncate" else content)
    with pytest.warns(UserWarning, match=r"last\.ckpt is damaged; .*previous\.ckpt is used"):
        found = run.checkpoint()
    assert checkpoint_io.load(found)["x"] == 1.0


def noted_beside(run, name, value):
    """A checkpoint as earlier versions wrote it, its checksum in a file beside it."""
    run.checkpoints.mkdir(exist_ok=True)
    torch.save({"x": torch.tensor(value)}, run.checkpoints / name)
    (run.checkpoints / f"{name}.sha256").write_text(file_digest(run.checkpoints / name) + "\n")


def test_checkpoints_of_earlier_versions_are_read_and_give_way(tmp_path):
    run = Run(tmp_path)
    noted_beside(run, "previous.ckpt", 1.0)
    noted_beside(run, "last.ckpt", 2.0)
    assert checkpoint_io.load(run.checkpoint())["x"] == 2.0
    saved(run, "last.ckpt", 3.0)
    assert checkpoint_io.load(run.checkpoint())["x"] == 3.0
    (run.checkpoints / "last.ckpt").write_bytes(b"torn")
    with pytest.warns(UserWarning, match=r"previous\.ckpt is used"):
        assert checkpoint_io.load(run.checkpoint())["x"] == 1.0
    saved(run, "last.ckpt", 4.0)
    saved(run, "last.ckpt", 5.0)
    assert checkpoint_io.load(run.checkpoints / "previous.ckpt")["x"] == 4.0


def test_a_checksum_covers_every_byte_and_no_reader_of_zip_archives_minds_it(tmp_path):
    saved(Run(tmp_path), "last.ckpt", 1.0)
    path = tmp_path / "checkpoints/last.ckpt"
    content = path.read_bytes()
    assert ZipFile(path).testzip() is None
    assert ZipFile(path).comment.startswith(b"genlab sha256 ")
    for i in range(len(content)):
        path.write_bytes(content[:i] + bytes([content[i] ^ 1]) + content[i + 1 :])
        assert not is_whole(path)
    for end in (content[:-1], content + b"x", content[:50], b""):
        path.write_bytes(end)
        assert not is_whole(path)
    path.write_bytes(content)
    assert is_whole(path)


SECRET = "abcdefgh12345678"


class Evil:
    def __reduce__(self):
        return (print, ("executed",))


def test_a_pickled_object_is_refused_by_name_and_not_executed(tmp_path, capsys):
    torch.save({"x": Evil()}, tmp_path / "evil.ckpt")
    with pytest.raises(ConfigError, match=r"is refused: it holds .*print"):
        checkpoint_io.load(tmp_path / "evil.ckpt")
    assert "executed" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"rubbish", b"PK\x03\x04 half a zip"])
def test_a_file_that_is_no_checkpoint_is_one_sentence(tmp_path, content):
    (tmp_path / "x.ckpt").write_bytes(content)
    with pytest.raises(ConfigError, match=r"checkpoint .* is (damaged|refused)"):
        checkpoint_io.load(tmp_path / "x.ckpt")


def test_a_saved_config_keeps_references_and_hides_secrets(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_API_KEY", SECRET)
    cfg = OmegaConf.create(
        {
            "seed": 0, "sampler": {"steps": 50}, "paths": {"data_dir": "/data"}, "api_key": "hidden-value",
            "model": {"sampler": "${sampler}", "seed": "${seed}", "folder": "${paths.data_dir}", "note": SECRET},
        }
    )  # fmt: skip
    save_config(cfg, tmp_path / "config.yaml")
    text = (tmp_path / "config.yaml").read_text()
    assert "hidden-value" not in text
    assert SECRET not in text
    again = OmegaConf.load(tmp_path / "config.yaml")
    again.sampler.steps = 10
    assert again.model.sampler.steps == 10
    assert again._get_node("model")._get_node("folder")._value() == "${paths.data_dir}"
    assert again.model.seed == 0


def test_history_forgets_a_torn_line_and_what_comes_after_a_step(tmp_path):
    path = tmp_path / "history.jsonl"
    history.append(path, [{"step": i, "loss": i / 2} for i in range(1, 6)])
    with path.open("a") as file:
        file.write('{"step": 6, "lo')
    assert [line["step"] for line in history.read(path)] == [1, 2, 3, 4, 5]
    history.truncate(path, 3)
    assert [line["step"] for line in history.read(path)] == [1, 2, 3]


def test_no_task_has_the_name_of_a_folder_that_the_store_has_for_itself():
    """Whatever is written beside the tasks is named by the store, so that the rule on names knows it."""
    from pathlib import Path

    import genlab
    from genlab.runs.store import OWN_FOLDERS

    for path in Path(genlab.__file__).parent.rglob("*.py"):
        named = re.findall(r"(?:\broot|_root|output_dir\)) / \"(\w+)\"", path.read_text())
        assert not named, f"{path} names {named}: write it by a name of genlab.runs.store"
    assert len(OWN_FOLDERS) == len(set(OWN_FOLDERS))


@pytest.mark.parametrize(
    "value", [1, 0.1 + 0.2, -0.0, 1e308, 5e-324, 2**70, float("nan"), float("inf"), -float("inf"), None, True]
)
def test_every_number_of_a_history_is_valid_json_and_is_read_again_as_it_was(tmp_path, value):
    def strict(constant):
        raise AssertionError(f"{constant} is no JSON")

    path = tmp_path / "history.jsonl"
    for _ in range(2):  # also when the file is written again
        if not path.exists():
            history.append(path, [{"step": 1, "loss": value}])
        json.loads(path.read_text(), parse_constant=strict)
        (line,) = history.read(path)
        assert repr(line["loss"]) == repr(value)
        history.truncate(path, 1)


def test_a_history_of_before_with_a_bare_nan_is_read(tmp_path):
    (tmp_path / "history.jsonl").write_text('{"step": 1, "loss": NaN, "kl": -Infinity}\n')
    (line,) = history.read(tmp_path / "history.jsonl")
    assert repr(line) == "{'step': 1, 'loss': nan, 'kl': -inf}"
