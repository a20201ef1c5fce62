"""A training that is ended and asked for again, and again, ends with the same weights and losses, bit for bit."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from composing import composed
from interrupting import along, differences, of_config, ways

KILLING = Path(__file__).parents[1] / "killing.py"
COMMON = [
    "logger=none", "metrics=none", "callbacks.previews=null", "callbacks.checkpoints.every_n_steps=3",
    "dataset.batch_size=64", "trainer.max_epochs=2",
]  # fmt: skip
PICTURES, POINTS = ["dataset.train_size=300"], ["dataset.n_train=300"]
FAMILIES = {
    "autoencoder": ["experiment=autoencoder/cvae_digits", "model.ema_decay=0.9", *PICTURES],
    "deterministic_autoencoder": ["model=ae", "dataset=digits", "model.ema_decay=0.9", *PICTURES],
    "diffusion": ["experiment=diffusion/class_conditional_digits", "sampler.steps=2", *PICTURES],
    "vector_quantized": ["experiment=vector_quantized/vqvae_digits", *PICTURES],
    "residual_quantized": ["experiment=vector_quantized/vqvae_digits", "model=vqvae_residual", *PICTURES],
    "autoregressive": [
        "model=pixelcnn", "dataset=digits", "codec.levels=4", "network.width=16", "network.layers=2", *PICTURES,
    ],
    "noisy_classifier": ["experiment=diffusion/noisy_classifier_digits", *PICTURES],
    "score": ["experiment=score/swiss_roll_denoising", "model.steps=3", *POINTS],
    "bound_of_points": ["experiment=diffusion/swiss_roll", *POINTS],
    "cold": ["experiment=diffusion/cold_digits", *PICTURES],
    "self_conditioned": ["experiment=diffusion/rin_digits", "network.patch=4", "sampler.steps=2", *PICTURES],
    "consistency": [
        "model=class_conditional_unet", "dataset=digits", "network=unet_class_channels_small", "scheduler=edm",
        "parameterization=consistency", "parameterization.sigma_data=0.75", "objective=consistency",
        "sampler=recorrupt", "sampler.steps=2", *PICTURES,
    ],
    "importance": [
        "experiment=diffusion/class_conditional_digits", "objective=importance", "scheduler.train_timesteps=4",
        "sampler.steps=2", *PICTURES,
    ],
    "distilled": [  # its teacher takes one step, which no signal disturbs
        "experiment=distillation/consistency_digits", "++first_stage.overrides.dataset.train_size=64",
        "++first_stage.overrides.trainer.max_epochs=1", "++first_stage.overrides.test=false",
        "++first_stage.overrides.sampler.steps=2", *PICTURES,
    ],
}  # fmt: skip
"""Every family, and every kind of training within one that keeps numbers of its own: moments of codes, averaged
codebooks, ends of a degradation, losses of the past, a teacher's weights."""
KILLS = (2, 4, 7, "term", "thrice")
"""SIGKILL before the first checkpoint, at the end of the first epoch (of 4 batches), in the middle of the second;
SIGTERM at step 4; and SIGTERM at steps 4, 5 and 7."""
TERMS = {"term": (4,), "thrice": (4, 5, 7)}
QUICK = {
    "autoencoder": KILLS, "deterministic_autoencoder": (7,), "diffusion": (7,), "vector_quantized": (7,),
    "autoregressive": (7,), "score": (7,),
}  # fmt: skip
LONG = {family: [kill for kill in KILLS if kill not in QUICK.get(family, ())] for family in FAMILIES}


def carried_out(root, plan):
    """(family, kill) -> what each process left; (family, None) -> what one leaves that nobody disturbs."""
    jobs, names = [], []
    for family, kills in plan.items():
        arguments = FAMILIES[family] + COMMON
        for kill in [None, *kills] if kills else []:
            job = {"arguments": arguments, "store": f"{root}/{family}-{kill}"}
            if kill in TERMS:
                jobs.extend(job | {"kill_at": step, "signal": "SIGTERM"} for step in TERMS[kill])
            elif kill is not None:
                jobs.append(job | {"kill_at": kill})
            jobs.append(job)
            names.append((family, kill))
    (root / "request.json").write_text(json.dumps({"jobs": jobs}))
    done = subprocess.run([sys.executable, KILLING, root / "request.json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    found = iter(json.loads(done.stdout.splitlines()[-1]))
    return {(family, kill): [next(found) for _ in range(processes(kill))] for family, kill in names}


def processes(kill):
    return 1 + len(TERMS.get(kill, (kill,) if kill else ()))


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    return carried_out(tmp_path_factory.mktemp("quick"), QUICK)


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    return carried_out(tmp_path_factory.mktemp("long"), LONG)


def pairs(plan):
    return [(family, kill) for family, kills in plan.items() for kill in kills]


def check(results, family, kill):
    (whole,), (*ended, resumed) = results[family, None], results[family, kill]
    assert whole["status"] == "completed"
    if kill in TERMS:  # the step is finished, the state saved, and the exit status says so
        assert [(end["exit"], end["status"]) for end in ended] == [(143, "interrupted")] * len(ended)
        assert [end["losses"][-1][0] for end in ended] == list(TERMS[kill])
    else:
        assert [end["exit"] for end in ended] == [-9]
    assert resumed["status"] == "completed"
    assert [step for step, _ in resumed["losses"]] == list(range(1, 9))
    assert resumed["losses"] == whole["losses"]
    assert resumed["weights"] == whole["weights"]
    assert resumed["state"] == whole["state"]


@pytest.mark.parametrize(("family", "kill"), pairs(QUICK))
def test_ended_and_resumed_equals_undisturbed(quick, family, kill):
    check(quick, family, kill)


@pytest.mark.slow
@pytest.mark.parametrize(("family", "kill"), pairs(LONG))
def test_ended_and_resumed_equals_undisturbed_everywhere(long, family, kill):
    check(long, family, kill)


STRANGE = ["trainer.accumulate_grad_batches=3", "trainer.check_val_every_n_epoch=2", "trainer.max_epochs=2"]
SCHEDULES = {
    "plain": [], "an epoch is one batch": ["dataset.batch_size=300", "trainer.max_epochs=5"], "strange": STRANGE,
}  # fmt: skip


def sessions(family, words, folder):
    every_step = "callbacks.checkpoints.every_n_steps=1"
    cfg = composed(*FAMILIES[family], *COMMON, "test=false", "~callbacks.progress", every_step, *words)
    return of_config(cfg, folder)


@pytest.mark.parametrize("family", QUICK)
def test_three_interruptions_change_nothing(family, tmp_path):
    """One at the end of an epoch, one right after it, one more; steps of three batches, few validations."""
    whole, end = along(sessions(family, STRANGE, tmp_path), (4, 5, 7))
    assert (whole["record"], whole["images"]) == (8, 8 * 64)  # a step is a batch
    assert differences(whole, end) == []


@pytest.mark.slow
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "distilled"])
def test_every_three_interruptions_change_nothing(family, schedule, tmp_path):
    (_, whole), *others = ways(sessions(family, SCHEDULES[schedule], tmp_path), 3, ("batch",))
    assert {way: found for way, end in others if (found := differences(whole, end))} == {}
