"""The text tower that is trained along."""

import pytest
import torch

from genlab.texts.bpe import small_bpe
from genlab.texts.clip_small import ClipSmall

TEXTS = ["a red cat", "", "a small blue dog with a long, long tail", "cat"]


@pytest.fixture
def tower():
    torch.manual_seed(0)
    return ClipSmall(width=32, depth=2, heads=2, length=16)


def test_it_is_transformers_clip_text_model(tower):
    from transformers import CLIPTextConfig, CLIPTextModel

    theirs = CLIPTextModel(CLIPTextConfig.from_dict(tower.config)).eval()
    own = {name.removeprefix("text_model."): value for name, value in tower.state_dict().items()}
    state = {name: own[name.removeprefix("text_model.")] for name in theirs.state_dict()}
    assert len(state) == len(own)
    theirs.load_state_dict(state)
    ids = torch.tensor([(small_bpe()(text, 16).ids + [small_bpe().end] * 16)[:16] for text in TEXTS])
    with torch.no_grad():
        expected, made = theirs(ids), tower(TEXTS, full_length=True)
    torch.testing.assert_close(made.tokens, expected.last_hidden_state, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(made.pooled, expected.pooler_output, atol=1e-6, rtol=1e-5)


def test_a_text_in_a_batch_is_the_text_alone(tower):
    together = tower.double()(TEXTS)
    for i, text in enumerate(TEXTS):
        alone = tower([text])
        n = alone.tokens.shape[1]
        assert together.mask[i].tolist() == [True] * n + [False] * (together.tokens.shape[1] - n)
        torch.testing.assert_close(together.tokens[i, :n], alone.tokens[0], atol=1e-12, rtol=0)
        torch.testing.assert_close(together.pooled[i], alone.pooled[0], atol=1e-12, rtol=0)


def test_what_is_cut_changes_nothing_and_is_named(tower):
    one, other = (tower([f"a red cat sits on {rest}"]) for rest in ("a " * 20 + "mat", "a " * 20 + "bed"))
    assert torch.equal(one.tokens, other.tokens)
    assert one.truncated[0].endswith("a mat")
    assert tower.truncated(["a cat", "a " * 20 + "cat"]) == ["", "a a a a a a cat"]
    assert one.tokens.shape[1] == 16


def test_every_weight_is_used_in_every_batch(tower):
    tower(["cat", ""]).tokens.square().sum().backward()
    assert all(p.grad is not None for p in tower.parameters())


def test_no_texts(tower):
    assert tower([]).tokens.shape[::2] == (0, 32)


def test_the_width_must_be_shared_by_the_heads():
    with pytest.raises(ValueError, match=r"text\.width=30 must be a multiple of text\.heads=4"):
        ClipSmall(width=30, heads=4)
