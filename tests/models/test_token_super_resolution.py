"""Fine tokens from coarse ones: what the network sees of the base model, in training and in sampling."""

from functools import partial

import pytest
import torch

from genlab.codecs.levels import Levels
from genlab.conditioning.label import LabelConditioner
from genlab.data.batch import Batch
from genlab.guidance.classifier_free import ClassifierFree
from genlab.models.token_diffusion import TokenDiffusion
from genlab.models.token_super_resolution import TokenSuperResolution
from genlab.networks.token_transformer import TokenTransformer
from genlab.objectives.times import Stratified
from genlab.objectives.tokens import MaskedTokens
from genlab.processes.masking import Masking
from genlab.processes.share import Cosine
from genlab.randomness import PerImage
from genlab.samplers.confidence import Confidence
from genlab.samplers.grids import Even
from genlab.samplers.sampler import Sampler


class Corners(Levels):
    """One pixel of four."""

    def __init__(self, size):
        super().__init__(1, size, 4)
        self.shape = (1, size // 2, size // 2)

    def encode(self, x):
        return super().encode(x)[..., ::2, ::2]


def choices(codec):
    network = partial(TokenTransformer, width=16, depth=1, heads=2)
    return {
        "network": network, "process": partial(Masking, schedule=Cosine()), "codec": codec,
        "objective": MaskedTokens(Stratified()), "conditioner": LabelConditioner(2, 0.1),
        "sampler": Sampler(Confidence(), Even(), 2), "guidance": ClassifierFree(2.0),
        "optimizer": partial(torch.optim.Adam, lr=1e-2),
    }  # fmt: skip


def made(size=4):
    torch.manual_seed(0)
    return TokenSuperResolution(TokenDiffusion(**choices(Corners(size))), **choices(Levels(1, 4, 4))).eval()


def seen_by(model):
    """The coarse tokens that the network of fine ones is told, call after call."""
    seen = []
    model.denoiser.network.register_forward_pre_hook(lambda module, given: seen.append(given[2].channels))
    return seen


def streams(n):
    return PerImage.range(0, 0, n)


def test_samples_go_by_the_tokens_that_the_base_model_draws_with_and_without_a_label():
    model = made()
    seen, label = seen_by(model), torch.tensor([0, 1, 1])
    drawn = model.sample(3, label, generator=streams(3))
    coarse = model.base.sample_codes(3, label, generator=streams(3))
    coarse = coarse.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert drawn.shape == (3, 1, 4, 4)
    assert all(torch.equal(beside, torch.cat([coarse, coarse])) for beside in seen)  # guidance: given and null
    assert torch.equal(drawn[:1], model.sample(1, label[:1], generator=streams(1)))


def test_training_goes_by_the_tokens_of_the_data_and_leaves_the_base_as_it_is():
    model, x = made().train(), torch.rand(4, 1, 4, 4) * 2 - 1
    seen = seen_by(model)
    assert not model.base.training
    model.loss(Batch(x, torch.tensor([0, 1, 0, 1])))["loss"].backward()
    fine = Levels(1, 4, 4).encode(x)
    assert torch.equal(seen[0][..., ::2, ::2], fine[..., ::2, ::2])
    assert model.denoiser.network.coarse[0].weight.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in model.base.parameters())


def test_what_cannot_be_is_said_in_one_sentence():
    with pytest.raises(ValueError, match=r"maps of 4x4 tokens, and first_stages.base of 3x3: each side"):
        made(6)
    with pytest.raises(ValueError, match="must be a model of tokens, such as model=muse, not Linear"):
        TokenSuperResolution(torch.nn.Linear(1, 1), **choices(Levels(1, 4, 4)))
    with pytest.raises(ValueError, match="the coarse ones that its base model draws: edit that one"):
        made().guided_denoiser(1)
