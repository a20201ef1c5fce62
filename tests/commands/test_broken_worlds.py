"""Whatever is broken around a command, it says so in a sentence: every verb in every broken world."""

import json
import os
import shutil
import subprocess

import pytest

from composing import with_words
from genlab.cli import VERBS, main, module_of
from genlab.crash_report import tell
from genlab.runs.lock import owner
from genlab.runs.record import SCHEMA
from genlab.runs.store import Run
from genlab.runs.sweeps import Sweep

from .conftest import QUICK

TRAIN = ["experiment=diffusion/class_conditional_digits", "dataset.train_size=128", "conditioner.dropout=0.1", *QUICK]
TRAIN += ["sampler.steps=4"]
STORE = "paths.output_dir={store}"
WORDS = {
    "train": [*TRAIN, STORE],
    "check": [*TRAIN, STORE],
    "sample": ["n=2", STORE],
    "edit": ["n=1", STORE],
    "export": ["out={store}/exported", STORE],
    "evaluate": ["metrics=image", "metrics.n_samples=20", STORE],
    "compare": ["latest", "latest", "n=2", "metrics.n_samples=20", STORE],
    "wandb-sweep": ["seed=1,2", "out={store}/sweep.yaml"],
    "reproduce": ["swiss_roll_score", "scale=smoke", "run=false", STORE],
    "plot": ["out={store}/schedule.png", "pictures=1", "columns=2"],
    "data": ["list"],
    "import": ["nowhere"],
}
"""What a verb is asked with; one that is not here gets the store alone."""
ON_A_RUN = {"sample", "edit", "export", "evaluate", "compare"}
WRITING = {"sample", "edit", "export", "evaluate", "compare", "wandb-sweep", "reproduce", "plot"}


def words(verb, store):
    return [verb, *(word.format(store=store) for word in WORDS.get(verb, [STORE]))]


@pytest.fixture
def store(digits_run, tmp_path):
    """A store with one run that is done, and the manifest of a sweep that asked for it."""
    shutil.copytree(digits_run.path.parents[1], tmp_path / "store")
    (run,) = (tmp_path / "store").glob("*/*/record.json")
    Sweep(tmp_path / "store", "s").plan([(["seed=0"], run.parent)])
    return tmp_path / "store"


def said(verb, store, capsys):
    """(status, lines of errors) of a verb, which is never a traceback nor an error of genlab's own."""
    capsys.readouterr()
    try:
        status = main(words(verb, store))
    finally:
        output = capsys.readouterr()
    assert "Traceback" not in output.out + output.err
    assert "an error of its own" not in output.err
    errors = [line for line in output.err.splitlines() if line.startswith("error: ")]
    assert bool(errors) == (status == 2), output.err
    return status, errors


def run_of(store):
    (file,) = store.glob("*/*/record.json")
    return Run(file.parent)


# ---- the worlds: each breaks a store, and says which verbs cannot work in it, and what they say -----


def a_file_for_a_store(store, monkeypatch):
    shutil.rmtree(store)
    store.write_text("")
    return {verb for verb in VERBS if STORE in WORDS.get(verb, [STORE])}, str(store)


def a_store_below_a_file(store, monkeypatch):
    shutil.rmtree(store)
    store.parent.joinpath("file").write_text("")
    store.symlink_to("file/below")
    return WRITING - ON_A_RUN, ""


def a_deleted_working_directory(store, monkeypatch):
    gone = store.parent / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    return {"train", "check", *ON_A_RUN}, "the working directory has been deleted"


def a_lock_with_other_json(store, monkeypatch):
    run_of(store).lock_file.write_text('{"host": null}')
    assert owner(run_of(store).lock_file) is not None
    return set(), ""


def a_manifest_with_other_json(store, monkeypatch):
    (store / "sweeps/s/manifest.json").write_text('{"rows": [null]}')
    return set(), ""


def _a_record(change):
    def world(store, monkeypatch):
        file = run_of(store).record_file
        file.write_text(json.dumps(change(json.loads(file.read_text()))))
        return {"train", "evaluate"}, str(file)

    return world


def _a_config(text):
    def world(store, monkeypatch):
        run_of(store).config_file.write_bytes(text)
        return ON_A_RUN, ""

    return world


WORLDS = {
    "a file for a store": a_file_for_a_store,
    "a store below a file": a_store_below_a_file,
    "a deleted working directory": a_deleted_working_directory,
    "a lock with other JSON": a_lock_with_other_json,
    "a manifest with other JSON": a_manifest_with_other_json,
    "a record without metrics": _a_record(lambda record: record | {"metrics": None}),
    "a record of a newer genlab": _a_record(lambda record: record | {"schema": SCHEMA + 1, "more": 1}),
    "a config that is null": _a_config(b"null\n"),
    "a config that is no text": _a_config(b"\xff\xfe\x00"),
    "a config without a model": _a_config(b"model: null\n"),
    "a config of null parts": _a_config(b"model: {_target_: null}\ndataset: null\npaths: null\n"),
}


@pytest.mark.parametrize("name", WORLDS)
def test_no_verb_ends_in_a_traceback(name, store, monkeypatch, capsys):
    refused, sentence = WORLDS[name](store, monkeypatch)
    for verb in VERBS:
        status, errors = said(verb, store, capsys)
        if verb in refused:
            assert status == 2, verb
            assert sentence in errors[0]


@pytest.fixture
def disk(store):
    """(mount, unmount): the store on a file system of its own, which may be full or read-only."""
    folder = store.parent / "disk"
    folder.mkdir()

    def mount(*options):
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("no right to mount a file system")
        return folder

    yield mount
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("state", ["read-only", "full"])
def test_no_verb_ends_in_a_traceback_where_nothing_can_be_written(state, store, disk, capsys):
    folder = disk("size=64m")
    subprocess.run(["cp", "-r", f"{store}/.", str(folder)], check=True)
    if state == "full":
        subprocess.run(["dd", "if=/dev/zero", f"of={folder}/filler", "bs=16k"], capture_output=True, check=False)
    else:
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    for verb in VERBS:
        status, errors = said(verb, folder, capsys)
        if verb in {"train", "report", *WRITING} - {"export"}:  # this model is none that can be exported
            assert status == 2, verb
            assert str(folder) in errors[0]
            assert "the disk is full" in errors[0] or "read-only" in errors[0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (["metrics.n_samples=1"], "metrics.n_samples = 1 on digits: fid needs 2 samples, there are 1"),
        (["model=null"], "model = null: a group takes one of its options"),
        (["+model=null"], "model = null"),
        (["metrics=null"], "metrics = null: a group takes one of its options; take metrics=none"),
        (["out=/dev/null/x", "sampler.steps=2,3", "-m"], "out = /dev/null/x: "),
    ],
)
def test_what_evaluate_cannot_do_is_a_sentence(change, sentence, store, monkeypatch, capsys):
    monkeypatch.setitem(WORDS, "evaluate", with_words(WORDS["evaluate"], *change))
    status, errors = said("evaluate", store, capsys)
    assert status == 2
    assert sentence in errors[0]


@pytest.mark.parametrize("folder", ["nothing", "empty"])
@pytest.mark.parametrize("verb", ["train", "check"])
def test_a_dataset_folder_without_pictures_is_named(verb, folder, tmp_path, monkeypatch, capsys):
    (tmp_path / "empty").mkdir()
    data = ["dataset=image_folder", f"dataset.source.path={tmp_path}/{folder}", f"paths.data_dir={tmp_path}"]
    given = ["model=ddpm", "network=small_unet", *data, "dataset.size=8", *QUICK, STORE]
    monkeypatch.setitem(WORDS, verb, given)
    status, errors = said(verb, tmp_path / "store", capsys)
    assert status == 2
    assert "dataset.source.path" in errors[0]
    assert str(tmp_path / folder) in errors[0]


def test_a_sweep_of_samples_says_which_job_failed(store, monkeypatch, capsys):
    words = ["sample", "n=2", "-m", f"out={store}/a.png,/dev/null/x", f"paths.output_dir={store}"]
    assert main(words) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "failed: " in line]
    assert "/dev/null/x cannot be there: a part of its path is a file; the traceback is in " in line
    assert (store / "a.png").is_file()


# ---- what is told of an error -----------------------------------------------------------------------------------


def test_a_traceback_is_kept_without_secrets(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MY_TOKEN", "very-secret-word")
    with pytest.raises(OSError, match="no access") as caught:
        raise OSError("no access with very-secret-word")
    assert tell(caught.value, ["train", f"paths.output_dir={tmp_path}", "api_key=very-secret-word"]) == 2
    line = capsys.readouterr().err
    (kept,) = (tmp_path / "errors").iterdir()
    assert line == f"error: no access with <redacted>; the traceback is in {kept}\n"
    assert "Traceback" in kept.read_text()
    assert "very-secret-word" not in kept.read_text()


@pytest.mark.parametrize(
    "error", [KeyError("x"), TypeError("no"), RuntimeError("shapes"), AssertionError(), ZeroDivisionError()]
)
def test_an_error_of_genlabs_own_is_called_so(error, tmp_path, capsys):
    assert tell(error, ["runs", f"paths.output_dir={tmp_path}"]) == 1
    line = capsys.readouterr().err
    assert line.startswith(f"error: genlab met an error of its own: {type(error).__name__}: ")
    assert line.count("\n") == 1
    assert str(next((tmp_path / "errors").iterdir())) in line


def test_where_the_store_cannot_keep_a_traceback_a_temporary_file_does(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert tell(PermissionError(13, "denied", "/x"), ["runs", "paths.output_dir=/dev/null"]) == 2
    (kept,) = tmp_path.glob("genlab-error-*.txt")
    assert (
        capsys.readouterr().err
        == f"error: /x may not be read or written: permission is denied; the traceback is in {kept}\n"
    )
    monkeypatch.setattr("tempfile.tempdir", "/dev/null")
    assert tell(ValueError("no"), ["runs", "paths.output_dir=/dev/null"]) == 2
    assert "its traceback could not be written to a file" in capsys.readouterr().err


def test_a_verbs_error_of_any_type_reaches_no_terminal_as_a_traceback(monkeypatch, tmp_path, capsys):
    """The one place is cli.main: whatever a verb raises ends there."""
    os.makedirs(tmp_path / "store")
    for verb in VERBS:
        for error in (ValueError("a"), OSError("b"), KeyError("c"), TypeError("d"), RuntimeError("e"), MemoryError()):

            def fail(argv, error=error):
                raise error

            monkeypatch.setattr(f"genlab.commands.{module_of(verb)}.main", fail)
            assert main([verb, f"paths.output_dir={tmp_path}/store"]) in (1, 2)
            output = capsys.readouterr().err
            assert output.startswith("error: ")
            assert output.count("\n") == 1
