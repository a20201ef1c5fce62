"""Networks over maps of tokens: what they read, and what they do not."""

import pytest
import torch
from torch import nn

from genlab.conditions import ConditionTensors
from genlab.networks.paella_unet import PaellaUNet
from genlab.networks.token_transformer import TokenTransformer

SHAPE = (2, 5, 6)


def made(kind, **options):
    torch.manual_seed(0)
    options = {"width": 16, "depth": 1, "heads": 2} | options if kind is TokenTransformer else {"width": 8, **options}
    network = kind(SHAPE, 4, **options).eval()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.2)
    return network


x, level = torch.randint(0, 5, (3, *SHAPE)), torch.tensor([10.0, 500.0, 990.0])
KINDS = pytest.mark.parametrize("kind", [TokenTransformer, PaellaUNet])


@KINDS
def test_logits_of_every_value_at_every_place_which_any_token_may_change(kind):
    network = made(kind)
    logits = network(x, level)
    assert logits.shape == (3, 4, *SHAPE)
    other = x.clone()
    other[0, 1, 2, 2] = (other[0, 1, 2, 2] + 1) % 5
    changed = (network(other, level) != logits).any(1)
    assert bool(changed[0, 0].any())
    assert bool(changed[0, 1].any())
    assert not bool(changed[1:].any())


def test_the_transformer_is_told_the_time_only_where_it_reads_it():
    later = level.flip(0)
    assert torch.equal(made(TokenTransformer)(x, level), made(TokenTransformer)(x, later))
    assert not torch.equal(*(made(TokenTransformer, reads_time=True)(x, t) for t in (level, later)))
    assert not torch.equal(*(made(PaellaUNet)(x, t) for t in (level, later)))


@KINDS
def test_the_label_is_read_and_none_is_a_label_of_its_own(kind):
    network = made(kind, num_classes=3)
    given = [network(x, level, ConditionTensors(label=torch.full((3,), k))) for k in (0, 2, 3)]
    assert not any(torch.equal(given[i], given[j]) for i, j in ((0, 1), (0, 2), (1, 2)))
    with pytest.raises(ValueError, match="needs a label"):
        network(x, level)


@KINDS
def test_words_are_read_and_padding_is_not(kind):
    network, words = made(kind, context_width=7), torch.randn(3, 4, 7)
    mask = torch.tensor([[True, True, False, False]]).expand(3, 4)
    logits = network(x, level, ConditionTensors(tokens=words, mask=mask))
    padded, other = words.clone(), words.clone()
    padded[:, 2:] += 1
    other[:, 1] = -other[:, 1]
    torch.testing.assert_close(network(x, level, ConditionTensors(tokens=padded, mask=mask)), logits)
    assert not torch.allclose(network(x, level, ConditionTensors(tokens=other, mask=mask)), logits)


def test_embeddings_of_values_are_their_logits_rows():
    network = made(TokenTransformer)
    before = network(x, level)
    with torch.no_grad():
        network.values[1, 2] += 1
    changed = (network(x, level) != before).any(0)  # value, channel, row, column
    assert bool(changed[2, 1].any())


@KINDS
def test_numbers_that_cannot_be_are_refused(kind):
    wrong = {"width": 15} if kind is TokenTransformer else {"kernel": 2}
    with pytest.raises(ValueError, match=f"network.{next(iter(wrong))}="):
        made(kind, **wrong)
