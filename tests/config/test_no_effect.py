"""Building a part does nothing but build it: no program, no file that is written or deleted, no network."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from genlab.config.allowed import declared
from genlab.config.files import conf_dir, options

HERE = str(Path(__file__).parent)
BEGINS = "genlab.interop.wandb.wandb_logger"
"""Begins a run of W&B, as is its purpose; only `logger` takes one (test_placing.py), which no run's folder can fill."""

FIRST = "experiment=diffusion/class_conditional_digits"
GROUPS = (
    "sampler", "scheduler", "guidance", "objective", "optimizer", "dataset", "callbacks", "logger", "metrics",
    "extractor", "network", "conditioner", "parameterization", "lr_scheduler",
)  # fmt: skip
OF_PLAYERS = ("generator", "discriminator", "loss", "augmentation")
ASKED = ("codec", "text")
"""Groups that other parts ask for widths and sizes, and that some options leave open."""


STANDING_ON_ANOTHER = (
    "distillation/consistency_digits", "distillation/consistency_training_digits", "distillation/guidance_digits",
    "distillation/progressive_16_digits", "diffusion/reflow_digits", "diffusion/classifier_guided_digits",
    "autoregressive/pixelcnn_codes_digits", "diffusion/improved_ddpm_digits", "tokens/muse_critters",
)  # fmt: skip


def asked(of, items, folder):
    """What tests/config/effects.py says, run in an empty folder that is empty afterwards too."""
    tests, work = Path(__file__).parents[1], folder / "work"
    path = os.pathsep.join([str(tests.parent / "src"), str(tests)])  # of this tree, whichever is installed
    work.mkdir()
    environment = os.environ | {"PYTHONPATH": path, "HOME": str(folder), "GENLAB_DATA_DIR": str(folder / "data")}
    answer = subprocess.run(
        [sys.executable, tests / "config" / "effects.py"], input=json.dumps({"of": of, "items": items}), text=True,
        capture_output=True, cwd=work, env=environment, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert list(work.iterdir()) == []
    return json.loads(answer.stdout.splitlines()[-1])


def jobs():
    """Few configs that name every part between them; what does not go together in one is left out of it."""
    choices = {group: options(group) for group in GROUPS}
    for k in range(max(map(len, choices.values()))):
        words = [f"{group}={names[k]}" for group, names in choices.items() if k < len(names)]
        of_folder = {f"dataset={name}" for name in ("image_folder", "image_buckets", "sound_folder")} & set(words)
        yield [FIRST, "text=clip_small", *words, *(["dataset.num_classes=2"] if of_folder else [])]
    yield from ([FIRST, f"{group}={name}"] for group in ASKED for name in options(group))
    small = "{_target_:genlab.texts.clip_small.ClipSmall}"
    yield [FIRST, "text=clip_and_t5", f"text.towers=[{small},{small}]"]
    yield from ([f"model={name}"] for name in options("model"))
    yield from (["model=adversarial", f"{group}={name}"] for group in OF_PLAYERS for name in options(group))
    yield from (["model=adversarial", f"+penalty@model.penalties.own={name}"] for name in options("penalty"))
    of_two = ["model=translation", "dataset=emoji_pair"]
    yield from ([*of_two, f"{group}={name}"] for group in OF_PLAYERS[:2] for name in options(group))
    yield ["model=translation", "dataset=two_folders", "dataset.source.a=a", "dataset.source.b=b"]
    yield ["experiment=audio/diffwave_kicks"]
    yield ["experiment=audio/mel_drums"]
    yield [FIRST, "network=experts"]
    yield [FIRST, "callbacks=budget", "callbacks.budget.images=1"]
    yield from ([f"experiment={name}"] for name in STANDING_ON_ANOTHER)
    yield ["experiment=distillation/guidance_digits", "guidance=autoguidance"]
    yield [
        "model=latent", "dataset=digits", "codec.channels=8", "codec.factor=2", "++first_stage.model=null",
        "++first_stage.experiment=vector_quantized/vqvae_digits",
    ]  # fmt: skip
    yield from ([FIRST, word] for word in ("debug=profiler", "hparams_search=tpe_pruned", "objective=likelihood"))


def but_for_the_gpus(effects):
    """Torch and the Trainer look for GPUs and tell their libraries to be deterministic, whatever they are given."""
    own = ("ctypes.dlopen ('libnvidia-ml.so", "os.putenv (b'CUBLAS_WORKSPACE_CONFIG'")
    left = {part: [each for each in found if not each.startswith(own)] for part, found in effects.items()}
    return {part: found for part, found in left.items() if found}


def test_every_part_of_the_configs_only_builds_an_object(tmp_path):
    said = asked("configs", list(jobs()), tmp_path)
    assert but_for_the_gpus(said["effects"]) == {}
    assert declared() - set(said["built"]) == {BEGINS, *from_folders()}


def from_folders():
    """Parts that are read from a folder of others: the tests of each build them, from one that they make."""
    texts = [path.read_text() for path in conf_dir().rglob("*.yaml")]
    return {
        target
        for text in texts
        if re.search(r"^ *folder: \?\?\?", text, re.MULTILINE) and "sha256: null" in text
        for target in re.findall(r"_target_: (genlab\.\S*from_folder\.\w+)", text)
    } | {target for text in texts for target in re.findall(r'_target_: (genlab\.[\w.]+), folder: "\?{3}"', text)}


PACKAGES = [
    "torch.optim", "torch.optim.lr_scheduler", "torch.nn", "pytorch_lightning", "pytorch_lightning.callbacks",
    "pytorch_lightning.profilers", "pytorch_lightning.loggers", "pytorch_lightning.strategies", "torchmetrics",
    "diffusers.models.unets.unet_2d",
]  # fmt: skip


def test_what_is_allowed_of_other_libraries_only_builds_an_object(tmp_path):
    """From such arguments as its parameters' names suggest; what one class refuses was watched until it did."""
    said = asked("classes", PACKAGES, tmp_path)
    assert but_for_the_gpus(said["effects"]) == {}
    assert len(said["effects"]) > 200
    assert len(said["built"]) > 0.9 * len(said["effects"]), sorted(set(said["effects"]) - set(said["built"]))


def test_the_watch_sees_what_a_part_must_not_do(tmp_path):
    """Else the tests above could not fail."""
    code = """if True:
        import pathlib, socket, subprocess, sys, effects
        sys.addaudithook(effects._watch)
        for act in (
            lambda: subprocess.run(["true"]), lambda: pathlib.Path("x").write_text("x"),
            lambda: pathlib.Path("x").unlink(), lambda: pathlib.Path("y").mkdir(),
            lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
        ):
            assert effects.watched(act)[1] != [], act
        assert effects.watched(lambda: pathlib.Path(effects.__file__).read_text()) == (True, [])
    """
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=os.environ | {"PYTHONPATH": HERE}, check=False
    )
    assert done.returncode == 0
