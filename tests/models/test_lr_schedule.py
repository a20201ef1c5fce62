"""Schedules of the learning rate: chosen as a group, as long as the training, and exact after any interruption."""

from functools import partial
from types import SimpleNamespace

import pytest
import torch
from torch.optim import lr_scheduler

from composing import composed
from genlab.cli import main
from genlab.config.check import check
from genlab.config.files import options
from genlab.config.fingerprint import training
from genlab.errors import ConfigError
from genlab.models.lr_schedule import make_schedule, steps_of_training
from genlab.runs import history
from genlab.runs.build_model import build_model
from genlab.runs.store import Store
from interrupting import along, differences, of_config
from models.test_parameter_groups import quietly  # noqa: F401

WORDS = [
    "experiment=autoencoder/cvae_digits", "dataset.train_size=256", "dataset.batch_size=64", "trainer.max_epochs=2",
    "logger=none", "metrics=none", "callbacks.previews=null", "test=false",
]  # fmt: skip
SHORT = {"warmup": ["lr_scheduler.total_iters=4"], "warmup_cosine": ["lr_scheduler.num_warmup_steps=2"],
         "step": ["lr_scheduler.step_size=3"]}  # fmt: skip
"""Settings of those that are made for a longer training than eight steps."""


def rates(name, tmp_path, *words):
    words = [*WORDS, f"lr_scheduler={name}", *SHORT.get(name, []), *words, f"paths.output_dir={tmp_path}"]
    assert main(["train", *words]) == 0
    (run,) = Store(tmp_path)
    return [line["lr"] for line in history.read(run.history_file) if history.is_of_training(line)]


EXPECTED = {
    "constant": [1.0] * 8,
    "warmup": [1e-3, 0.25075, 0.5005, 0.75025, 1, 1, 1, 1],
    "linear": [1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8],
    "step": [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_schedule_is_stepped_with_every_batch_over_the_whole_training(name, tmp_path):
    assert rates(name, tmp_path) == pytest.approx([1e-3 * rate for rate in EXPECTED[name]])


def test_a_step_of_several_batches_is_one_step_of_the_schedule(tmp_path):
    """4 batches an epoch, two windows of 3 and 1: four steps in all; lines of batches without a step have no rate."""
    words = ["lr_scheduler=linear", "trainer.accumulate_grad_batches=3"]
    assert main(["train", *WORDS, *words, f"paths.output_dir={tmp_path}"]) == 0
    (run,) = Store(tmp_path)
    found = {line["step"]: line.get("lr") for line in history.read(run.history_file) if history.is_of_training(line)}
    expected = {3: 1e-3, 4: 0.75e-3, 7: 0.5e-3, 8: 0.25e-3}
    assert {step: rate for step, rate in found.items() if rate is not None} == pytest.approx(expected)


@pytest.mark.parametrize("name", [name for name in options("lr_scheduler") if name != "constant"])
def test_every_schedule_is_exact_after_interruptions(name, tmp_path):
    words = [*WORDS, f"lr_scheduler={name}", *SHORT.get(name, []), "callbacks.checkpoints.every_n_steps=1"]
    cfg = composed(*words, "~callbacks.progress")
    whole, end = along(of_config(cfg, tmp_path), (3, 5))
    assert differences(whole, end) == []
    assert len({line["lr"] for line in whole["history"] if "lr" in line}) > 1


def test_without_a_schedule_nothing_is_new_in_what_names_a_run():
    assert "lr_scheduler" not in training(composed(*WORDS))
    assert training(composed(*WORDS)) == training(composed(*WORDS, "lr_scheduler=constant"))
    assert training(composed(*WORDS)) != training(composed(*WORDS, "lr_scheduler=cosine"))


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["lr_scheduler=warmup", "lr_scheduler.total_iters=-1"], "lr_scheduler.total_iters = -1 must be"),
        (["lr_scheduler=cosine", "lr_scheduler._target_=torch.optim.Adam"], "torch.optim.Adam does not fit here"),
        (["lr_scheduler=cosine", "++lr_scheduler.T_mx=3"], "did you mean 'T_max'"),
        (["lr_scheduler=cosine", "lr_scheduler._target_=torch.load"], "is not on the list of names"),
    ],
)
def test_what_is_no_schedule_is_refused_with_the_config(words, text):
    with pytest.raises(ConfigError) as raised:
        check(composed(*WORDS, *words))
    assert text in str(raised.value)


@pytest.mark.parametrize("verb", ["train", "check"])
def test_a_warm_up_longer_than_the_training_is_refused_in_one_sentence(verb, tmp_path, capsys):
    words = [*WORDS, "lr_scheduler=warmup", f"paths.output_dir={tmp_path}"]
    assert main([verb, *words]) == 2
    said = capsys.readouterr().err
    assert "lr_scheduler.total_iters = 500 is longer than the training, which has 8 steps" in said
    assert "Traceback" not in said


def test_check_times_a_model_with_its_schedule(tmp_path, capsys):
    assert main(["check", *WORDS, "lr_scheduler=cosine,one_cycle", f"paths.output_dir={tmp_path}"]) == 0
    assert "2 jobs: 0 done before" in capsys.readouterr().out


def test_a_length_of_an_open_training_must_be_given():
    cosine = partial(lr_scheduler.CosineAnnealingLR, T_max=None)
    with pytest.raises(ConfigError, match=r"lr_scheduler\.T_max = null is the length of the training, which is open"):
        make_schedule(cosine, torch.optim.SGD([torch.zeros(1)], lr=1.0), None)


def test_a_schedule_by_the_validation_is_refused():
    with pytest.raises(ConfigError, match=r"ReduceLROnPlateau, which is no schedule by steps"):
        make_schedule(lr_scheduler.ReduceLROnPlateau, torch.optim.SGD([torch.zeros(1)], lr=1.0), 8)


def test_a_checkpoint_of_a_schedule_of_another_length_is_refused(tmp_path, capsys):
    rates("cosine", tmp_path)
    (run,) = Store(tmp_path)
    words = [*WORDS, "lr_scheduler=cosine", "trainer.max_epochs=3", f"ckpt_path={run.checkpoints}/last.ckpt"]
    words = [word for word in words if word != "trainer.max_epochs=2"]
    assert main(["train", *words, f"paths.output_dir={tmp_path}/other"]) == 2
    said = capsys.readouterr().err
    assert (
        "goes on with its own lr_scheduler.T_max = 8, and this training asks for 12: give lr_scheduler.T_max=8" in said
    )


def trainer(batches, window=1, epochs=2, steps=-1):
    loop = SimpleNamespace(setup_data=lambda: None, max_epochs=epochs)
    return SimpleNamespace(
        fit_loop=loop, num_training_batches=batches, accumulate_grad_batches=window, max_steps=steps
    )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "every", "expected"),
    [
        ({"batches": 4}, 1, 8), ({"batches": 4, "window": 3}, 1, 4), ({"batches": 4, "steps": 5, "window": 3}, 1, 3),
        ({"batches": 4, "steps": 5, "epochs": -1}, 1, 5), ({"batches": 4}, 3, 2),
        ({"batches": 4, "epochs": -1}, 1, None),
        ({"batches": float("inf"), "epochs": -1, "steps": 7, "window": 2}, 1, 4),
        ({"batches": float("inf")}, 1, None),
    ],
)  # fmt: skip
def test_the_steps_of_a_training_follow_from_its_limits(options, every, expected):
    assert steps_of_training(trainer(**options), every) == expected


def test_a_model_without_a_use_for_it_is_refused(tmp_path):
    cfg = composed(*WORDS, "lr_scheduler=cosine")
    assert build_model(cfg).lr_scheduler.keywords == {"T_max": None, "eta_min": 0.0}
    assert build_model(composed(*WORDS)).lr_scheduler is None
