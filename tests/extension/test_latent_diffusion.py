"""Diffusion in the latent space of an outsider's own autoencoder, with inpainting: no file of genlab knows it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from extension.commands import carried_out
from genlab.runs import checkpoint_io
from genlab.runs.store import Store

HERE = Path(__file__).parent / "latent_diffusion"
ALLOWED = "allow_targets=[tiny_autoencoder.TinyAutoencoder]"
TRAIN = ["--config-dir", ".", "experiment=tiny_latent", ALLOWED, "logger=none", "callbacks.checkpoints.every_n_steps=3"]


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """What each command left: an undisturbed training; one whose latent stage is killed at step 5; the same resumed."""
    root = tmp_path_factory.mktemp("latent_diffusion")
    first = {"arguments": [*TRAIN[:2], "experiment=tiny_autoencoder", *TRAIN[3:5]], "store": f"{root}/resumed"}
    whole, resumed = {"arguments": TRAIN, "store": f"{root}/whole"}, {"arguments": TRAIN, "store": f"{root}/resumed"}
    return root, carried_out([whole, first, resumed | {"kill_at": 5}, resumed, resumed], HERE, root)


def latent(store):
    (run,) = (run for run in Store(store) if "first_stages" in run.config())
    return run


def test_the_outsiders_files_are_short():
    assert max(len(path.read_text().splitlines()) for path in (*HERE.glob("*.py"), *HERE.rglob("*.yaml"))) < 60


def test_the_autoencoder_is_trained_first_and_its_maps_are_scaled(left):
    root, (whole, *_) = left
    assert whole["exit"] == 0, whole["said"]
    run = latent(root / "whole")
    state = checkpoint_io.load(run.checkpoint())["state_dict"]
    assert bool(state["codec.measured"])
    assert not torch.equal(state["codec.std"], torch.ones(3, 1, 1))
    assert {r.path.name for r in Store(root / "whole")} == {
        run.path.name,
        run.config().first_stages.autoencoder.fingerprint,
    }
    assert {"fid_digits", "inception_score_digits"} <= set(run.record().metrics)
    assert list(run.samples.glob("step_*.png"))


def test_killed_and_resumed_it_ends_as_undisturbed(left):
    root, (_, first, killed, resumed, again) = left
    assert (first["exit"], killed["exit"], resumed["exit"], again["exit"]) == (0, -9, 0, 0), resumed["said"]
    mine, theirs = latent(root / "whole"), latent(root / "resumed")
    assert mine.path.name == theirs.path.name
    a, b = (checkpoint_io.load(run.checkpoint()) for run in (mine, theirs))
    for part in ("state_dict", "ema"):
        for name, value in a[part].items():
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(b[part][name])), name
    assert mine.record().metrics["fid_digits"]["value"] == theirs.record().metrics["fid_digits"]["value"]


def test_samples_and_filled_in_pictures_need_no_first_stage(left):
    """The known half is that of the picture, pixel by pixel, and each result has its own other half."""
    root, _ = left
    alone = root / "alone"
    shutil.copytree(latent(root / "whole").path, alone / "train" / "latent")
    words = [f"run={alone / 'train' / 'latent'}", ALLOWED]
    edit = {"verb": "edit", "store": str(alone)}
    jobs = [
        {"verb": "sample", "store": str(alone), "arguments": [*words, "n=4", "format=folder", f"out={root}/files"]},
        edit | {"arguments": [*words, "edit=inpaint", "edit.mask=right", "n=2", "image=1", f"out={root}/edit.png"]},
        edit | {"arguments": [*words, "edit=inpaint", "edit.one_noise=true", "n=1", "image=1", f"out={root}/one.png"]},
    ]
    done = carried_out(jobs, HERE, root)
    assert [job["exit"] for job in done] == [0, 0, 0], [job["said"] for job in done]
    assert len(list((root / "files").glob("*.png"))) == 4
    pixels = np.asarray(Image.open(root / "edit.png").convert("L"))
    row = np.stack([pixels[28::7, 2 + i * 58 + 3 :][:8, :53:7] for i in range(4)])
    assert (row[2:, :, :4] == row[0, :, :4]).all()
    assert (row[2] != row[3]).any()


MISFITS = {
    "codec.channels=4": "ask for 4 x 4 x 4, and the first stage's maps are 3 x 4 x 4",
    "model.clip=[-1,1]": "LatentMaps gives no pixels",
    "codec.checkpoint=${paths.stages.autoencodr}": "did you mean 'autoencoder'?",
    "++first_stages.other.experiment=tiny_autoencoder": "first_stages.other is used by nothing",
    "first_stages.autoencoder.experiment=tiny_latent": "Diffusion has no latent maps of floats",
    "first_stages.autoencoder.overrides={model: {widht: 3}}": "experiment = tiny_autoencoder: unknown key",
    "first_stages.autoencoder.experiment=null first_stages.autoencoder.run=latest": (
        "first_stages.autoencoder.run = latest is another run tomorrow"
    ),
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    root = tmp_path_factory.mktemp("misfits")
    jobs = [
        {"arguments": [*TRAIN, "+trainer.fast_dev_run=true", *_words(misfit)], "store": f"{root}/{i}"}
        for i, misfit in enumerate(MISFITS)
    ]
    return dict(zip(MISFITS, carried_out(jobs, HERE, root), strict=True))


def _words(misfit):
    return misfit.split() if " first_stages" in misfit else [misfit]


@pytest.mark.parametrize("misfit", MISFITS)
def test_a_misfit_is_one_sentence(misfit, refused):
    found = refused[misfit]
    assert found["exit"] == 2, found["said"]
    assert MISFITS[misfit] in found["said"].replace("\n", " ")
    assert "Traceback" not in found["said"]
