"""Folders of diffusers' pipelines with tiny networks of random weights, made from config objects alone."""

from __future__ import annotations

import json

import torch
from diffusers.models import AutoencoderKL, UNet2DConditionModel
from diffusers.pipelines import (
    LatentConsistencyModelPipeline,
    StableDiffusionDepth2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionInstructPix2PixPipeline,
    StableDiffusionPipeline,
)
from diffusers.schedulers import DDIMScheduler, LCMScheduler, PNDMScheduler

BETAS = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
WORDS = ("a", "red", "blue", "cat", "dog", "on", "hat", "low", "bad")
SIDE, LENGTH = 16, 12
"""Of a map, and tokens of a text. A picture has twice the side."""


def text_parts(folder):
    """A tokenizer whose words are letters of pairs that `folder` lists, and a text tower for it."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    folder.mkdir(parents=True)
    merges = [f"{word[:i]} {word[i]}{'</w>' * (i == len(word) - 1)}" for word in WORDS for i in range(1, len(word))]
    letters = sorted({letter for word in WORDS for letter in word})
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), *(merge.replace(" ", "") for merge in merges)]
    tokens = [*dict.fromkeys(tokens), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *dict.fromkeys(merges)]))
    tokenizer = CLIPTokenizer.from_pretrained(str(folder), model_max_length=LENGTH)
    torch.manual_seed(0)
    config = CLIPTextConfig(
        vocab_size=len(tokens), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=LENGTH, bos_token_id=len(tokens) - 2, eos_token_id=len(tokens) - 1,
        pad_token_id=len(tokens) - 1,
    )  # fmt: skip
    return tokenizer, CLIPTextModel(config).eval()


def unet(in_channels=4, **more):
    torch.manual_seed(1)
    return UNet2DConditionModel(
        sample_size=SIDE, in_channels=in_channels, out_channels=4, block_out_channels=(16, 32), layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=32, norm_num_groups=8, attention_head_dim=2, **more,
    ).eval()  # fmt: skip


def vae():
    torch.manual_seed(2)
    return AutoencoderKL(
        in_channels=3, out_channels=3, down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2, block_out_channels=(8, 16), norm_num_groups=8, latent_channels=4,
        sample_size=2 * SIDE, scaling_factor=0.18215,
    ).eval()  # fmt: skip


def ddim(**more):
    return DDIMScheduler(**BETAS, clip_sample=False, steps_offset=1, set_alpha_to_one=False, **more)


def depth_parts():
    """A network that estimates depths, and what makes its input of pictures."""
    from transformers import DPTConfig, DPTForDepthEstimation, DPTImageProcessor

    torch.manual_seed(3)
    config = DPTConfig(
        hidden_size=16, num_hidden_layers=4, num_attention_heads=2, intermediate_size=32, image_size=24, patch_size=8,
        backbone_out_indices=[0, 1, 2, 3], neck_hidden_sizes=[4, 4, 8, 8], fusion_hidden_size=8,
        initializer_range=0.2,
    )  # fmt: skip
    processor = DPTImageProcessor(size={"height": 24, "width": 24}, image_mean=[0.5] * 3, image_std=[0.5] * 3)
    return {"depth_estimator": DPTForDepthEstimation(config).eval(), "feature_extractor": processor}


UNCHECKED = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
KINDS = {
    "text": (StableDiffusionPipeline, {}, ddim, UNCHECKED),
    "v": (StableDiffusionPipeline, {}, lambda: ddim(prediction_type="v_prediction"), UNCHECKED),
    "pndm": (
        StableDiffusionPipeline, {},
        lambda: PNDMScheduler(**BETAS, skip_prk_steps=True, steps_offset=1, set_alpha_to_one=False), UNCHECKED,
    ),
    "inpaint": (StableDiffusionInpaintPipeline, {"in_channels": 9}, ddim, UNCHECKED),
    "depth": (
        StableDiffusionDepth2ImgPipeline, {"in_channels": 5}, ddim, {"depth_estimator": None, "feature_extractor": None}
    ),
    "estimated depth": (StableDiffusionDepth2ImgPipeline, {"in_channels": 5}, ddim, depth_parts),
    "instruct": (StableDiffusionInstructPix2PixPipeline, {"in_channels": 8}, ddim, UNCHECKED),
    "lcm": (LatentConsistencyModelPipeline, {"time_cond_proj_dim": 16}, lambda: LCMScheduler(**BETAS), UNCHECKED),
}  # fmt: skip


def pipeline(kind, folder):
    """A pipeline of one of the KINDS, saved in a folder."""
    made_by, network, scheduler, rest = KINDS[kind]
    tokenizer, tower = text_parts(folder / "words")
    made = made_by(
        vae=vae(), text_encoder=tower, tokenizer=tokenizer, unet=unet(**network), scheduler=scheduler(),
        **(rest() if callable(rest) else rest),
    )  # fmt: skip
    made.set_progress_bar_config(disable=True)
    made.save_pretrained(folder / kind)
    return made, folder / kind
