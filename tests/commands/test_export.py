"""genlab export: what diffusers loads draws the pictures that genlab draws."""

from __future__ import annotations

import shlex
from typing import Any

import numpy as np
import pytest
from PIL import Image

from commands.conftest import QUICK
from genlab.cli import main
from genlab.runs.store import Store

SMALL = ["model=ddpm", "dataset=digits", "network.block_out_channels=[32,32]", "network.layers_per_block=1"]


@pytest.fixture(scope="module")
def unconditional_run(tmp_path_factory):
    root = tmp_path_factory.mktemp("unconditional")
    words = [*SMALL, "dataset.train_size=128", "sampler=ddim", "sampler.steps=10"]
    assert main(["train", *words, *QUICK, f"paths.output_dir={root}"]) == 0
    return next(iter(Store(root)))


@pytest.fixture(scope="module")
def learnt_variance_run(tmp_path_factory):
    root = tmp_path_factory.mktemp("variances")
    words = [*SMALL, "parameterization=learned_variance", "objective=hybrid", "+network.out_channels=2"]
    words += ["dataset.train_size=128", "sampler.steps=4", "seed=5", "scheduler.train_timesteps=60"]
    assert main(["train", *words, *QUICK, f"paths.output_dir={root}"]) == 0
    return next(iter(Store(root)))


@pytest.mark.parametrize("kind", ["unconditional_run", "learnt_variance_run"])
def test_the_printed_lines_draw_the_pictures_of_the_printed_command(kind, request, tmp_path, capsys):
    """Both are carried out as they stand there."""
    run, out = request.getfixturevalue(kind), tmp_path / "it's a=1, pipeline"
    capsys.readouterr()
    assert main(["export", f"run={run.path}", f"out={out}"]) == 0
    _, command, _, lines = capsys.readouterr().out.strip().split("\n\n", 3)
    found: dict[str, Any] = {}
    exec(lines, found)
    program, *words = shlex.split(command)
    assert program == "genlab"
    assert main([*words, f"out={tmp_path}/ours"]) == 0
    ours = np.stack([np.asarray(Image.open(file).convert("L")) for file in sorted((tmp_path / "ours").glob("*.png"))])
    theirs = found["pictures"][:, 0].numpy()
    assert theirs.shape == ours.shape == (4, 8, 8)
    assert ours.std() > 20  # not all black
    assert abs(theirs.astype(int) - ours.astype(int)).max() <= 1


def test_what_diffusers_cannot_hold_is_one_sentence(digits_run, roll_run, unconditional_run, tmp_path, capsys):
    (tmp_path / "mine").write_text("not yours")
    for run, out, sentence in (
        (digits_run, "a", "only an unconditional network=unet can become a DDIMPipeline"),
        (roll_run, "a", "only an unconditional network=unet can become a DDIMPipeline, not MLP"),
        (unconditional_run, "", "exists already; give a new or an empty folder"),
        (unconditional_run, "mine", "exists already; give a new or an empty folder"),
    ):
        assert main(["export", f"run={run.path}", f"out={tmp_path / out}"]) == 2
        assert sentence in capsys.readouterr().err
    assert main(["export", f"run={unconditional_run.path}"]) == 2
    assert "error: out = FOLDER is missing" in capsys.readouterr().err
    assert (tmp_path / "mine").read_text() == "not yours"
    assert not (tmp_path / "a").exists()
