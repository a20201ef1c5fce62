"""Whatever is wrong in a command line, its answer is in genlab's words: a sentence with the key, at once."""

import re

import pytest

from genlab.cli import main

FOREIGN = re.compile(
    r"hydra\.cc|full_key|reference_type|object_type|Traceback|Could not|Error merging|Error executing|Error parsing|"
    r"EOF|ConfigKeyError|Exception|ListConfig|DictConfig|Optional|omegaconf|lightning|antlr|viable|NoneType|instantiat|"
    r"multirun|\bOverride\b|ValidationError|Unsupported|Interpolation",
    re.IGNORECASE,
)
WRONG = [  # what the sentence names, and the words
    ("seed", ["seed=abc"]),
    ("seed", ["seed=null"]),
    ("seed", ["seed=[1]"]),
    ("seed", ["seed={a: 1}"]),
    ("seed", ["seed.x=1"]),
    ("seed", ["seed"]),
    ("seed", ["seed="]),
    ("seed", ["seed=[1"]),
    ("seed", ["seed=1,2"]),
    ("seed", ["+seed=1"]),
    ("seed", ["~seed=3"]),
    ("=5", ["=5"]),
    ("unknown key 'a'", ["a=b=c"]),
    ("x y=1", ["x y=1"]),
    ("--foo", ["--foo"]),
    ("--config-dir", ["--config-dir", "/nowhere"]),
    ("foo", ["--config-name=foo"]),
    ("retries", ["retries=x"]),
    ("tags", ["tags=x"]),
    ("tags[0]", ["tags=[null]"]),
    ("tags", ["tags={a: 1}"]),
    ("tags[0]", ["tags.0=3"]),
    ("force", ["force=maybe"]),
    ("task_name", ["task_name=[a]"]),
    ("sweep", ["sweep=[1]"]),
    ("allow_targets", ["allow_targets=null"]),
    ("paths.output_dir", ["paths.output_dir=null"]),
    ("paths.foo", ["paths.foo=1"]),
    ("paths.a", ["paths={a: 1}"]),
    ("paths = null", ["paths=null"]),
    ("foo", ["~foo"]),
    ("foo", ["++foo=1"]),
    ("optimizer", ["~optimizer"]),
    ("optimizer = null", ["optimizer=null"]),
    ("dataset = null", ["dataset=null"]),
    ("trainer=5", ["trainer=5"]),
    ("model", ["+model=vae"]),
    ("dataset@x", ["dataset@x=digits"]),
    ("a@b", ["a@b=1"]),
    ("optimizer=none", ["optimizer=none"]),
    ("optimizer.lr.x", ["optimizer.lr.x=1"]),
    ("optimizer.betas", ["optimizer.betas=3"]),
    ("trainer.max_epochs", ["trainer.max_epochs=abc"]),
    ("trainer.valcheck", ["trainer.valcheck=1"]),
    ("model.coding_size", ["model.coding_size=${foo}"]),
    ("model.coding_size", ["model.coding_size=${oc.env:NO_SUCH_VARIABLE}"]),
    ("model.coding_size", ["model.coding_size=${nope:1}"]),
    ("model.coding_size", ["model.coding_size=${model.coding_size}"]),
    ("model.coding_size", ["model.coding_size=${oc.decode:[}"]),
    ("model.coding_size", ["model.coding_size=???"]),
    ("hydra.foo", ["hydra.foo=1"]),
    ("hydra.job.num", ["hydra.job.num=abc"]),
    ("hydra.launcher.workers", ["-m", "hydra.launcher.workers=0", "seed=1,2"]),
    ("hydra.sweeper.n_trials", ["-m", "hparams_search=tpe", "hydra.sweeper.n_trials=0", "seed=1,2"]),
    ("seed", ["-m", "seed=abc,1"]),
    ("seed", ["-m", "seed=interval(0,1)"]),
    ("train", ["train=false"]),
]


@pytest.mark.parametrize(("named", "words"), WRONG, ids=[" ".join(words) for _, words in WRONG])
def test_a_wrong_word_is_told_in_one_sentence_with_its_key(named, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["train", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    (line,) = told.err.splitlines()
    assert line.startswith("error: ")
    assert named in line
    assert not FOREIGN.search(line.replace(" ".join(words), ""))
    assert not list(tmp_path.iterdir())


def test_all_bad_points_of_a_sweep_are_told_before_its_first_job(tmp_path, capsys):
    words = ["optimizer.lr=abc,1e-3,nan", "trainer.accumulate_grad_batches=0,1", f"paths.output_dir={tmp_path}"]
    assert main(["train", "-m", *words]) == 2
    errors = capsys.readouterr().err
    assert "'abc' must be a number" in errors
    assert "nan must be finite" in errors
    assert "trainer.accumulate_grad_batches = 0 must be 1 or more" in errors
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("flags", [[], ["-m", "seed=1,2"]])
def test_a_parameter_that_the_config_does_not_list_is_taken(flags, capsys):
    words = ["experiment=autoencoder/cvae_digits", "trainer.val_check_interval=0.5", "callbacks.checkpoints.mode=max"]
    assert main(["check", *flags, *words, "logger=none"]) == 0


def test_a_parameter_that_the_config_does_not_list_is_checked_too(capsys):
    assert main(["train", "trainer.val_check_interval=-1"]) == 2
    assert capsys.readouterr().err.startswith("error: trainer.val_check_interval = -1 must be")
