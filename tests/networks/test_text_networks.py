"""Networks that read texts: words count where the mask says so, pictures may have another size, all weights learn."""

import pytest
import torch

from genlab.conditions import ConditionTensors
from genlab.networks.attention import AttentionControl, controlled, sites
from genlab.networks.conditioned import check_reads
from genlab.networks.dit_text import TextDiT
from genlab.networks.unet_text import TextUNet

_RANDOM = torch.Generator().manual_seed(1)
X, LEVEL = torch.randn(3, 2, 8, 8, generator=_RANDOM), torch.tensor([0.0, 400.0, 999.0])
TOKENS, POOLED = torch.randn(3, 5, 12, generator=_RANDOM), torch.randn(3, 12, generator=_RANDOM)
LENGTHS = torch.tensor([5, 2, 3])
MASK = torch.arange(5) < LENGTHS[:, None]
TEXT = ConditionTensors(tokens=TOKENS, mask=MASK, pooled=POOLED)


def dit(size=8, **options):
    return TextDiT(2, size, 12, width=32, depth=2, heads=4, pooled_width=12, **options)


def unet(size=8, **options):
    return TextUNet(2, size, 12, [16, 32], 1, 1, attention_head_size=8, norm_groups=8, **options)


NETWORKS = {"dit": dit, "unet": unet}


def stirred(network):
    """One whose zero layers are not zero, so that everything matters."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator))
    return network.eval()


class Shares(AttentionControl):
    """Changes nothing, and remembers the map of each site."""

    def __init__(self):
        self.maps = {}

    def after(self, probabilities, site):
        self.maps[site] = probabilities
        return probabilities


@pytest.fixture(params=NETWORKS)
def make(request):
    torch.manual_seed(0)
    return lambda *args, **options: stirred(NETWORKS[request.param](*args, **options))


@torch.no_grad()
def test_padding_changes_nothing(make):
    """A text in a batch of longer ones is the text alone, whatever stands behind its end."""
    network = make()
    together = network(X, LEVEL, TEXT)
    padded = TEXT._replace(tokens=torch.where(MASK[:, :, None], TOKENS, 7.0))
    assert torch.allclose(network(X, LEVEL, padded), together, atol=1e-6)
    for i, length in enumerate(LENGTHS):
        alone = ConditionTensors(tokens=TOKENS[i : i + 1, :length], pooled=POOLED[i : i + 1])
        assert torch.allclose(network(X[i : i + 1], LEVEL[i : i + 1], alone), together[i : i + 1], atol=1e-5)


@torch.no_grad()
def test_every_word_that_counts_is_read_and_the_whole_text_by_the_dit_only(make):
    network = make()
    plain = network(X, LEVEL, TEXT)
    for word in range(5):
        changed = TOKENS.clone()
        changed[:, word] += torch.linspace(-3, 3, 12)
        moved = (network(X, LEVEL, TEXT._replace(tokens=changed)) - plain).abs().amax((1, 2, 3)) > 1e-6
        assert moved.tolist() == MASK[:, word].tolist()
    moved = (network(X, LEVEL, TEXT._replace(pooled=POOLED.flip(1))) - plain).abs().max() > 1e-6
    assert bool(moved) == isinstance(network, TextDiT)


@torch.no_grad()
def test_a_text_without_a_word_is_a_text(make):
    """Nothing counts in the first row: it hears no token, and the other rows hear theirs."""
    network, mask = make(), MASK.clone()
    mask[0] = False
    nothing = TEXT._replace(mask=mask)
    out = network(X, LEVEL, nothing)
    assert bool(out.isfinite().all())
    assert torch.allclose(out[1:], network(X, LEVEL, TEXT)[1:], atol=1e-6)
    if isinstance(network, TextDiT):
        assert torch.equal(network(X, LEVEL, nothing._replace(tokens=TOKENS.roll(1, 1)))[0], out[0])
        with controlled(network, Shares()):
            assert torch.allclose(network(X, LEVEL, nothing), out, atol=1e-5)


@torch.no_grad()
def test_maps_of_shares_are_the_attention_itself(make):
    """The identity as a control changes nothing; padding has no share."""
    network, seen = make(), Shares()
    plain = network(X, LEVEL, TEXT)
    with controlled(network, seen):
        assert torch.allclose(network(X, LEVEL, TEXT), plain, atol=1e-5)
    assert set(seen.maps) == set(sites(network))
    cross = [shares for site, shares in seen.maps.items() if site.kind == "cross"]
    assert len(cross) >= 2
    for shares in cross:
        assert torch.allclose(shares.sum(-1), torch.ones(()), atol=1e-5)
        assert float((shares * ~MASK[:, None, None]).max()) < 1e-6


@torch.no_grad()
@pytest.mark.parametrize("size", [(8, 16), (4, 8), (12, 12)])
def test_it_takes_other_sizes_than_it_was_made_for(make, size):
    x = torch.randn(3, 2, *size, generator=torch.Generator().manual_seed(3))
    out = make()(x, LEVEL, TEXT)
    assert out.shape == x.shape
    assert bool(out.isfinite().all())


@torch.no_grad()
def test_positions_of_another_grid_lie_between_those_that_are_known():
    """Twice as many rows: each second one is where a row was, and columns stay as they are."""
    small, large = dit(8)._positions(4, 4), dit(8)._positions(8, 4)
    assert torch.allclose(large.reshape(8, 4, 32)[::2], small.reshape(4, 4, 32), atol=1e-6)
    assert torch.equal(dit((16, 8))._positions(8, 4), dit((16, 8)).positions)


def test_all_weights_learn(make):
    network = make()
    network(X, LEVEL, TEXT).square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not bool(p.grad.any())] == []


def test_the_dit_begins_as_zero_and_each_block_as_the_identity():
    network = dit()
    assert torch.equal(network(X, LEVEL, TEXT), torch.zeros_like(X))
    tokens = torch.randn(3, 16, 32)
    block = network.blocks[0](tokens, torch.randn(3, 32), lambda t: network.words[0](t, torch.randn(3, 5, 32), None))
    assert torch.equal(block, tokens)


def test_a_head_has_the_size_that_was_asked_for():
    """diffusers takes the number of heads under a name that says otherwise."""
    network = TextUNet(2, 8, 12, [16, 32], 2, 1, attention_head_size=8, norm_groups=8)
    heads = {layer.to_q.out_features: layer.heads for layer in network.modules() if hasattr(layer, "to_q")}
    assert heads == {16: 2, 32: 4}
    with pytest.raises(ValueError, match=r"network\.attention_head_size=24 must divide .* is 32"):
        TextUNet(2, 8, 12, [16, 32], 1, 1, attention_head_size=24, norm_groups=8)


@torch.no_grad()
def test_a_picture_is_laid_beside_the_data(make):
    network = make(condition_channels=1)
    a, b = (network(X, LEVEL, TEXT._replace(channels=torch.full((3, 1, 8, 8), value))) for value in (0.0, 1.0))
    assert (a - b).abs().max() > 1e-4
    assert network.reads >= {"tokens", "mask", "channels"}


def test_what_is_missing_or_does_not_fit_is_named(make):
    network = make()
    with pytest.raises(ValueError, match="this network reads texts: it needs tokens"):
        network(X, LEVEL)
    with pytest.raises(ValueError, match=r"network\.context_width=12, but the tokens of the condition are 7 wide"):
        network(X, LEVEL, TEXT._replace(tokens=TOKENS[..., :7]))
    with pytest.raises(ValueError, match=r"cannot be (cut|halved)"):
        make(9)


def test_the_whole_text_is_missed_where_it_is_read():
    with pytest.raises(ValueError, match=r"network\.pooled_width=12, but the condition has no such vector"):
        dit()(X, LEVEL, TEXT._replace(pooled=None))


def test_a_text_may_be_read_word_by_word_alone():
    check_reads(unet(), frozenset({"tokens", "mask", "pooled"}))
    with pytest.raises(ValueError, match="the conditioner gives pooled, and the network"):
        check_reads(unet(), frozenset({"pooled"}))
