"""A signal ends a run at any stage of its life: with its own exit status, a record that says so, and nothing lost."""

import importlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from composing import with_words
from genlab.callbacks.history import History
from genlab.cli import VERBS, main, module_of
from genlab.runs.store import Store
from genlab.runs.sweeps import Sweep
from killing import STAGES

KILLING = Path(__file__).parents[1] / "killing.py"
TINY = [
    "experiment=autoencoder/cvae_digits", "dataset.train_size=128", "dataset.batch_size=64", "trainer.max_epochs=2",
    "metrics=reconstruction", "metrics.n_samples=20", "logger=csv", "callbacks=none",
    "callbacks.checkpoints.every_n_steps=2",
]  # fmt: skip
SIGNALS = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2")
ALL = [(stage, name) for stage in STAGES for name in SIGNALS]
QUICK = [(stage, SIGNALS[place % len(SIGNALS)]) for place, stage in enumerate(STAGES)]
"""Every stage, and every signal at several of them."""
UNOWNED = ("identity", "lock")
NAMED = "+callbacks.interruption._target_=genlab.callbacks.interruption.Interruption"
"""As configs of old have it."""


def carried_out(root, cells):
    """(stage, signal) -> what the interrupted and the resumed run left; None -> the run that nobody disturbed."""
    jobs = [{"arguments": TINY, "store": f"{root}/whole"}]
    for stage, name in cells:
        job = {"arguments": TINY, "store": f"{root}/{stage}-{name}"}
        jobs += [job | {"stage": stage, "signal": name}, job]
    for name, words, times in (("twice", TINY, 2), ("named", [*TINY, NAMED], 1)):
        job = {"arguments": words, "store": f"{root}/{name}", "stage": "batch", "signal": "SIGINT", "times": times}
        jobs.append(job)
    (root / "request.json").write_text(json.dumps({"jobs": jobs}))
    done = subprocess.run([sys.executable, KILLING, root / "request.json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    whole, *rest, twice, named = json.loads(done.stdout.splitlines()[-1])
    cell = dict(zip(cells, zip(rest[::2], rest[1::2], strict=True), strict=True))
    return {None: whole, "twice": twice, "named": named} | cell


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    return carried_out(tmp_path_factory.mktemp("quick"), QUICK)


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    return carried_out(tmp_path_factory.mktemp("everything"), [cell for cell in ALL if cell not in QUICK])


def check(results, stage, name):
    whole, (ended, resumed) = results[None], results[stage, name]
    assert ended["exit"] == 128 + getattr(signal, name), ended["said"]
    assert f"interrupted by {name}" in ended["said"]
    assert "Traceback" not in ended["said"]
    if stage in UNOWNED:
        assert "status" not in ended
        assert ended["said"] == f"interrupted by {name}\n"
    else:
        assert ended["status"] == "interrupted"
    assert resumed["exit"] == 0, resumed["said"]
    for key in ("status", "metrics", "weights", "losses"):
        assert resumed[key] == whole[key]
    assert [step for step, _ in whole["losses"]] == [1, 2, 3, 4]


@pytest.mark.parametrize(("stage", "name"), QUICK)
def test_a_signal_at_any_stage_interrupts_and_the_run_asked_for_again_is_as_if_undisturbed(quick, stage, name):
    check(quick, stage, name)


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "name"), [cell for cell in ALL if cell not in QUICK])
def test_any_signal_at_any_stage(everything, stage, name):
    check(everything, stage, name)


def test_a_step_that_is_being_trained_is_finished_and_saved(quick):
    (cell,) = [cell for cell in QUICK if cell[0] == "batch"]
    assert [step for step, _ in quick[cell][0]["losses"]] == [1]
    assert quick[cell][0]["weights"] != quick[None]["weights"]  # there is a checkpoint, of that step


def test_a_second_ctrl_c_ends_the_process_at_once(quick):
    assert quick["twice"]["exit"] == -signal.SIGINT


def test_a_config_of_old_that_names_the_callback_asks_for_the_same_run_and_does_not_save_twice(quick):
    named, whole = quick["named"], quick[None]
    assert (named["exit"], named["status"]) == (130, "interrupted")
    assert len(named["losses"]) == 1
    assert named["fingerprint"] == whole["fingerprint"]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_no_verb_answers_a_signal_with_a_traceback(verb, number, monkeypatch, capsys):
    module = importlib.import_module(f"genlab.commands.{module_of(verb)}")
    monkeypatch.setattr(module, "main", lambda words: os.kill(os.getpid(), number))
    assert main([verb]) == 128 + number
    assert capsys.readouterr().err == f"interrupted by {number.name}\n"


@pytest.mark.parametrize(
    ("words", "hook"),
    [
        (["sample", "n=2"], "genlab.runs.restore:load_weights"),
        (["evaluate", "sampler.steps=2,3", "-m", "metrics=bits"], "genlab.runs.evaluation_cache:EvaluationCache.model"),
    ],
)
def test_ctrl_c_while_a_run_is_read_is_one_line(words, hook, roll_run, monkeypatch, capsys):
    module, _, name = hook.partition(":")
    monkeypatch.setattr(f"{module}.{name}", lambda *_: os.kill(os.getpid(), signal.SIGINT))
    assert main([*words, f"run={roll_run.path}"]) == 130
    assert capsys.readouterr().err == "interrupted by SIGINT\n"


@pytest.mark.parametrize(("launcher", "code"), [("inline", 0), ("inline", "a reason"), ("local", 3)])
def test_a_part_that_calls_sys_exit_fails_its_job_and_no_other(launcher, code, tmp_path, monkeypatch, capsys):
    """The sweep goes on, and record, table, manifest and exit status say the same."""
    unharmed = History.on_train_start

    def leave(self, trainer, module):
        if module.seed == 1:
            sys.exit(code)
        unharmed(self, trainer, module)

    monkeypatch.setattr(History, "on_train_start", leave)
    quick = ["trainer.max_epochs=1", "test=false", "metrics=none", "logger=none", "seed=1,2", "sweep=s"]
    launched = [f"launcher={launcher}", *(["hydra.launcher.threads=1"] if launcher == "local" else [])]
    words = with_words(TINY, *quick, *launched, f"paths.output_dir={tmp_path}")
    assert main(["train", "-m", *words]) == 1
    records = {run.record().seed: run.record() for run in Store(tmp_path)}
    assert {seed: record.status for seed, record in records.items()} == {1: "failed", 2: "completed"}
    said = f"sys.exit({code!r}) was called before the run was done"
    assert records[1].error["message"].startswith(said)
    assert "in leave" in records[1].error["traceback"]
    assert [row["status"] for row in Sweep(tmp_path, "s").rows()] == ["failed", "completed"]
    told = capsys.readouterr()
    assert "2 jobs: 1 done, 0 done before, 1 failed, 0 unfinished" in told.out
    assert f"failed: CalledExit: {said}" in told.err
