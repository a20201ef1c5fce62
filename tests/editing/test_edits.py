"""Edits of pictures by a model that is exact: inpainting, SDEdit, inversion there and back."""

from dataclasses import dataclass, field

import pytest
import torch

from genlab.codecs.identity import Identity
from genlab.codecs.rescale import Rescale
from genlab.conditioning.condition import Condition
from genlab.conditions import ConditionInput, ConditionTensors
from genlab.editing.inpaint import inpaint
from genlab.editing.inversion import Inversion, generate, invert
from genlab.editing.sdedit import SDEdit, sdedit
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.randomness import PerImage
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.grids import Even, Leading
from genlab.samplers.nonmonotone_grids import Jumps
from genlab.samplers.renoising import Renoising
from genlab.samplers.sampler import Sampler
from oracles import MixtureData

PROCESS = Gaussian(Linear())
PICTURES = torch.stack([torch.full((4,), -0.8), torch.full((4,), 0.8)])
"""Flat pictures of 2 x 2, dark or bright."""


@dataclass
class Flat:
    """Dark and bright pictures, exactly denoised; a label names one of them."""

    sampler: Sampler
    codec: object = field(default_factory=Identity)
    std: float = 0.1

    @property
    def denoiser(self):
        return self

    process = PROCESS

    def guided_denoiser(self, n, condition=None, clipped=True):
        wanted = None if condition is None else Condition(ConditionTensors(pooled=torch.eye(2)[condition]))

        def denoise(x, t):
            means = PICTURES[:, :1].to(x.dtype).expand(2, x[0].numel())
            mixture = MixtureData(PROCESS, means, torch.tensor([0.5, 0.5]), self.std)
            flat = mixture(x.flatten(1), t, wanted)
            return type(flat)(x, flat.x0.reshape(x.shape), PROCESS.scales(x, t))

        return denoise


def pictures(n):
    generator = torch.Generator().manual_seed(1)
    return PICTURES[torch.arange(n) % 2].reshape(n, 1, 2, 2) + 0.1 * torch.randn(n, 1, 2, 2, generator=generator)


LEFT = torch.tensor([[[[True, False], [True, False]]]])


def test_inpainting_keeps_the_known_pixels_and_continues_them():
    x = pictures(40)
    model = Flat(Sampler(Renoising(Ancestral(1.0)), Jumps(Leading(), 10, 3), 100))
    filled = inpaint(model, x, LEFT, generator=torch.Generator().manual_seed(0))
    assert torch.equal(filled[..., 0], x[..., 0])
    assert float((filled[..., 1].mean((1, 2)).sign() == x[..., 0].mean((1, 2)).sign()).float().mean()) > 0.9


def test_the_known_pixels_come_back_through_the_codec():
    x = pictures(4)
    filled = inpaint(Flat(Sampler(Ancestral(1.0), Leading(), 10), Rescale(0, 1)), x, LEFT)
    assert torch.allclose(filled[..., 0], x[..., 0], atol=1e-6)


def test_a_mask_of_the_wrong_size_is_refused_before_any_sampling():
    with pytest.raises(ValueError, match=r"a mask of shape \(1, 1, 3, 3\) does not fit data of shape \(2, 1, 2, 2\)"):
        inpaint(Flat(Sampler(Ancestral(1.0), Leading(), 10)), pictures(2), torch.ones(1, 1, 3, 3))


def test_a_weak_edit_keeps_the_picture_and_a_strong_one_forgets_it():
    x, model = pictures(200), Flat(Sampler(Ancestral(1.0), Leading(), 50))

    def kept(strength):
        edited = sdedit(model, x, strength, generator=torch.Generator().manual_seed(0))
        return float((edited.mean((1, 2, 3)).sign() == x.mean((1, 2, 3)).sign()).float().mean())

    assert kept(0.1) > 0.99
    assert kept(1.0) < 0.65
    with pytest.raises(ValueError, match=r"strength=0 must be in \(0, 1\]"):
        sdedit(model, x, 0)


class Blocks:
    """Maps of half the size, each cell the mean of four pixels: what is lost does not come back by decoding."""

    shape, dtype, of_pixels, factor = (1, 1, 1), torch.float32, False, 2

    def encode(self, x):
        return torch.nn.functional.avg_pool2d(x, 2)

    def decode(self, z):
        return z.repeat_interleave(2, -1).repeat_interleave(2, -2)


def drawn(model, shape, streams):
    """A sample of the model, without any picture."""
    *_, last = model.sampler(model.process, model.guided_denoiser(shape[0]), shape, generator=streams)
    return model.codec.decode(last.x)


@pytest.mark.parametrize("solver", [Ancestral(0.0), Ancestral(1.0)])
@pytest.mark.parametrize(("codec", "shape"), [(Identity(), (4, 1, 4, 4)), (Blocks(), (4, 1, 2, 2))])
def test_what_leaves_nothing_of_the_picture_is_a_sample_bit_for_bit(solver, codec, shape):
    """SDEdit at strength 1, and inpainting where everything is to be filled in: also if each cell has a gap."""
    model, x = Flat(Sampler(solver, Leading(), 5), codec), torch.rand(4, 1, 4, 4) * 2 - 1
    sample = drawn(model, shape, PerImage.range(3, 0, 4))
    assert torch.equal(sdedit(model, x, 1.0, generator=PerImage.range(3, 0, 4)), sample)
    assert not torch.equal(sdedit(model, x, 0.8, generator=PerImage.range(3, 0, 4)), sample)
    nothing = torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    for one_noise in (False, True):
        filled = inpaint(model, x, nothing, generator=PerImage.range(3, 0, 4), one_noise=one_noise)
        assert torch.equal(filled, sample)
    gaps = torch.ones(1, 1, 4, 4, dtype=torch.bool)
    gaps[..., ::2, 1::2] = False
    if isinstance(codec, Blocks):
        filled = inpaint(model, x, gaps, generator=PerImage.range(3, 0, 4))
        assert torch.equal(filled, torch.where(gaps, x, sample))


@pytest.mark.parametrize("codec", [Identity(), Rescale(0, 1), Blocks()])
def test_outside_the_mask_no_pixel_changes_and_where_nothing_is_to_be_filled_in_none_at_all(codec):
    model, x = Flat(Sampler(Ancestral(1.0), Leading(), 5), codec), torch.rand(4, 1, 4, 4) * 2 - 1
    known = torch.rand(4, 1, 4, 4) < 0.7
    filled = inpaint(model, x, known)
    assert torch.equal(filled[known], x[known])
    assert not torch.equal(filled, x)
    assert torch.equal(inpaint(model, x, torch.ones_like(known)), x)


@pytest.mark.parametrize(("strength", "taken"), [(0.01, 1), (0.2, 8), (0.675, 27), (1.0, 40)])
def test_it_says_how_many_of_the_steps_it_took(strength, taken):
    model = Flat(Sampler(Ancestral(0.0), Leading(), 40))
    assert SDEdit(strength)(model, pictures(2)).steps == (taken, 40)


@pytest.mark.parametrize(("strength", "grid"), [(0.2, 200), (0.6, 67), (1.0, 40)])
def test_exact_steps_are_as_many_as_the_samplers_and_begin_at_the_same_noise(strength, grid):
    model, x = Flat(Sampler(Ancestral(0.0), Even(), 40)), pictures(2)
    assert SDEdit(strength, "exact")(model, x).steps == (40, grid)
    share, exact = (SDEdit(strength, how)(model, x, generator=PerImage.range(0, 0, 2)) for how in ("share", "exact"))
    assert torch.allclose(share.given, exact.given, atol=0.02)  # x at times 1 / grid apart at most
    assert torch.equal(share.results, exact.results) is (strength == 1)


def test_a_finer_grid_than_there_were_steps_in_training_is_refused():
    model = Flat(Sampler(Ancestral(0.0), Leading(), 40))
    with pytest.raises(ValueError, match=r"edit\.steps=exact takes the last of 2000 steps here: sampler\.steps=2000"):
        sdedit(model, pictures(2), 0.02, steps="exact")


class Worded(Flat):
    """It is told by the words "dark" and "bright"."""

    def guided_denoiser(self, n, condition=None, clipped=True):
        labels = torch.tensor([["dark", "bright"].index(word) for word in condition.prompt])
        return super().guided_denoiser(n, labels, clipped)


def test_the_same_prompt_gives_the_picture_again_and_another_one_another_picture():
    x, model = pictures(1).double(), Worded(Sampler(Ancestral(0.0), Leading(), 20), std=0.5)
    for to_prompt in ("dark", "bright"):
        results = Inversion(20, to_prompt=to_prompt)(model, x, ConditionInput(prompt=["dark"])).results
        assert torch.allclose(results[0], x[0], atol=1e-3)
        assert torch.equal(results[1], results[0]) is (to_prompt == "dark")
    assert float(results[1].mean()) > 0.5


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"to": 1}, "edit.to = 1: this model is not conditioned on classes"),
        ({"to_prompt": "bright"}, "edit.to_prompt = bright: this model does not go by texts"),
    ],
)
def test_a_model_cannot_be_asked_for_what_it_does_not_go_by(asked, said):
    with pytest.raises(ValueError, match=said):
        Inversion(**asked)(Flat(Sampler(Ancestral(0.0), Leading(), 5)), pictures(1))


def test_inversion_there_and_back_is_exact_with_enough_iterations():
    x, model = pictures(6).double(), Flat(Sampler(Ancestral(0.0), Leading(), 50), std=0.5)
    errors = {n: float((generate(model, invert(model, x, iterations=n)) - x).abs().max()) for n in (1, 3, 40)}
    assert errors[40] < 1e-6
    assert errors[40] < errors[3] < errors[1] < 0.3


def test_inverted_noise_is_standard_normal():
    torch.manual_seed(0)
    x = PICTURES[torch.arange(2000) % 2].reshape(-1, 1, 2, 2) + 0.5 * torch.randn(2000, 1, 2, 2)
    noise = invert(Flat(Sampler(Ancestral(0.0), Leading(), 100), std=0.5), x, iterations=3)
    assert float(noise.mean()) == pytest.approx(0.0, abs=0.05)
    assert float(noise.std()) == pytest.approx(1.0, abs=0.1)


def test_another_label_makes_another_picture_of_the_same_noise():
    x = pictures(10)
    model = Flat(Sampler(Ancestral(0.0), Leading(), 50))
    label = torch.arange(10) % 2
    other = generate(model, invert(model, x, label), 1 - label)
    assert torch.equal(other.mean((1, 2, 3)).sign(), -x.mean((1, 2, 3)).sign())
