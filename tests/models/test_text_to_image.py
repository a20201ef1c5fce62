"""Text to image in latent maps: what is asked for by name, negative prompts, other sizes, edits of pictures."""

import pytest
import torch

from genlab.conditions import ConditionInput
from genlab.editing.inpaint import inpaint
from genlab.editing.sdedit import sdedit
from genlab.protocols import DrawsSizes
from genlab.randomness import PerImage
from tiny_text_to_image import text_to_image

RED, BLUE = "a red critter with a hat", "a blue one"


@pytest.fixture(scope="module")
def model():
    return text_to_image()


@torch.no_grad()
def drawn(model, n, condition=None, start=0, **words):
    return model.sample(n, condition, generator=PerImage.range(7, start, start + n), **words)


def test_a_prompt_may_be_a_text_or_several_with_a_name_or_without(model):
    both = drawn(model, 2, [RED, BLUE])
    assert torch.equal(drawn(model, 2, ConditionInput(prompt=[RED, BLUE])), both)
    assert torch.equal(drawn(model, 2, prompt=[RED, BLUE]), both)
    assert torch.equal(drawn(model, 2, prompt=RED), drawn(model, 2, RED))
    assert torch.equal(drawn(model, 2, RED), drawn(model, 2, [RED, RED]))
    assert not torch.equal(drawn(model, 2, RED), drawn(model, 2, BLUE))


def test_a_picture_depends_on_its_number_and_its_prompt_alone(model):
    """Whatever the size of the batch, and however long the others' prompts are."""
    together = drawn(model, 3, [RED, BLUE, RED])
    for i, prompt in enumerate([RED, BLUE, RED]):
        torch.testing.assert_close(drawn(model, 1, prompt, start=i)[0], together[i], rtol=0, atol=1e-5)


def test_a_negative_prompt_takes_the_place_of_none(model):
    plain = drawn(model, 2, RED)
    assert torch.equal(drawn(model, 2, RED, negative_prompt=""), plain)
    assert not torch.equal(drawn(model, 2, RED, negative_prompt="a hat"), plain)
    same, conditional = drawn(model, 2, RED, negative_prompt=RED), drawn(text_to_image(scale=1.0), 2, RED)
    torch.testing.assert_close(same, conditional, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"promt": RED}, "a sample is not asked for by 'promt'; did you mean 'prompt'"),
        ({"colour": RED}, "a sample is not asked for by 'colour'; what can be asked for is label, prompt, "),
        ({"label": 3}, "this model cannot be asked for a label, only for a prompt and a negative prompt"),
        ({"prompt": [RED] * 3}, "2 samples need 2 prompts, got 3"),
        ({"size": (16, 18)}, r"size = 16x18 must be multiples of 4, such as 16x16: a cell of the codec has 2 pixels"),
        ({"size": 2}, "size = 2x2 must be multiples of 4, such as 4x4"),
    ],
)
def test_what_a_model_cannot_be_asked_for_is_one_sentence(model, words, sentence):
    with pytest.raises(ValueError, match=sentence):
        drawn(model, 2, **words)
    with pytest.raises(ValueError, match="prompt is asked for twice"):
        drawn(model, 2, RED, prompt=BLUE)


@pytest.mark.parametrize(
    ("dropout", "sentence"),
    [
        (0.1, "only guidance looks at a negative prompt, and there is none here"),
        (0.0, "a negative prompt needs a model trained with conditioner.dropout greater than 0"),
    ],
)
def test_a_negative_prompt_without_guidance_is_refused_and_not_ignored(dropout, sentence):
    unguided = text_to_image(1.0, dropout=dropout)
    with pytest.raises(ValueError, match=sentence):
        drawn(unguided, 2, RED, negative_prompt="a hat")
    assert drawn(unguided, 2, RED).shape == (2, 3, 16, 16)


def test_pictures_of_other_sizes_and_of_the_trained_one(model):
    assert isinstance(model, DrawsSizes)
    assert torch.equal(drawn(model, 2, RED, size=16), drawn(model, 2, RED))
    assert drawn(model, 2, RED, size=(24, 8)).shape == (2, 3, 24, 8)
    shown, clean = model.denoising_trajectory(2, 3, RED, generator=PerImage.range(0, 0, 2), size=(8, 16))
    assert shown.shape == clean.shape == (3, 2, 3, 8, 16)


@pytest.mark.parametrize("eta", [0.0, 1.0])
@torch.no_grad()
def test_at_strength_1_image_to_image_is_text_to_image_and_so_is_filling_everything_in(eta):
    model, x = text_to_image(eta=eta), torch.rand(2, 3, 16, 16) * 2 - 1
    sample = drawn(model, 2, RED)
    assert torch.equal(sdedit(model, x, 1.0, [RED] * 2, generator=PerImage.range(7, 0, 2)), sample)
    nothing = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    assert torch.equal(inpaint(model, x, nothing, [RED] * 2, generator=PerImage.range(7, 0, 2)), sample)


@torch.no_grad()
def test_what_is_not_to_be_filled_in_stays_as_it_is_though_the_codec_is_lossy(model):
    x, known = torch.rand(2, 3, 16, 16) * 2 - 1, torch.rand(1, 1, 16, 16) < 0.8
    filled = inpaint(model, x, known, [RED] * 2, generator=PerImage.range(7, 0, 2))
    assert torch.equal(filled[known.expand_as(x)], x[known.expand_as(x)])
    assert not torch.equal(model.codec.decode(model.codec.encode(x)), x)
    other = inpaint(model, x, known, [BLUE] * 2, generator=PerImage.range(7, 0, 2))
    assert not torch.equal(filled, other)
