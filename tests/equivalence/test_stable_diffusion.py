"""Imported pipelines draw what diffusers draws with them: tiny ones of random weights, from the same latents."""

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from diffusers.pipelines import StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline
from diffusers.schedulers import DPMSolverMultistepScheduler, LMSDiscreteScheduler
from PIL import Image

from composing import composed
from equivalence.tiny_pipelines import BETAS, SIDE, pipeline
from genlab.cli import main
from genlab.commands.import_ import imported_config
from genlab.conditioning.depth_estimator import DepthEstimator
from genlab.conditions import ConditionInput
from genlab.config.instantiate import build
from genlab.editing.inpaint import inpaint
from genlab.editing.sdedit import sdedit
from genlab.interop.stable_diffusion import described
from genlab.interop.to_stable_diffusion import to_folder
from genlab.modalities import grids
from genlab.randomness import PerImage
from genlab.runs.store import Store
from genlab.samplers.dpm_solver import DPMSolver2M
from genlab.samplers.grid_but_last import ButLast
from genlab.samplers.grids import Linspace
from genlab.samplers.lms import LMS
from genlab.samplers.sampler import Sampler

STEPS = 10
WORDS = {"prompt": ["a red cat", "blue dog"], "negative_prompt": ["low", "bad"]}
NOISE = torch.randn(2, 4, SIDE, SIDE, generator=torch.Generator().manual_seed(3))
PICTURES = torch.rand(2, 3, 2 * SIDE, 2 * SIDE, generator=torch.Generator().manual_seed(4)) * 2 - 1
BELOW = torch.zeros(2, 1, 2 * SIDE, 2 * SIDE, dtype=torch.bool)
BELOW[:, :, SIDE:] = True
EQUAL = 1e-5


class Given(PerImage):
    """Random numbers that are given, again and again."""

    def __init__(self, drawn):
        super().__init__([0] * len(drawn))
        self.drawn = drawn

    def normal(self, shape):
        assert self.drawn.shape == tuple(shape)
        return self.drawn


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """kind -> the pipeline of diffusers, and genlab's model of its folder."""
    made = {}

    def both(kind):
        if kind not in made:
            theirs, folder = pipeline(kind, tmp_path_factory.mktemp(kind))
            cfg = imported_config(composed(f"folder={folder}", verb="import"))
            made[kind] = theirs, build(cfg.model).eval(), folder
        return made[kind][:2]

    both.folder = lambda kind: both(kind) and made[kind][2]
    return both


@pytest.fixture(autouse=True)
def fixed(monkeypatch):
    """Codes are the means of their posteriors, and all noise is the same: theirs draws of other generators."""
    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", lambda self, generator=None: self.mode())
    of_pipelines = "diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion"
    for module in (f"{of_pipelines}_img2img", f"{of_pipelines}_depth2img", "diffusers.schedulers.scheduling_lcm"):
        monkeypatch.setattr(f"{module}.randn_tensor", lambda shape, **_: NOISE)


def off(ours, theirs):
    return float((ours - theirs).abs().max() / theirs.abs().max())


class Case(NamedTuple):
    kind: str
    asked: dict[str, Any]
    """Of genlab's model, beside the words."""
    told: dict[str, Any]
    """To their pipeline, beside words, latents and steps."""


SEEN, ALL = {"image": (PICTURES + 1) / 2}, {"mask_image": BELOW.float(), "strength": 1.0}
GUIDED = {"guidance_scale": 7.5}
DRAWN = {
    "text to image": Case("text", {}, GUIDED),
    "PNDM": Case("pndm", {}, GUIDED),
    "v": Case("v", {}, GUIDED),
    "inpainting": Case("inpaint", {"picture": PICTURES, "mask": BELOW}, {**GUIDED, **SEEN, **ALL}),
    "instructions": Case("instruct", {"picture": PICTURES}, {**GUIDED, **SEEN, "image_guidance_scale": 1.5}),
    "latent consistency": Case("lcm", {"negative_prompt": None}, {"guidance_scale": 8.5, "num_inference_steps": 4}),
}


@pytest.mark.parametrize("case", DRAWN.values(), ids=DRAWN)
def test_the_latents_that_are_drawn(pair, case):
    theirs, model = pair(case.kind)
    words = {key: value for key, value in {**WORDS, **case.asked}.items() if value is not None}
    texts = {key: words[key] for key in WORDS if key in words}
    told = {"num_inference_steps": STEPS, **texts, **case.told}
    expected = theirs(latents=NOISE, output_type="latent", **told).images
    sampler = Sampler(model.sampler.solver, model.sampler.grid, told["num_inference_steps"])
    assert off(drawn(model, sampler, NOISE, **words), expected) < EQUAL


def drawn(model, sampler, x, **asked):
    """The latents that genlab's model ends with."""
    with torch.no_grad():
        denoise = model.guided_denoiser(2, ConditionInput(**asked))
        *_, last = sampler.solved(model.denoiser.process, denoise, x, generator=Given(NOISE))
    return last.x


SAMPLERS = {
    "lms": (LMSDiscreteScheduler, Sampler(LMS(4), Linspace(), STEPS)),
    "dpm": (DPMSolverMultistepScheduler, Sampler(DPMSolver2M(), ButLast(Linspace()), STEPS)),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_other_samplers(pair, name, monkeypatch):
    theirs, model = pair("text")
    scheduler, sampler = SAMPLERS[name]
    monkeypatch.setattr(theirs, "scheduler", scheduler(**BETAS))
    expected = theirs(**WORDS, **GUIDED, latents=NOISE, num_inference_steps=STEPS, output_type="latent").images
    # theirs begins LMS with noise of the level alone: what is left of the signal has none
    level = model.denoiser.process.schedule(torch.tensor(1.0).double()).sigma.float() if name == "lms" else 1.0
    assert off(drawn(model, sampler, NOISE * level, **WORDS), expected) < EQUAL


def test_the_sampler_that_a_folder_names_is_the_one_of_the_run(pair):
    assert "PNDM()" in repr(pair("pndm")[1].sampler)
    assert "Ancestral(eta=0.0), grid=Leading(offset=1, end='first')" in repr(pair("text")[1].sampler)


def image_to_image(model, asked):
    return sdedit(model, PICTURES if asked.picture is None else asked.picture, 0.6, asked, generator=Given(NOISE))


def filled_in(model, asked):
    return inpaint(model, PICTURES, ~BELOW, asked, generator=Given(NOISE), one_noise=True, paste=False)


STORED = np.random.default_rng(1).integers(0, 256, (2, 2 * SIDE, 2 * SIDE, 3), np.uint8)
FILES, WHOLE = [*map(Image.fromarray, STORED)], torch.from_numpy(STORED).permute(0, 3, 1, 2) / 127.5 - 1
WEAK, DEPTH = {**SEEN, "strength": 0.6}, PICTURES[:, 0]
EDITED = {
    "image to image": (StableDiffusionImg2ImgPipeline, image_to_image, Case("text", {}, WEAK)),
    "inpainting by a model that was not trained for it": (
        StableDiffusionInpaintPipeline, filled_in, Case("text", {}, {**SEEN, **ALL, "latents": NOISE}),
    ),
    "depth": (None, image_to_image, Case("depth", {"depth": DEPTH[:, None]}, {**WEAK, "depth_map": DEPTH})),
    "estimated depth": (None, image_to_image, Case("estimated depth", {"picture": WHOLE}, {**WEAK, "image": FILES})),
}  # fmt: skip


@pytest.mark.parametrize(("made_by", "edit", "case"), EDITED.values(), ids=EDITED)
def test_the_pictures_of_an_edit(pair, made_by, edit, case, monkeypatch):
    theirs, model = pair(case.kind)
    if made_by is not None:
        theirs = made_by(**theirs.components, requires_safety_checker=False)
        theirs.set_progress_bar_config(disable=True)
    monkeypatch.setattr(model, "sampler", Sampler(model.sampler.solver, model.sampler.grid, STEPS))
    told = {**WORDS, **GUIDED, "num_inference_steps": STEPS, **case.told}
    expected = theirs(**told, output_type="pt").images
    with torch.no_grad():
        ours = edit(model, ConditionInput(**WORDS, **case.asked))
    assert off((ours + 1) / 2, expected) < EQUAL


def file(folder, name, pixels):
    Image.fromarray(pixels).save(folder / f"{name}.png")
    return Image.open(folder / f"{name}.png")


RANDOM = np.random.default_rng(0).integers(0, 255, (2 * SIDE, 2 * SIDE, 4), np.uint8)
TYPED = {
    "inpaint": (["mask={}/mask.png", "edit.paste=false"], {"mask_image": "mask", "strength": 1.0}),
    "instruct": ([], {"image_guidance_scale": 1.5}),
    "depth": (["depth={}/depth.png", "edit.strength=0.6"], {"depth_map": "depth", "strength": 0.6}),
    "estimated depth": (["edit.strength=0.6"], {"strength": 0.6}),
}


@pytest.mark.parametrize("kind", TYPED)
def test_what_a_person_types_and_the_picture_that_is_written(pair, kind, tmp_path, monkeypatch):
    theirs, model = pair(kind)
    words, told = TYPED[kind]
    mask = np.zeros((2 * SIDE, 2 * SIDE), np.uint8)
    mask[SIDE:] = 255
    files = {"picture": RANDOM[..., :3], "mask": mask, "depth": RANDOM[..., 3]}
    files = {name: file(tmp_path, name, pixels) for name, pixels in files.items()}
    told = {key: files.get(value, value) for key, value in told.items()}
    if kind == "depth":
        told["depth_map"] = torch.from_numpy(RANDOM[None, ..., 3] / 255).float()
    latents = PerImage.range(0, 0, 1).normal((1, 4, SIDE, SIDE))
    depth2img = "diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_depth2img"
    monkeypatch.setattr(f"{depth2img}.randn_tensor", lambda shape, **_: latents)
    given = {} if "depth" in kind else {"latents": latents}
    expected = theirs(
        "a red cat", files["picture"], negative_prompt="low", num_inference_steps=4, guidance_scale=7.5,
        output_type="np", **given, **told,
    ).images[0]  # fmt: skip
    rows = []
    monkeypatch.setattr(grids, "grid", lambda row, *_, **__: rows.append(row) or np.zeros((8, 8, 3), np.uint8))
    assert main(["import", str(pair.folder(kind)), f"paths.output_dir={tmp_path}"]) == 0
    (run,) = Store(tmp_path)
    asked = [f"picture={tmp_path}/picture.png", "prompt=a red cat", "negative_prompt=low", "sampler.steps=4", "n=1"]
    assert main(["edit", f"run={run.path}", *asked, *(word.format(tmp_path) for word in words)]) == 0
    ((original, _, result),) = rows
    assert (np.asarray(original).transpose(1, 2, 0) == RANDOM[..., :3]).all()
    assert abs(np.asarray(result).transpose(1, 2, 0) - expected * 255).max() < 1
    assert to_folder(model, tmp_path / "again") == type(theirs).__name__
    if kind == "estimated depth":
        noted = described(tmp_path / "again")["conditioner"]["conditioners"][1]["estimator"]
        again, own = DepthEstimator(noted["folder"], noted["sha256"]), theirs.depth_estimator.state_dict()
        assert all(torch.equal(value, own[name]) for name, value in again.network.state_dict().items())
