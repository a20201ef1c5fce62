"""Token models over pixels in few levels and over codes: what they promise, and what they refuse."""

from functools import partial

import pytest
import torch
from torch import nn

from composing import composed
from genlab.cli import main
from genlab.codecs.levels import Levels
from genlab.codecs.vq import VQCodes
from genlab.conditioning.label import LabelConditioner
from genlab.conditioning.unconditional import Unconditional
from genlab.config.check import check
from genlab.data.batch import Batch
from genlab.editing.inpaint import inpaint
from genlab.editing.sdedit import SDEdit
from genlab.errors import ConfigError
from genlab.guidance.classifier_free import ClassifierFree
from genlab.guidance.unguided import Unguided
from genlab.models.token_diffusion import TokenDiffusion
from genlab.models.vqvae import VQVAE
from genlab.networks.paella_unet import PaellaUNet
from genlab.networks.quantizer import ResidualQuantizer
from genlab.networks.residual import ResidualAutoencoder
from genlab.networks.token_transformer import TokenTransformer
from genlab.objectives.times import Stratified
from genlab.objectives.tokens import AllTokens, MaskedTokens
from genlab.processes.masking import Masking
from genlab.processes.share import Cosine, Linear
from genlab.processes.uniform_tokens import UniformTokens
from genlab.protocols import Counted, DrawsCodes, Samples, ShowsDenoising
from genlab.randomness import PerImage
from genlab.samplers.confidence import Confidence
from genlab.samplers.grids import Even
from genlab.samplers.sampler import Sampler
from genlab.samplers.token_renoising import TokenRenoising

adam = partial(torch.optim.Adam, lr=1e-2)


def codes_of_a_vqvae():
    torch.manual_seed(0)
    network = ResidualAutoencoder(1, 8, 4, width=8, levels=1, blocks=1, inner=4)
    return VQCodes(VQVAE(network, partial(ResidualQuantizer, 2), adam, num_embeddings=8))


def maskgit(codec=None, steps=4, guidance=None, dropout=0.0, classes=2, awake=True):
    torch.manual_seed(0)
    network = partial(TokenTransformer, width=16, depth=1, heads=2)
    conditioner = LabelConditioner(classes, dropout) if classes else Unconditional()
    model = TokenDiffusion(
        network, partial(Masking, schedule=Cosine()), codec or Levels(1, 4, 4), MaskedTokens(Stratified()), conditioner,
        Sampler(Confidence(), Even(), steps), guidance or Unguided(), adam,
    )  # fmt: skip
    return awakened(model.eval()) if awake else model.eval()


def paella(codec=None, awake=True):
    torch.manual_seed(0)
    network = partial(PaellaUNet, width=8, blocks=1)
    model = TokenDiffusion(
        network, partial(UniformTokens, schedule=Linear()), codec or Levels(1, 4, 4), AllTokens(Stratified()),
        LabelConditioner(2), Sampler(TokenRenoising(), Even(), 4), Unguided(), adam,
    )  # fmt: skip
    return awakened(model.eval()) if awake else model.eval()


def awakened(model):
    """With weights in place of the zeros that layers begin with."""
    for parameter in model.denoiser.network.parameters():
        nn.init.normal_(parameter, std=0.3)
    return model


def streams(n):
    return PerImage.range(0, 0, n)


@pytest.mark.parametrize("make", [maskgit, paella])
@pytest.mark.parametrize("codec", [None, codes_of_a_vqvae], ids=["levels", "codes"])
def test_it_does_what_its_protocols_say(make, codec):
    model, side = make(codec and codec()), 8 if codec else 4
    assert all(isinstance(model, kind) for kind in (Samples, Counted, DrawsCodes, ShowsDenoising))
    drawn = model.sample(3, generator=streams(3))
    assert drawn.shape == (3, 1, side, side)
    assert torch.equal(drawn, model.decode(model.sample_codes(3, generator=streams(3))))
    assert torch.equal(drawn[:1], model.sample(1, generator=streams(1)))
    seen, clean = model.denoising_trajectory(2, 3, generator=streams(2))
    assert seen.shape == clean.shape == (3, 2, 1, side, side)
    assert model.nll(drawn, torch.tensor([0, 1, 0])).shape == (3,)
    assert model.dimensions(drawn) == (32 if codec else 16)


@pytest.mark.parametrize("make", [maskgit, paella])
def test_it_learns_two_patterns_and_which_class_each_is_of(make):
    model, patterns = make(awake=False), torch.stack([torch.eye(4), 1 - torch.eye(4)])[:, None] * 2 - 1
    label = torch.arange(64) % 2
    optimizer = torch.optim.Adam(model.denoiser.parameters(), lr=1e-2)
    torch.manual_seed(0)
    for _ in range(150):
        optimizer.zero_grad()
        model.loss(Batch(patterns[label], label))["loss"].backward()
        optimizer.step()
    right = (model.sample(32, generator=streams(32)) - patterns[torch.arange(32) % 2]).abs().flatten(1).amax(1) < 0.01
    assert float(right.float().mean()) > 0.85
    nats = model.nll(patterns, torch.tensor([0, 1])).mean()
    assert float(nats) < float(model.nll(patterns, torch.tensor([1, 0])).mean()) - 3


def test_only_the_second_stage_is_trained():
    model = maskgit(codes_of_a_vqvae())
    trained = {id(p) for group in model.configure_optimizers().param_groups for p in group["params"]}
    assert trained == {id(p) for p in model.denoiser.network.parameters()}


def test_guidance_of_scale_one_is_the_conditional_model():
    plain = maskgit(dropout=0.1).sample(4, generator=streams(4))
    assert torch.equal(maskgit(dropout=0.1, guidance=ClassifierFree(1.0)).sample(4, generator=streams(4)), plain)
    assert not torch.equal(maskgit(dropout=0.1, guidance=ClassifierFree(4.0)).sample(4, generator=streams(4)), plain)


@pytest.mark.parametrize("steps", [1, 4])
def test_known_tokens_never_change_and_are_seen_from_the_first_step_on(steps):
    model, x = maskgit(steps=steps), torch.rand(5, 1, 4, 4) * 2 - 1
    known = torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    known[..., :2] = True
    seen = []
    network = model.denoiser.network
    network.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    filled = inpaint(model, x, known, generator=streams(5))
    tokens = model.codec.encode(x)
    assert torch.equal(filled[..., :2], x[..., :2])
    assert len(seen) == steps
    assert all(torch.equal(x_t[..., :2], tokens[..., :2]) for x_t in seen)
    assert bool((seen[0][..., 2:] == 4).all())
    assert bool((model.codec.encode(filled) < 4).all())


def test_random_tokens_are_filled_in_too():
    x, known = torch.rand(3, 1, 4, 4) * 2 - 1, torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    known[..., :2] = True
    assert torch.equal(inpaint(paella(), x, known, generator=streams(3))[..., :2], x[..., :2])


def test_a_picture_is_varied_by_hiding_some_of_it():
    x = (torch.rand(1, 1, 4, 4) * 2 - 1).expand(4, 1, 4, 4)
    edited = SDEdit(strength=0.25)(maskgit(), x, generator=streams(4))
    assert edited.given is None
    same = (maskgit().codec.encode(edited.results) == maskgit().codec.encode(x)).float().mean()
    assert 0.5 < float(same) < 1


def test_what_cannot_be_is_said_in_one_sentence():
    with pytest.raises(ValueError, match=r"sampler.steps=17 must not exceed the 16 tokens"):
        maskgit(steps=17)
    with pytest.raises(ValueError, match=r"4 is no token of this model: they are 0 to 3"):
        maskgit().decode(torch.full((1, 1, 4, 4), 4))
    with pytest.raises(ValueError, match=r"edit.one_noise=true: tokens have no noise"):
        inpaint(maskgit(), torch.zeros(1, 1, 4, 4), torch.ones(1, 1, 4, 4, dtype=torch.bool), one_noise=True)
    with pytest.raises(ValueError, match="codec=vq needs a VQ-VAE for a first stage: Linear gives no codes"):
        VQCodes(nn.Linear(1, 1))
    with pytest.raises(ValueError, match=r"network.levels=4 are too many for a map of 4x4"):
        PaellaUNet((1, 4, 4), 4, levels=4)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["model=maskgit", "sampler=ddim"],
            "sampler: Ancestral does not undo masked tokens, .* take sampler=confidence",
        ),
        (["model=paella", "sampler=unmask"], "sampler: Unmask does not undo random tokens, .* sampler=token_renoising"),
        (["model=ddpm", "sampler=unmask"], "sampler: Unmask undoes masked tokens, and this model has none"),
        (
            ["model=paella", "objective=masked"],
            "objective: MaskedTokens does not train on random tokens: .*=all_tokens",
        ),
    ],
)
def test_what_does_not_go_together_is_one_sentence(words, sentence):
    with pytest.raises(ConfigError, match=sentence):
        check(composed("dataset=digits", *words))


def test_a_first_stage_without_codes_is_refused_before_it_is_trained(tmp_path, capsys):
    words = ["experiment=tokens/maskgit_digits", "first_stage.experiment=autoencoder/cvae_digits"]
    assert main(["train", *words, f"paths.output_dir={tmp_path}"]) == 2
    assert "codec=vq takes the codes of a VQ-VAE, and the first stage is a VAE: give" in capsys.readouterr().err
