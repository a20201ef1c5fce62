"""genlab from Python: in a script, from another folder, in a notebook; with the sentences of the command line."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

import genlab
from composing import with_words
from genlab.cli import main

ROOT = Path(__file__).parents[1]
WORDS = [
    "dataset.train_size=128", "dataset.batch_size=32", "trainer.max_epochs=1", "metrics=none", "logger=none",
    "callbacks.previews=null",
]  # fmt: skip


def tiny(store, *words):
    """The config of a training of four steps."""
    return genlab.compose("autoencoder/cvae_digits", *with_words([*WORDS, f"paths.output_dir={store}"], *words))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with one run, of seed 0, trained in a process whose event loop runs, as a notebook's does."""
    folder = tmp_path_factory.mktemp("store")

    async def cell():
        return genlab.train(tiny(folder))

    assert asyncio.run(cell()).record().status == "completed"
    return folder


def test_importing_it_imports_nothing_heavy():
    code = "import sys, genlab; print(sorted({'torch', 'hydra', 'omegaconf', 'pytorch_lightning'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_the_ten_lines_of_the_readme_draw_a_picture(tmp_path):
    """Run as they stand there, in a folder of their own, by a script that has arguments."""
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len(block.strip().splitlines()) <= 10
    (tmp_path / "script.py").write_text(block)
    done = subprocess.run(
        [sys.executable, "script.py", "--mine", "seed=3"], cwd=tmp_path, capture_output=True, text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "digits.png").read_bytes().startswith(b"\x89PNG")


def test_a_config_is_that_of_the_command_line_and_cannot_be_changed(tmp_path, capsys):
    cfg = tiny(tmp_path, "trainer.val_check_interval=0.5", "model.coding_size=3")
    assert (cfg.model.coding_size, cfg.trainer.val_check_interval) == (3, 0.5)
    with pytest.raises(Exception, match="read-only"):
        cfg.model.coding_size = 4


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["autoencoder/cvae_digit"], "did you mean 'autoencoder/cvae_digits'"),
        (["model.codng_size=3"], "unknown key 'model.codng_size'; did you mean 'model.coding_size'?"),
        (["model.coding_size=-1"], "model.coding_size = -1 must be 1 or more"),
        (["seed=1,2"], "seed=1,2 gives several values: compose one config for each"),
        (["-m"], "-m is a flag of the command line: a config is composed of words key=value"),
        (["seed=1", "seed=2"], "seed is given twice, as seed=1 and as seed=2: give it once"),
    ],
)
def test_what_cannot_be_composed_is_one_sentence(words, sentence):
    with pytest.raises(genlab.ConfigError, match=re.escape(sentence)):
        genlab.compose(*words)


def test_it_composes_from_a_folder_of_ones_own(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment/mine.yaml").write_text("# @package _global_\nmodel: {coding_size: 5}\n")
    assert genlab.compose("mine", config_dir=tmp_path).model.coding_size == 5
    with pytest.raises(genlab.ConfigError, match=r"config_dir = .* is no folder"):
        genlab.compose("mine", config_dir=tmp_path / "none")


def test_a_run_is_that_of_the_command_line_and_trained_once(store, capsys):
    run = genlab.train(tiny(store))
    words = ["experiment=autoencoder/cvae_digits", *WORDS, f"paths.output_dir={store}"]
    assert run.record().overrides == words
    assert run.record().experiment == "autoencoder/cvae_digits"
    assert main(["train", *words]) == 0
    assert f"{run.path.name}: done before" in capsys.readouterr().err


def test_nothing_of_the_process_is_changed(store):
    before = (os.getcwd(), list(sys.argv), signal.getsignal(signal.SIGINT), GlobalHydra.instance().hydra)
    genlab.load(genlab.train(tiny(store)))
    assert (os.getcwd(), list(sys.argv), signal.getsignal(signal.SIGINT), GlobalHydra.instance().hydra) == before


def test_another_hydra_application_goes_on_as_it_was(tmp_path):
    from hydra import compose, initialize_config_dir

    (tmp_path / "mine.yaml").write_text("a: 1\n")
    with initialize_config_dir(str(tmp_path), version_base="1.3"):
        tiny(tmp_path)
        assert compose("mine", ["a=2"]).a == 2


def test_ctrl_c_saves_the_run_and_the_same_call_resumes_it(tmp_path, monkeypatch):
    from genlab.callbacks.history import History

    whole, cfg = genlab.train(tiny(tmp_path / "whole")), tiny(tmp_path / "cut")
    unharmed, seen = History.on_train_batch_end, []

    def interrupting(self, trainer, *arguments):
        unharmed(self, trainer, *arguments)
        seen.append(trainer)
        if len(seen) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(History, "on_train_batch_end", interrupting)
    with pytest.raises(KeyboardInterrupt, match="the same command resumes it"):
        genlab.train(cfg)
    (record,) = genlab.runs(tmp_path / "cut")
    assert record["status"] == "interrupted"
    run = genlab.train(cfg)
    assert run.record().training["steps"] == len(seen) == 4
    first, second = (genlab.load(each).state_dict() for each in (whole, run))
    assert all(bool((first[name] == second[name]).all()) for name in first)


def test_a_training_that_fails_raises(tmp_path):
    with pytest.raises(genlab.TrainingFailed, match="NonFiniteLoss: the loss is nan at step 2"):
        genlab.train(tiny(tmp_path, "optimizer.lr=1e30", "trainer.max_epochs=3"))
    (record,) = genlab.runs(tmp_path)
    assert record["status"] == "failed"


@pytest.mark.parametrize("reference", ["latest", "path", "name", "run"])
def test_a_model_is_loaded_by_any_name_of_its_run(reference, store):
    run = genlab.train(tiny(store))
    name = {"latest": "latest", "path": run.path, "name": run.path.name[:6], "run": run}[reference]
    model = genlab.load(name, store=store)
    assert not model.training
    assert model.sample(3).shape == (3, 1, 8, 8)


def test_a_model_that_is_not_there_is_one_sentence(store):
    with pytest.raises(genlab.ConfigError, match="run = 'nine' is no run folder"):
        genlab.load("nine", store=store)
    with pytest.raises(genlab.ConfigError, match=re.escape("unknown key 'model.codng_size'")):
        genlab.load("latest", "model.codng_size=5", store=store)
    with pytest.raises(genlab.ConfigError, match="this config has no 'sampler' to choose: neither the run nor sample"):
        genlab.load("latest", "sampler.steps=5", store=store)


def test_a_model_of_ones_own_is_trained_named_and_loaded_by_who_allows_it(tmp_path, monkeypatch):
    """Its name has two words, and so is its family."""
    (tmp_path / "mygan_xy.py").write_text("from genlab.models.vae import VAE\n\n\nclass Gan(VAE): ...\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    run = genlab.train(tiny(tmp_path, "allow_targets=[mygan_xy.Gan]", "model._target_=mygan_xy.Gan"))
    assert run.record().family == "mygan_xy"
    with pytest.raises(genlab.ConfigError, match=r"'mygan_xy\.Gan' is not on the list of names"):
        genlab.load(run)
    assert genlab.load(run, allow_targets=["mygan_xy.Gan"]).sample(2).shape == (2, 1, 8, 8)


def test_the_runs_are_a_table(store):
    runs = genlab.runs(store)
    assert [record["seed"] for record in runs] == [0]
    assert len(runs) == len(runs.filter(status="completed", experiment="autoencoder/*", train_size=128)) == 1
    assert len(genlab.runs(store, status="failed")) == len(runs[1:]) == 0
    assert runs[0]["fingerprint"][:8] in repr(runs)
    assert f"<code>{runs[0]['fingerprint'][:8]}</code>" in runs._repr_html_()
    assert genlab.runs(store / "none")._repr_html_() == "<p>no runs</p>"
    with pytest.raises(genlab.ConfigError, match="sort = 'fid' is no metric of these runs"):
        genlab.runs(store, sort="fid")


def test_values_of_a_table_are_text_in_a_page():
    from genlab.reports.run_table import RunTable
    from genlab.runs.record import Record

    records = [
        Record("a" * 12, "train", "vae", "<b>", 0, [f"tag=<i>{n}</i>"], status="completed").to_json() for n in (1, 2)
    ]
    page = RunTable(records)._repr_html_()
    assert "&lt;i&gt;1" in page
    assert "<i>" not in page
