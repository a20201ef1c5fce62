"""Texts as conditions: who gets which text, and what stands for none."""

import warnings

import pytest
import torch

from genlab.conditioning.condition import Condition, of_input
from genlab.conditioning.text import TextConditioner
from genlab.conditions import ConditionInput, as_input
from genlab.data.batch import Batch
from genlab.guidance.classifier_free import ClassifierFree
from genlab.notice import Notice
from genlab.texts.clip_small import ClipSmall

from .test_every_condition import denoiser

TEXTS = ["a red cat", "a blue dog with a hat", "a red cat", "dog"]
BATCH = Batch(torch.zeros(4, 1, 4, 4), caption=TEXTS)


def made(dropout=0.5, **settings):
    torch.manual_seed(0)
    return TextConditioner(ClipSmall(16, 1, 2, 12), dropout, **settings)


@pytest.fixture(params=["empty", "zeros"])
def null(request):
    return request.param


@pytest.fixture(params=[False, True])
def attend_padding(request):
    return request.param


def test_the_captions_of_a_batch_are_what_a_person_would_ask_for(null, attend_padding):
    conditioner = made(null=null, attend_padding=attend_padding).eval()
    of_data, of_person = conditioner(BATCH), conditioner.from_input(4, TEXTS)
    for a, b in zip((*of_data.given, *of_data.null), (*of_person.given, *of_person.null), strict=True):
        assert (a is None) == (b is None)
        assert a is None or torch.equal(a, b)


def test_a_text_does_not_depend_on_the_others_of_its_batch(attend_padding):
    conditioner = made(attend_padding=attend_padding)
    together = conditioner.from_input(4, TEXTS).given
    for i, text in enumerate(TEXTS):
        alone = conditioner.from_input(1, text).given
        n = int(conditioner.text([text]).mask.sum())
        torch.testing.assert_close(together.tokens[i, :n], alone.tokens[0, :n], atol=1e-6, rtol=0)
        torch.testing.assert_close(together.pooled[i], alone.pooled[0], atol=1e-6, rtol=0)
        assert attend_padding or not together.mask[i, n:].any()
    assert (together.mask is None) == attend_padding
    assert not attend_padding or together.tokens.shape[1] == alone.tokens.shape[1] == 12


def test_the_same_null_is_learnt_and_sampled_with(null, attend_padding):
    conditioner = made(null=null, attend_padding=attend_padding)
    dropped = [condition.given.pooled[condition.dropped] for condition in (conditioner(BATCH) for _ in range(8))]
    learnt, sampled = torch.cat(dropped), conditioner.from_input(1, "cat").null.pooled
    expected = conditioner.text([""]).pooled if null == "empty" else torch.zeros(1, 16)
    assert len(learnt)
    torch.testing.assert_close(sampled, expected)
    torch.testing.assert_close(learnt, expected.expand_as(learnt), atol=1e-6, rtol=0)


def test_without_a_prompt_nothing_is_asked_for(null):
    condition = made(null=null).from_input(2, None)
    torch.testing.assert_close(condition.given.pooled, condition.null.pooled)


def test_dropout_is_drawn_from_the_generator():
    conditioner = made()
    draws = [conditioner(BATCH, torch.Generator().manual_seed(3)).dropped for _ in range(2)]
    assert torch.equal(*draws)
    assert conditioner.eval()(BATCH).dropped is None


def guided(conditioner, asked, scale):
    network = denoiser()
    condition = of_input(conditioner, 4, asked, None)
    x, t = torch.linspace(-1, 1, 64).reshape(4, 1, 4, 4), torch.tensor(0.5).double()
    return ClassifierFree(scale)(network)(x, t, condition).x0, network(x, t, Condition(condition.given)).x0


@torch.no_grad()
@pytest.mark.parametrize("scale", [0.0, 1.0, 3.0, 8.0])
def test_a_negative_prompt_that_is_the_prompt_leaves_the_conditional_estimate(scale):
    conditioner = made().eval()
    estimate, conditional = guided(conditioner, ConditionInput(prompt=TEXTS, negative_prompt=TEXTS), scale)
    torch.testing.assert_close(estimate, conditional, atol=1e-5, rtol=0)


@torch.no_grad()
def test_an_empty_negative_prompt_is_plain_guidance_and_another_one_is_not():
    conditioner = made().eval()
    torch.manual_seed(1)
    plain, _ = guided(conditioner, as_input(TEXTS), 3.0)
    torch.manual_seed(1)
    empty, _ = guided(conditioner, ConditionInput(prompt=TEXTS, negative_prompt=[""]), 3.0)
    torch.manual_seed(1)
    other, _ = guided(conditioner, ConditionInput(prompt=TEXTS, negative_prompt=["a dog"]), 3.0)
    assert torch.equal(plain, empty)
    assert not torch.allclose(plain, other)


def test_a_negative_prompt_takes_the_place_of_zeros_too():
    conditioner = made(null="zeros")
    condition = conditioner.from_input(4, ConditionInput(prompt=TEXTS, negative_prompt=["dog"]))
    torch.testing.assert_close(condition.null.pooled, conditioner.text(["dog"]).pooled.expand(4, -1))


def test_a_negative_prompt_needs_a_model_that_knows_no_text():
    with pytest.raises(ValueError, match=r"a negative prompt needs a model trained with conditioner\.dropout"):
        made(dropout=0.0).from_input(4, ConditionInput(prompt=TEXTS, negative_prompt=["dog"]))


class Data:
    name = "pets"

    def __init__(self, texts):
        self.texts = texts

    def all_captions(self, split):
        return self.texts


def test_the_training_captions_that_are_cut_are_counted_and_one_is_shown():
    conditioner, long = made(), "a red cat " + "and a dog " * 5
    with pytest.warns(Notice, match=r"text.length=12 tokens: 2 of the 4 training captions .* 'a dog and a dog"):
        conditioner.prepare(Data([long, "a cat", long, "a dog"]))
    assert conditioner.provenance() == {"text": "ClipSmall", "captions_cut": 0.5}
    again = made()
    again.load_state_dict(conditioner.state_dict())
    assert again.provenance()["captions_cut"] == 0.5


def test_a_prompt_that_is_cut_is_told_once():
    conditioner, long = made(), "a red cat " + "and a dog " * 5
    with pytest.warns(
        Notice, match="longer than the 12 tokens that this model reads; these words are not read: 'a dog"
    ):
        conditioner.from_input(4, long)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        conditioner.from_input(4, long)
        conditioner.from_input(4, TEXTS)


def test_data_without_captions_are_one_sentence():
    with pytest.raises(ValueError, match="conditioner=text needs data with captions, and pets has none"):
        made().prepare(Data(None))
    with pytest.raises(ValueError, match="conditioner=text needs data with captions"):
        made()(Batch(torch.zeros(4, 1, 4, 4)))


def test_every_weight_is_used_in_every_batch(null):
    conditioner = made(null=null)
    condition = conditioner(BATCH)
    (condition.given.tokens.square().sum() + condition.given.pooled.sum()).backward()
    assert all(p.grad is not None for p in conditioner.parameters())
