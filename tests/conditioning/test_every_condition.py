"""Every kind of condition works with everything that reads conditions."""

import pytest
import torch
from torch import nn

from genlab.codecs.identity import Identity
from genlab.codecs.latent import LatentMaps
from genlab.conditioning.condition import Condition, of_batch, of_input
from genlab.conditioning.joined import Joined
from genlab.conditioning.label import LabelConditioner
from genlab.conditioning.picture import PictureConditioner
from genlab.conditioning.text import TextConditioner
from genlab.conditions import ConditionInput, ConditionTensors, as_input, check_request, conditions_for
from genlab.data.batch import Batch
from genlab.denoisers.consistency import Consistency as ConsistencyParameterization
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.v import V
from genlab.guidance.autoguidance import Autoguidance
from genlab.guidance.classifier_free import ClassifierFree
from genlab.guidance.dynamic_threshold import DynamicThreshold
from genlab.guidance.interval import Interval
from genlab.guidance.unguided import Unguided
from genlab.models.diffusion import Diffusion
from genlab.networks.experts import Experts
from genlab.objectives.consistency import Consistency
from genlab.objectives.denoising import Denoising
from genlab.objectives.progressive import Progressive
from genlab.objectives.reflow import Reflow
from genlab.objectives.teacher import MatchTeacher, Teacher
from genlab.objectives.times import Uniform
from genlab.objectives.weights import Unit
from genlab.processes.edm import EDM
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear_path import LinearPath
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.grids import Even
from genlab.samplers.heun import Heun
from genlab.samplers.sampler import Sampler
from genlab.texts.clip_small import ClipSmall

N, TEXTS = 6, ["red", "a red cat", "", "blue", "cat", "a cat"]
WORDS = {word: i for i, word in enumerate(["", "a", "red", "blue", "cat"])}
LABELS, OTHERS = torch.arange(N) % 3, torch.linspace(-1, 1, N * 16).reshape(N, 1, 4, 4)


class Words(nn.Module):
    """Texts of different lengths as tokens and a pooled vector, with weights of its own."""

    num_classes, asks, gives = None, frozenset({"prompt", "negative_prompt"}), frozenset({"tokens", "mask", "pooled"})

    def __init__(self, dropout):
        super().__init__()
        self.dropout, self.table = dropout, nn.Embedding(len(WORDS), 8)

    def made(self, texts):
        ids = [torch.tensor([WORDS[word] for word in text.split(" ")]) for text in texts]
        padded = nn.utils.rnn.pad_sequence(ids, batch_first=True, padding_value=-1)
        tokens, mask = self.table(padded.clamp(min=0)), padded >= 0
        return ConditionTensors(tokens=tokens, mask=mask, pooled=(tokens * mask[..., None]).sum(1))

    def condition(self, texts, negative):
        return Condition(self.made(texts), self.made(negative) if self.dropout else None)

    def forward(self, batch, generator=None):
        condition = self.condition(batch.caption, [""] * len(batch.x))
        return condition.without(torch.rand(len(batch.x)) < self.dropout) if self.training else condition

    def from_input(self, n, condition, device=None):
        check_request(as_input(condition), self.asks)
        asked = as_input(condition).for_each(n)
        return self.condition(asked.prompt or [""] * n, asked.negative_prompt or [""] * n)


CONDITIONERS = {
    "label": lambda dropout: LabelConditioner(3, dropout),
    "caption": Words,
    "text": lambda dropout: TextConditioner(ClipSmall(8, 1, 2, 8), dropout),
    "picture": PictureConditioner,
    "label and caption": lambda dropout: Joined([LabelConditioner(3, dropout), Words(dropout)]),
    "label and picture": lambda dropout: Joined([LabelConditioner(3, dropout), PictureConditioner(dropout)]),
    "all": lambda dropout: Joined([LabelConditioner(3, dropout), Words(dropout), PictureConditioner(dropout)]),
}


class Reads(nn.Module):
    """Adds up whatever it is told; where a word does not count it is not heard."""

    def __init__(self):
        super().__init__()
        self.layer, self.label = nn.Conv2d(1, 1, 3, padding=1), nn.Embedding(4, 1)
        self.heard = []

    def forward(self, x, level, condition=None):
        self.heard.append(condition)
        x = self.layer(x) * torch.cos(level)[:, None, None, None]
        if condition.label is not None:
            x = x + self.label(condition.label)[..., None, None]
        if condition.tokens is not None:
            x = x + (condition.tokens * condition.mask[..., None]).sum((1, 2))[:, None, None, None]
        return x if condition.channels is None else x + condition.channels


class Data:
    """Six items with labels, captions and second pictures."""

    name, n_train = "six", N

    def conditions(self, split, n):
        return ConditionInput(LABELS, TEXTS, picture=OTHERS).at([i % N for i in range(n)])


def denoiser(process=None, parameterization=None):
    return Denoiser(Reads(), process or Gaussian(LinearPath()), parameterization or V())


def model(conditioner, objective=None, guidance=None, network=None, codec=None, shape=(1, 4, 4)):
    return Diffusion(
        denoiser=network or denoiser(), objective=objective or Denoising(Uniform(), Unit()), conditioner=conditioner,
        sampler=Sampler(Ancestral(0.0), Even(), 2), guidance=guidance or Unguided(),
        codec=codec or Identity(), shape=shape, optimizer=torch.optim.Adam,
    )  # fmt: skip


def batch():
    return Batch(torch.randn(N, 1, 4, 4), LABELS, TEXTS, OTHERS)


def asked_of(conditioner):
    return Data().conditions("test", N).only(conditioner.asks)


@pytest.fixture(params=CONDITIONERS)
def make(request):
    torch.manual_seed(0)
    return CONDITIONERS[request.param]


def test_what_a_batch_tells_and_what_a_person_asks_for_is_the_same(make):
    conditioner = make(0.2).eval()
    of_data, of_person = conditioner(batch()), conditioner.from_input(N, asked_of(conditioner))
    for a, b in zip(of_data.given, of_person.given, strict=True):
        assert (a is None) == (b is None)
        assert a is None or torch.equal(a, b)


def test_each_part_is_left_away_by_itself_and_the_condition_says_where(make):
    conditioner, told = make(0.5), set()
    for _ in range(20):
        condition = conditioner(batch())
        for i, name in enumerate(ConditionTensors._fields):
            given, null, full = (
                getattr(each, name) for each in (condition.given, condition.null, make_full(conditioner))
            )
            if given is None or name in ("tokens", "mask"):
                continue
            column = condition.dropped if condition.dropped.ndim == 1 else condition.dropped[:, i]
            expected = torch.where(column.reshape(-1, *[1] * (given.ndim - 1)), null, full)
            assert torch.allclose(given, expected)
        told |= {tuple(row) for row in condition.dropped.reshape(N, -1).tolist()}
    kinds = len(conditioner.conditioners) if isinstance(conditioner, Joined) else 1
    assert len(told) == 2**kinds


def make_full(conditioner):
    full = conditioner.eval()(batch()).given
    conditioner.train()
    return full


def test_classifier_free_guidance_is_one_call_that_compares_with_the_null(make):
    module = model(make(0.2), guidance=ClassifierFree(3.0)).eval()
    x, t = torch.randn(N, 1, 4, 4), torch.tensor(0.5).double()
    condition = of_input(module.conditioner, N, asked_of(module), None)
    with torch.no_grad():
        given = module.denoiser(x, t, condition).x0
        null = module.denoiser(x, t, Condition(condition.null)).x0
        module.denoiser.network.heard.clear()
        guided = module.guided_denoiser(N, asked_of(module))(x, t).x0
    assert len(module.denoiser.network.heard) == 1
    assert torch.allclose(guided, null + 3 * (given - null), atol=1e-4)


@pytest.mark.parametrize("name", ["interval", "threshold", "autoguidance"])
def test_other_guidance(make, name):
    weak = model(make(0.2))
    guidance = {
        "interval": Interval(ClassifierFree(2.0), 0.2, 0.8), "threshold": DynamicThreshold(ClassifierFree(2.0)),
        "autoguidance": Autoguidance(weak, None, 2.0),
    }[name]  # fmt: skip
    module = model(make(0.2), guidance=guidance).eval()
    with torch.no_grad():
        assert torch.isfinite(module.sample(N, asked_of(module))).all()


def test_experts_tell_each_network_its_own_items(make):
    module = model(make(0.2))
    one, two = Reads(), Reads()
    two.load_state_dict(one.state_dict())
    x, level = torch.randn(N, 1, 4, 4), torch.tensor([1.0, 900, 2, 800, 3, 700])
    given = module.conditioner.from_input(N, asked_of(module)).given
    assert torch.allclose(Experts([one, two], [500.0])(x, level, given), one(x, level, given), atol=1e-6)
    assert [len(network.heard[0].rows(slice(None)).names) for network in (one, two)] == [len(given.names)] * 2


def objective(name, teacher):
    return {
        "denoising": lambda: Denoising(Uniform(), Unit()),
        "progressive": lambda: Progressive(teacher, 2),
        "consistency": lambda: Consistency(10, teacher=teacher),
        "match": lambda: MatchTeacher(teacher, Uniform(), Unit()),
        "reflow": lambda: Reflow(teacher, Sampler(Heun(), Even(), 2), Uniform(), Unit(), 128),
    }[name]()


@pytest.mark.parametrize("name", ["denoising", "progressive", "consistency", "match", "reflow"])
def test_objectives_train_on_it_and_a_teacher_hears_its_own_words(make, name):
    kinds = (Gaussian(EDM()), ConsistencyParameterization()) if name == "consistency" else (None, None)
    first = model(make(0.2), guidance=ClassifierFree(2.0), network=denoiser(*kinds))
    teacher = Teacher(first)
    module = model(make(0.5), objective(name, teacher), network=denoiser(*kinds))
    if hasattr(module.objective, "prepare"):
        module.objective.prepare(Data())
    loss = module.loss(batch())["loss"]
    loss.backward()
    assert torch.isfinite(loss)
    assert all(p.grad is not None for p in module.conditioner.parameters())
    if name == "denoising":
        return
    heard, own = first.denoiser.network.heard[0], of_batch(first.conditioner, batch()).given
    assert heard.names == own.names
    if heard.pooled is not None:
        words = first.conditioner.made(TEXTS) if isinstance(first.conditioner, Words) else None
        known = (
            torch.cat([heard.pooled])
            if words is None
            else torch.cat([words.pooled, first.conditioner.made([""]).pooled])
        )
        assert all((known - row).abs().sum(1).min() < 1e-5 for row in heard.pooled)


def test_reflow_makes_the_same_pairs_again_whatever_batch_asks_first(make):
    teacher = Teacher(model(make(0.2)))
    pairs = []
    for _ in range(2):
        reflow = objective("reflow", teacher)
        reflow.prepare(Data())
        pairs.append(reflow.block(1, torch.randn(N, 1, 4, 4)))
    assert torch.equal(pairs[0].sample, pairs[1].sample)


def test_a_part_without_dropout_stays_on_both_sides_of_guidance():
    condition = Joined([LabelConditioner(3), PictureConditioner(0.1)]).from_input(
        N, ConditionInput(LABELS, picture=OTHERS)
    )
    assert torch.equal(condition.null.label, LABELS)
    assert not condition.null.channels.any()


def test_two_parts_that_give_the_same_are_refused():
    with pytest.raises(ValueError, match="two of them give label"):
        Joined([LabelConditioner(3), LabelConditioner(4)])


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("a cat", "cannot be asked for a prompt, only for a label and a picture"),
        (
            ConditionInput(negative_prompt=["a dog"]),
            "cannot be asked for a negative prompt, only for",
        ),
        (ConditionInput(mask=torch.ones(1, 1, 4, 4) > 0), "cannot be asked for a mask"),
        (
            ConditionInput(LABELS, picture=OTHERS[:2]),
            r"6 samples need 6 pictures, got a condition of shape",
        ),
        (ConditionInput(LABELS), "goes by a picture: give one"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(asked, sentence):
    with pytest.raises(ValueError, match=sentence):
        model(CONDITIONERS["label and picture"](0.0)).sample(N, asked)


def test_data_without_what_a_model_is_asked_for_are_named():
    class Bare:
        name = "bare"

    with pytest.raises(ValueError, match="the model is asked for a prompt, and bare has no captions"):
        conditions_for(model(Words(0.1)), Bare(), "test", 4)


def test_a_network_that_would_ignore_a_part_is_refused():
    from genlab.networks.small_unet import SmallUNet

    network = Denoiser(SmallUNet(1, 1, [8, 16]), Gaussian(LinearPath()), V())
    with pytest.raises(ValueError, match=r"gives channels, and the network SmallUNet reads nothing of a condition"):
        model(PictureConditioner(0.1), network=network)
    network = Denoiser(SmallUNet(1, 1, [8, 16], condition_channels=1), Gaussian(LinearPath()), V())
    assert model(PictureConditioner(0.1), network=network).sample(N, ConditionInput(picture=OTHERS)).shape == (
        N,
        1,
        4,
        4,
    )


class Halved(nn.Module):
    """A cell for each 2 x 2 pixels, exact."""

    latent_shape, latents, from_latents = (4, 2, 2), nn.PixelUnshuffle(2), nn.PixelShuffle(2)


@pytest.mark.parametrize("joined", [False, True])
def test_a_picture_goes_through_the_codec_of_the_model_and_no_picture_is_zeros(joined):
    picture = PictureConditioner(dropout=0.5)
    codec = LatentMaps(Halved(), channels=4, size=2, factor=2)
    codec.scale_by(codec.moments([OTHERS]))
    latent = model(Joined([LabelConditioner(3), picture]) if joined else picture, codec=codec, shape=None)
    condition = of_batch(latent.conditioner, batch())
    dropped = condition.dropped if condition.dropped.ndim == 1 else condition.dropped.any(1)
    assert 0 < dropped.sum() < N
    z = codec.encode(OTHERS)
    assert torch.equal(condition.given.channels[~dropped], z[~dropped])
    assert torch.equal(condition.null.channels, torch.zeros_like(z))
    assert not condition.given.channels[dropped].any()
    assert torch.equal(condition.request.picture, OTHERS), "another model has its own codec"
    asked = of_input(latent.conditioner, N, ConditionInput(LABELS, picture=OTHERS).only(latent.asks), None)
    assert torch.equal(asked.given.channels, z)
    assert sum(name.endswith("measured") for name in latent.state_dict()) == 1, "the codec is the model's alone"
