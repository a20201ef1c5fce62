"""A pipeline of others is trained further: its network moves, all else stays in its folder."""

import json

import numpy as np
import pytest
import torch
from diffusers.pipelines import DiffusionPipeline
from PIL import Image
from safetensors.torch import load_file

from composing import composed
from equivalence.tiny_pipelines import SIDE, pipeline
from genlab.cli import main
from genlab.commands.import_ import imported_config
from genlab.commands.init_from import take_weights
from genlab.config.instantiate import build
from genlab.foreign_folder import content
from genlab.runs import checkpoint_io
from genlab.runs.store import Store

STEPS = 3
SHORT = [
    "dataset.batch_size=4", "dataset.val_size=4", "dataset.test_size=4", "trainer=cpu", "test=false",
    f"trainer.max_steps={STEPS}", "trainer.max_epochs=null", "optimizer.lr=1e-3", "callbacks.previews=null",
]  # fmt: skip
NETWORK = "denoiser.network.unet."


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return pipeline("text", tmp_path_factory.mktemp("text"))[1]


@pytest.fixture
def pictures(tmp_path):
    """A folder of noise with captions."""
    place = tmp_path / "pictures"
    place.mkdir()
    random = np.random.default_rng(0)
    for i in range(16):
        pixels = random.integers(0, 255, (2 * SIDE, 2 * SIDE, 3), np.uint8)
        Image.fromarray(pixels).save(place / f"{i:02}.png")
        (place / f"{i:02}.txt").write_text(["a red cat", "a blue dog"][i % 2])
    return place


def weights(folder, part):
    return load_file(folder / part / "diffusion_pytorch_model.safetensors")


def test_the_network_alone_is_trained_kept_and_exported(folder, pictures, tmp_path, monkeypatch):
    monkeypatch.setattr("genlab.callbacks.previews.draw", lambda *_: None)
    store, before = tmp_path / "store", {part: content(folder / part) for part in ("unet", "vae", "text_encoder")}
    assert main(["import", str(folder), f"paths.output_dir={store}"]) == 0
    (run,) = Store(store)
    words = [f"init_from.run={run.path}", f"dataset.source.path={pictures}", *SHORT]
    assert main(["train", *words, f"paths.output_dir={store}"]) == 0
    (tuned,) = (each for each in Store(store) if each.path != run.path)
    record = tuned.record()
    assert record.training["steps"] == STEPS
    first = weights(folder, "unet")
    assert record.training["init_from"]["kept"] == record.training["init_from"]["left_over"] == []
    state = checkpoint_io.load(tuned.checkpoint())["state_dict"]
    own = {name.removeprefix(NETWORK): value for name, value in state.items() if name.startswith(NETWORK)}
    assert own.keys() == first.keys()
    assert sum(bool((own[name] != value).any()) for name, value in first.items()) > 0.9 * len(first)
    assert sum(value.numel() for name, value in state.items() if not name.startswith(NETWORK)) < 10, "no codec, no text"
    assert {part: content(folder / part) for part in before} == before

    drawn = ["n=1", "prompt=a red cat", "sampler.steps=2", f"out={tmp_path}/drawn.png"]
    assert main(["sample", f"run={tuned.path}", *drawn]) == 0
    assert main(["export", f"run={tuned.path}", "format=stable_diffusion", f"out={tmp_path}/out"]) == 0
    assert all(torch.equal(value, own[name]) for name, value in weights(tmp_path / "out", "unet").items())
    assert all(torch.equal(value, weights(folder, "vae")[k]) for k, value in weights(tmp_path / "out", "vae").items())
    DiffusionPipeline.from_pretrained(tmp_path / "out", local_files_only=True)


def test_a_training_may_begin_from_a_pipeline_itself(folder):
    cfg = imported_config(composed(f"folder={folder}", verb="import"))
    cfg.network.frozen = False
    cfg.init_from, cfg.paths.init_from = {"pipeline": str(folder)}, str(folder)
    model = build(cfg.model)
    with torch.no_grad():
        for value in model.denoiser.network.parameters():
            value.zero_()
    taken = take_weights(cfg, model)
    own = model.denoiser.network.unet.state_dict()
    assert all(torch.equal(value, own[name]) for name, value in weights(folder, "unet").items())
    assert (taken["loaded"], taken["left_over"]) == (len(own), [])


@pytest.mark.parametrize(
    ("kind", "column", "class_name"),
    [
        ("instruct", "before", "StableDiffusionInstructPix2PixPipeline"),
        pytest.param("depth", "depth", "StableDiffusionDepth2ImgPipeline", marks=pytest.mark.slow),
    ],
)
def test_a_model_of_second_pictures_is_trained_on_pairs_and_exported(
    kind, column, class_name, pictures, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("genlab.callbacks.previews.draw", lambda *_: None)
    folder, store = pipeline(kind, tmp_path / "pipelines")[1], tmp_path / "store"
    assert main(["import", str(folder), f"paths.output_dir={store}"]) == 0
    assert f"on pairs (FOLDER/metadata.csv: file_name, text, {column})" in capsys.readouterr().out
    (run,) = Store(store)
    words = [f"init_from.run={run.path}", f"dataset.source.path={pictures}", *SHORT, f"paths.output_dir={store}"]
    assert main(["train", *words]) == 2
    assert f"other_column='{column}' is a column of metadata.jsonl or metadata.csv" in capsys.readouterr().err
    assert [each.path for each in Store(store)] == [run.path]

    names = sorted(path.name for path in pictures.glob("*.png"))
    rows = [{"file_name": names[i], "text": "a red cat", column: names[i ^ 1]} for i in range(len(names))]
    (pictures / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert main(["train", *words]) == 0
    (tuned,) = (each for each in Store(store) if each.path != run.path)
    assert main(["export", f"run={tuned.path}", "format=stable_diffusion", f"out={tmp_path}/out"]) == 0
    state = checkpoint_io.load(tuned.checkpoint())["state_dict"]
    written, first = weights(tmp_path / "out", "unet"), weights(folder, "unet")
    assert all(torch.equal(value, state[NETWORK + name]) for name, value in written.items())
    beside = written["conv_in.weight"][:, 4:] - first["conv_in.weight"][:, 4:]
    assert (beside.abs().amax((0, 2, 3)) > 0).all(), "what lies beside the map is learnt from"
    missing = {"depth_estimator": None, "feature_extractor": None} if kind == "depth" else {}
    read = DiffusionPipeline.from_pretrained(tmp_path / "out", local_files_only=True, **missing)
    assert type(read).__name__ == class_name


def test_a_distilled_network_is_refused_before_anything_is_written(pictures, tmp_path, capsys):
    folder, store = pipeline("lcm", tmp_path / "pipelines")[1], tmp_path / "store"
    assert main(["import", str(folder), f"paths.output_dir={store}"]) == 0
    (run,) = Store(store)
    of_run = [f"init_from.run={run.path}", f"dataset.source.path={pictures}"]
    of_pipeline = [*of_run[1:], "model=ddpm", "dataset=image_folder", f"init_from.pipeline={folder}"]
    for words in (of_run, of_pipeline):
        assert main(["train", *words, *SHORT, f"paths.output_dir={store}"]) == 2
        assert f"{folder}/unet was distilled for many scales" in capsys.readouterr().err
        assert [each.path for each in Store(store)] == [run.path]
