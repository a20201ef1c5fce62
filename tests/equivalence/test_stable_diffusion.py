"""Imported pipelines draw what diffusers draws with them: tiny ones of random weights, from the same latents."""

import pytest
import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from diffusers.pipelines import StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline
from diffusers.schedulers import DPMSolverMultistepScheduler, LMSDiscreteScheduler

from composing import composed
from equivalence.tiny_pipelines import BETAS, SIDE, pipeline
from genlab.commands.import_ import imported_config
from genlab.conditions import ConditionInput
from genlab.config.instantiate import build
from genlab.editing.inpaint import inpaint
from genlab.editing.sdedit import sdedit
from genlab.randomness import PerImage
from genlab.samplers.dpm_solver import DPMSolver2M
from genlab.samplers.grid_but_last import ButLast
from genlab.samplers.grids import Linspace
from genlab.samplers.lms import LMS
from genlab.samplers.sampler import Sampler

WORDS = {"prompt": ["a red cat", "blue dog"], "negative_prompt": ["low", "bad"]}
NOISE = torch.randn(2, 4, SIDE, SIDE, generator=torch.Generator().manual_seed(3))
PICTURES = torch.rand(2, 3, 2 * SIDE, 2 * SIDE, generator=torch.Generator().manual_seed(4)) * 2 - 1
BELOW = torch.zeros(2, 1, 2 * SIDE, 2 * SIDE, dtype=torch.bool)
BELOW[:, :, SIDE:] = True
EQUAL = 1e-5


class Given(PerImage):
    """Random numbers that are given, in the order of the draws; the last of them again and again."""

    def __init__(self, *draws):
        super().__init__([0] * len(draws[0]))
        self.draws = list(draws)

    def normal(self, shape):
        drawn = self.draws.pop(0) if len(self.draws) > 1 else self.draws[0]
        assert drawn.shape == tuple(shape)
        return drawn


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """kind -> the pipeline of diffusers, and genlab's model of its folder."""
    made = {}

    def both(kind):
        if kind not in made:
            theirs, folder = pipeline(kind, tmp_path_factory.mktemp(kind))
            cfg = imported_config(composed(f"folder={folder}", verb="import"))
            made[kind] = theirs, build(cfg.model).eval()
        return made[kind]

    return both


@pytest.fixture(autouse=True)
def means(monkeypatch):
    """Codes are the means of their posteriors: those that theirs draws are of another generator."""
    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", lambda self, generator=None: self.mode())


def drawn(model, steps=None, **asked):
    """The latents that genlab's model ends with."""
    sampler = model.sampler if steps is None else Sampler(model.sampler.solver, model.sampler.grid, steps)
    with torch.no_grad():
        denoise = model.guided_denoiser(2, ConditionInput(**asked))
        *_, last = sampler.solved(model.denoiser.process, denoise, NOISE, generator=Given(NOISE))
    return last.x


def off(ours, theirs):
    return float((ours - theirs).abs().max() / theirs.abs().max())


@pytest.mark.parametrize("kind", ["text", "pndm", "v"])
def test_text_to_image(pair, kind):
    theirs, model = pair(kind)
    expected = theirs(**WORDS, latents=NOISE, num_inference_steps=10, guidance_scale=7.5, output_type="latent").images
    assert off(drawn(model, 10, **WORDS), expected) < EQUAL


def test_the_sampler_that_a_folder_names_is_the_one_of_the_run(pair):
    assert "PNDM()" in repr(pair("pndm")[1].sampler)
    assert "Ancestral(eta=0.0), grid=Leading(offset=1, end='first')" in repr(pair("text")[1].sampler)


SAMPLERS = {
    "lms": (LMSDiscreteScheduler, Sampler(LMS(4), Linspace(), 10)),
    "dpm": (DPMSolverMultistepScheduler, Sampler(DPMSolver2M(), ButLast(Linspace()), 10)),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_other_samplers(pair, name, monkeypatch):
    theirs, model = pair("text")
    scheduler, sampler = SAMPLERS[name]
    monkeypatch.setattr(theirs, "scheduler", scheduler(**BETAS))
    monkeypatch.setattr(model, "sampler", sampler)
    expected = theirs(**WORDS, latents=NOISE, num_inference_steps=10, guidance_scale=7.5, output_type="latent").images
    if name == "lms":  # theirs begins with noise of the level alone: what is left of the signal has none
        scales = model.denoiser.process.schedule(torch.tensor(1.0).double())
        ours = drawn_from(model, NOISE * scales.sigma.float())
    else:
        ours = drawn(model, **WORDS)
    assert off(ours, expected) < EQUAL


def drawn_from(model, x):
    with torch.no_grad():
        denoise = model.guided_denoiser(2, ConditionInput(**WORDS))
        *_, last = model.sampler.solved(model.denoiser.process, denoise, x)
    return last.x


def test_image_to_image(pair, monkeypatch):
    theirs, model = pair("text")
    theirs = StableDiffusionImg2ImgPipeline(**theirs.components, requires_safety_checker=False)
    theirs.set_progress_bar_config(disable=True)
    monkeypatch.setattr(
        "diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_img2img.randn_tensor", lambda shape, **_: NOISE
    )
    monkeypatch.setattr(model, "sampler", Sampler(model.sampler.solver, model.sampler.grid, 10))
    expected = theirs(
        **WORDS, image=(PICTURES + 1) / 2, strength=0.6, num_inference_steps=10, guidance_scale=7.5, output_type="pt"
    ).images
    with torch.no_grad():
        ours = sdedit(model, PICTURES, 0.6, ConditionInput(**WORDS), generator=Given(NOISE))
    assert off((ours + 1) / 2, expected) < EQUAL


def test_inpainting_with_a_model_that_was_not_trained_for_it(pair, monkeypatch):
    theirs, model = pair("text")
    theirs = StableDiffusionInpaintPipeline(**theirs.components, requires_safety_checker=False)
    theirs.set_progress_bar_config(disable=True)
    monkeypatch.setattr(model, "sampler", Sampler(model.sampler.solver, model.sampler.grid, 10))
    expected = theirs(
        **WORDS,
        image=(PICTURES + 1) / 2,
        mask_image=BELOW.float(),
        latents=NOISE,
        strength=1.0,
        num_inference_steps=10,
        guidance_scale=7.5,
        output_type="pt",
    ).images
    with torch.no_grad():
        ours = inpaint(
            model, PICTURES, ~BELOW, ConditionInput(**WORDS), generator=Given(NOISE), one_noise=True, paste=False
        )
    assert off((ours + 1) / 2, expected) < EQUAL


def test_inpainting_with_nine_channels(pair):
    theirs, model = pair("inpaint")
    expected = theirs(
        **WORDS,
        image=(PICTURES + 1) / 2,
        mask_image=BELOW.float(),
        latents=NOISE,
        strength=1.0,
        num_inference_steps=10,
        guidance_scale=7.5,
        output_type="latent",
    ).images
    assert off(drawn(model, 10, **WORDS, picture=PICTURES, mask=BELOW), expected) < EQUAL


def test_depth(pair, monkeypatch):
    theirs, model = pair("depth")
    depth = PICTURES[:, 0]
    monkeypatch.setattr(
        "diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_depth2img.randn_tensor",
        lambda shape, **_: NOISE,
    )
    monkeypatch.setattr(model, "sampler", Sampler(model.sampler.solver, model.sampler.grid, 10))
    expected = theirs(
        **WORDS,
        image=(PICTURES + 1) / 2,
        depth_map=depth,
        strength=0.6,
        num_inference_steps=10,
        guidance_scale=7.5,
        output_type="pt",
    ).images
    asked = ConditionInput(**WORDS, picture=depth[:, None].expand(-1, 3, -1, -1))
    with torch.no_grad():
        ours = sdedit(model, PICTURES, 0.6, asked, generator=Given(NOISE))
    assert off((ours + 1) / 2, expected) < EQUAL


def test_instructions(pair):
    theirs, model = pair("instruct")
    expected = theirs(
        **WORDS,
        image=(PICTURES + 1) / 2,
        latents=NOISE,
        num_inference_steps=10,
        guidance_scale=7.5,
        image_guidance_scale=1.5,
        output_type="latent",
    ).images
    assert off(drawn(model, 10, **WORDS, picture=PICTURES), expected) < EQUAL


def test_latent_consistency_models(pair, monkeypatch):
    theirs, model = pair("lcm")
    monkeypatch.setattr("diffusers.schedulers.scheduling_lcm.randn_tensor", lambda shape, **_: NOISE)
    expected = theirs(
        prompt=WORDS["prompt"], latents=NOISE, num_inference_steps=4, guidance_scale=8.5, output_type="latent"
    ).images
    assert off(drawn(model, prompt=WORDS["prompt"]), expected) < EQUAL
