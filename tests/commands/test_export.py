"""genlab export: what diffusers loads draws the pictures that genlab draws."""

from __future__ import annotations

import pytest
import torch

from commands.conftest import QUICK
from genlab.cli import main
from genlab.runs.restore import restore
from genlab.runs.store import Store

SMALL = ["model=ddpm", "dataset=digits", "network.block_out_channels=[32,32]", "network.layers_per_block=1"]


@pytest.fixture(scope="module")
def unconditional_run(tmp_path_factory):
    root = tmp_path_factory.mktemp("unconditional")
    words = [*SMALL, "dataset.train_size=128", "sampler=ddim", "sampler.steps=10"]
    assert main(["train", *words, *QUICK, f"paths.output_dir={root}"]) == 0
    return next(iter(Store(root)))


def test_the_pipeline_draws_the_same_pictures(unconditional_run, tmp_path, capsys):
    from diffusers.pipelines import DiffusionPipeline

    out = tmp_path / "pipeline"
    assert main(["export", f"run={unconditional_run.path}", f"out={out}"]) == 0
    assert f"from_pretrained('{out}')" in capsys.readouterr().out
    pipeline = DiffusionPipeline.from_pretrained(out)
    pipeline.set_progress_bar_config(disable=True)
    theirs = pipeline(
        batch_size=2, generator=torch.Generator().manual_seed(3), num_inference_steps=10, output_type="np",
        use_clipped_model_output=True,
    ).images  # fmt: skip
    model = restore(unconditional_run.config(), unconditional_run.checkpoint())
    with model.averaged(), torch.no_grad():
        ours = model.sample(2, generator=torch.Generator().manual_seed(3))
    assert torch.allclose(torch.as_tensor(theirs), (ours / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1), atol=1e-4)


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
