"""Several towers at once."""

import pytest
import torch

from genlab.texts.clip_small import ClipSmall
from genlab.texts.side_by_side import SideBySide

TEXTS = ["a red cat", "", "a dog with a hat and a cat"]


@pytest.fixture
def towers():
    torch.manual_seed(0)
    return [ClipSmall(8, 1, 2, 6), ClipSmall(16, 1, 2, 9)]


def test_the_tokens_stand_after_one_another_in_one_width(towers):
    both = SideBySide(towers, 12)
    made, one, other = both(TEXTS), towers[0](TEXTS), towers[1](TEXTS)
    assert made.tokens.shape == (3, one.tokens.shape[1] + other.tokens.shape[1], 12)
    assert torch.equal(made.mask, torch.cat([one.mask, other.mask], 1))
    assert torch.equal(made.tokens[:, one.tokens.shape[1] :], both.tokens[1](other.tokens))
    assert both(TEXTS, full_length=True).tokens.shape[1] == 6 + 9
    made.tokens.square().sum().backward(inputs=list(both.tokens.parameters()))
    assert all(p.grad is not None for p in both.tokens.parameters())


def test_what_one_tower_reads_is_not_cut(towers):
    assert towers[0].truncated(TEXTS) == ["", "", "hat and a cat"]
    assert SideBySide(towers, 12).length == towers[1].length
    assert SideBySide(towers, 12).truncated(TEXTS) == SideBySide(towers, 12)(TEXTS).truncated == ["", "", "cat"]


def test_a_text_in_a_batch_is_the_text_alone(towers):
    both = SideBySide(towers, 12).double()
    together, alone = both(TEXTS), both(TEXTS[:1])
    torch.testing.assert_close(together.tokens[0][together.mask[0]], alone.tokens[0], atol=1e-12, rtol=0)


def test_one_tower_is_not_side_by_side(towers):
    with pytest.raises(ValueError, match=r"text\.towers has 1: side by side are two or more"):
        SideBySide(towers[:1], 12)
