"""What must hold between texts, their tower and the network that reads them."""

import pytest

from composing import composed
from genlab.config.check import check
from genlab.errors import ConfigError

READS = ["model=ddpm", "network=dit_text", "dataset.num_classes=null", "text=clip_small", "conditioner=text"]


def problems(*words):
    try:
        check(composed("dataset=digits", "extractor=digits", *words))
    except ConfigError as error:
        return error.problems
    return []


def test_a_tower_a_conditioner_and_a_network_go_together():
    assert problems(*READS) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["model=ddpm", "conditioner=text"], "reads texts, and the config has no text tower: give text=clip_small"),
        (["model=ddpm", "text=clip_small"], "text is given, but the model (Diffusion) uses none"),
        ([*READS[:-1], "conditioner=none"], "the network (TextDiT) reads texts, and the conditioner gives none"),
    ],
)
def test_one_without_the_others_is_said(words, sentence):
    assert [problem for problem in problems(*words) if sentence in problem]
