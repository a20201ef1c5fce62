"""Folders of Stable Diffusion's format: imported and written again they are the same; diffusers draws ours alike."""

import json
from functools import partial

import pytest
import torch
from diffusers.pipelines import DiffusionPipeline
from safetensors.torch import load_file, save_file

from composing import composed
from equivalence.tiny_pipelines import LENGTH, pipeline
from genlab.codecs.latent import LatentMaps
from genlab.commands.import_ import imported_config
from genlab.conditioning.text import TextConditioner
from genlab.config.instantiate import build
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.v import V
from genlab.guidance.classifier_free import ClassifierFree
from genlab.interop.to_stable_diffusion import to_folder
from genlab.models.diffusion import Diffusion
from genlab.models.kl_autoencoder import KLAutoencoder
from genlab.networks.autoencoder_kl import AutoencoderKLNetwork
from genlab.networks.unet_text import TextUNet
from genlab.objectives.denoising import Denoising
from genlab.objectives.times import Uniform
from genlab.objectives.weights import Unit
from genlab.processes.gaussian import Gaussian
from genlab.processes.scaled_linear import ScaledLinear
from genlab.randomness import PerImage
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.grids import Leading
from genlab.samplers.sampler import Sampler
from genlab.texts.clip_small import ClipSmall
from genlab.texts.from_folder import TextFromFolder
from texts.tiny_towers import bert, clip

ADAM = partial(torch.optim.Adam, lr=1e-3)


def own_model(attend_padding=True):
    """A model as it is trained here, of random weights."""
    torch.manual_seed(0)
    text = ClipSmall(width=32, depth=1, heads=2, length=LENGTH)
    network = TextUNet(4, 8, 32, [16, 32], 1, 1, attention_head_size=16, norm_groups=8)
    codec = LatentMaps(KLAutoencoder(AutoencoderKLNetwork(3, 16, [8, 16], norm_groups=8), ADAM), 4, 8, 2)
    codec.scale_by(torch.tensor([[0.1, -0.2, 0.0, 0.3], [0.5, 2.0, 1.0, 1.5]]))
    return Diffusion(
        Denoiser(network, Gaussian(ScaledLinear()), V()), Denoising(Uniform(), Unit()),
        TextConditioner(text, dropout=0.1, attend_padding=attend_padding),
        Sampler(Ancestral(0.0), Leading(1, "first"), 5), ClassifierFree(3.0), codec, None, ADAM,
    ).eval()  # fmt: skip


def test_diffusers_draws_what_the_model_draws(tmp_path):
    model = own_model()
    assert to_folder(model, tmp_path / "own") == "StableDiffusionPipeline"
    theirs = DiffusionPipeline.from_pretrained(tmp_path / "own", local_files_only=True)
    theirs.set_progress_bar_config(disable=True)
    prompts, noise = ["a red cat", "a small blue dog"], PerImage.range(0, 0, 2)
    expected = theirs(
        prompts, latents=PerImage.range(0, 0, 2).normal((2, 4, 8, 8)), num_inference_steps=5, guidance_scale=3.0,
        output_type="pt",
    ).images  # fmt: skip
    with torch.no_grad():
        ours = model.sample(2, prompts, generator=noise)
    assert ((ours + 1) / 2 - expected).abs().max() < 1 / 255


@pytest.mark.parametrize("kind", ["text", "lcm"])
def test_imported_and_exported_a_folder_is_the_same(kind, tmp_path):
    theirs, folder = pipeline(kind, tmp_path)
    settings = folder / "scheduler" / "scheduler_config.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"original_inference_steps": 25}))
    model = build(imported_config(composed(f"folder={folder}", verb="import")).model)
    to_folder(model, tmp_path / "again")
    for name in ("unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model", "text_encoder/model"):
        before, after = (load_file(place / f"{name}.safetensors") for place in (folder, tmp_path / "again"))
        before = {f"text_model.{k.removeprefix('text_model.')}" if "text" in name else k: v for k, v in before.items()}
        assert before.keys() == after.keys()
        assert all(torch.equal(value, after[key]) for key, value in before.items())
    again = DiffusionPipeline.from_pretrained(tmp_path / "again")
    assert type(again) is type(theirs)
    assert kind != "lcm" or again.scheduler.config.original_inference_steps == 25


def test_of_a_whole_clip_the_half_that_reads_texts_is_handed_on(tmp_path):
    place, model = clip(tmp_path / "clip"), own_model()
    config, weights = json.loads((place / "config.json").read_text()), load_file(place / "model.safetensors")
    (place / "config.json").write_text(json.dumps({"model_type": "clip", "text_config": config, "vision_config": {}}))
    save_file(weights | {"vision_model.x": torch.ones(2), "logit_scale": torch.ones(1)}, place / "model.safetensors")
    model.conditioner.text = TextFromFolder(str(place), width=16, length=12)
    to_folder(model, tmp_path / "own")
    written = load_file(tmp_path / "own" / "text_encoder" / "model.safetensors")
    assert len(written) == len(model.conditioner.text.tower.network.state_dict())
    assert all(name.startswith("text_model.") and "vision" not in name for name in written)
    again = TextFromFolder(str(tmp_path / "own" / "text_encoder"), width=16, length=12)
    assert torch.equal(again(["a red cat"]).tokens, model.conditioner.text(["a red cat"]).tokens)


def test_only_the_files_of_a_tokenizer_are_handed_on_and_no_links(tmp_path):
    _, folder = pipeline("text", tmp_path)
    (folder / "tokenizer" / "notes.txt").write_text("mine")
    model = build(imported_config(composed(f"folder={folder}", verb="import")).model)
    to_folder(model, tmp_path / "again")
    handed_on = {path.name for path in (tmp_path / "again" / "tokenizer").iterdir()}
    assert "tokenizer_config.json" in handed_on
    assert handed_on < {path.name for path in (folder / "tokenizer").iterdir()}
    assert "notes.txt" not in handed_on
    (tmp_path / "secret").write_text("{}")
    (folder / "tokenizer" / "added_tokens.json").symlink_to(tmp_path / "secret")
    with pytest.raises(ValueError, match=r"added_tokens\.json is a link"):
        to_folder(model, tmp_path / "third")
    assert not [path.name for path in tmp_path.iterdir() if "third" in path.name], "all of it or nothing"


def test_a_tower_that_is_not_clips_is_one_sentence(tmp_path):
    model = own_model()
    model.conditioner.text = TextFromFolder(str(bert(tmp_path / "bert")), width=16, length=12)
    with pytest.raises(ValueError, match="the text tower is BertModel: Stable Diffusion's is CLIP's"):
        to_folder(model, tmp_path / "own")
    assert not (tmp_path / "own").exists()


def test_what_has_no_place_in_the_format_is_one_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"only a model trained with conditioner\.attend_padding=true"):
        to_folder(own_model(attend_padding=False), tmp_path / "own")
    assert not (tmp_path / "own").exists()
