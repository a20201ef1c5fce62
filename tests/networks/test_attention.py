"""Every network with attention offers all of its maps, by name, to a control, and nothing is left of it afterwards."""

import re
from pathlib import Path

import pytest
import torch
from torch.overrides import TorchFunctionMode

from genlab import networks
from genlab.networks.attention import AttentionControl, Site, controlled, sites
from genlab.networks.dit import DiT
from genlab.networks.experts import Experts
from genlab.networks.small_unet import SmallUNet
from genlab.networks.unet import UNet

X, LEVEL = torch.randn(3, 2, 8, 8, generator=torch.Generator().manual_seed(1)), torch.tensor([0.0, 400.0, 999.0])


def unet(**options):
    return UNet(2, 8, [32, 64], attention_levels=1, layers_per_block=1, attention_head_size=16, **options)


def with_words():
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    class WithWords(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.unet = UNet2DConditionModel(
                8, 2, 2, block_out_channels=(32, 64), layers_per_block=1, cross_attention_dim=16, norm_num_groups=8,
                down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
                up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), attention_head_dim=8,
            )  # fmt: skip
            self.words = torch.nn.Parameter(torch.randn(1, 5, 16))

        def forward(self, x, level):
            mask = (torch.arange(5) < 4).expand(len(x), 5)
            words = self.words.expand(len(x), -1, -1)
            return self.unet(x, level, words, encoder_attention_mask=mask, return_dict=False)[0]

    return WithWords()


NETWORKS = {
    "dit": lambda: DiT(2, 8, width=32, depth=2, heads=4),
    "unet": unet,
    "experts": lambda: Experts([unet(), unet()], [500.0]),
    "words": with_words,
}


@pytest.fixture(params=NETWORKS)
def network(request):
    """One whose zero layers are not zero, so that everything matters."""
    torch.manual_seed(0)
    network = NETWORKS[request.param]().eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return network


class Seen(AttentionControl):
    """Changes nothing, and remembers each map."""

    def __init__(self):
        self.logits, self.probabilities = {}, {}

    def before(self, logits, site):
        self.logits[site] = logits
        return logits

    def after(self, probabilities, site):
        self.probabilities.setdefault(site, []).append(probabilities)
        return probabilities


class Count(TorchFunctionMode):
    """Counts what attends, whoever asks."""

    calls = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.calls += func is torch.nn.functional.scaled_dot_product_attention
        return func(*args, **(kwargs or {}))


@torch.no_grad()
def test_a_control_that_changes_nothing_sees_every_map_and_changes_nothing(network):
    with Count() as count:
        plain = network(X, LEVEL)
    seen = Seen()
    with controlled(network, seen), Count() as left:
        assert torch.allclose(network(X, LEVEL), plain, atol=2e-5)
    assert left.calls == 0
    assert set(seen.probabilities) == set(seen.logits) == set(sites(network))
    assert sum(len(maps) for maps in seen.probabilities.values()) == count.calls
    for maps in seen.probabilities.values():
        assert all(p.ndim == 4 and torch.allclose(p.sum(-1), torch.ones(()), atol=1e-5) for p in maps)


def test_sites_are_named_as_their_layers_and_say_what_the_keys_are(network):
    layers = dict(network.named_modules())
    assert len({site.name for site in sites(network)}) == len(sites(network)) > 1
    assert all(site.name in layers for site in sites(network))
    kinds = {site.kind for site in sites(network)}
    assert kinds == ({"self", "cross"} if hasattr(network, "words") else {"self"})


@torch.no_grad()
def test_words_are_the_keys_of_cross_attention_and_those_that_are_masked_have_no_share():
    network, seen = with_words().eval(), Seen()
    with controlled(network, seen):
        network(X, LEVEL)
    for site, (p,) in seen.probabilities.items():
        assert p.shape[2] == 16
        assert p.shape[3] == {"self": 16, "cross": 5}[site.kind]
        if site.kind == "cross":
            assert float(p[..., 4].max()) < 1e-6


@torch.no_grad()
def test_a_map_of_zeros_takes_its_attention_away(network):
    """Each site by itself matters, and with all shares at zero nothing that is attended to does."""
    plain = network(X, LEVEL)
    for chosen in sites(network):

        class Nothing(AttentionControl):
            def after(self, probabilities, site, chosen=chosen):
                return probabilities * (site != chosen)

        with controlled(network, Nothing()):
            assert (network(X, LEVEL) - plain).abs().max() > 1e-5


@torch.no_grad()
def test_logits_move_the_shares(network):
    class ToTheFirst(Seen):
        def before(self, logits, site):
            return logits + 1e4 * (torch.arange(logits.shape[-1]) == 0)

    control = ToTheFirst()
    with controlled(network, control):
        network(X, LEVEL)
    assert all(torch.equal(p[..., 0], torch.ones_like(p[..., 0])) for (p, *_) in control.probabilities.values())


class Broken(AttentionControl):
    def after(self, probabilities, site):
        raise KeyError(site.name)


def state(network):
    """What a network attends with: the processors themselves, and where it has none, its own."""
    layers = (layer for _, layer in network.named_modules())
    return [layer.processor if hasattr(layer, "processor") else getattr(layer, "_controlled", None) for layer in layers]


@torch.no_grad()
def test_afterwards_all_is_as_it_was(network):
    before, plain = state(network), network(X, LEVEL)
    with pytest.raises(KeyError), controlled(network, Broken()):
        network(X, LEVEL)
    with controlled(network, Broken()):
        seen = Seen()
        with controlled(network, seen):  # the inner one alone is asked
            network(X, LEVEL)
        assert len(seen.logits) == len(sites(network))
        with pytest.raises(KeyError):
            network(X, LEVEL)
    assert all(a is b for a, b in zip(state(network), before, strict=True))
    assert torch.equal(network(X, LEVEL), plain)


def test_a_network_without_attention_is_refused():
    assert sites(SmallUNet(1, 1, [16, 32])) == []
    with (
        pytest.raises(ValueError, match="the network SmallUNet has no attention to control"),
        controlled(SmallUNet(1, 1, [16, 32]), Seen()),
    ):
        pass


@torch.no_grad()
def test_a_processor_without_maps_is_named():
    network = unet()
    site = sites(network)[0]
    network.get_submodule(site.name).set_processor(lambda attn, x, **_: x)
    with controlled(network, Seen()), pytest.raises(ValueError, match=f"{site.name} cannot be controlled"):
        network(X, LEVEL)


def test_a_site_is_a_name_and_a_kind():
    assert sites(NETWORKS["dit"]()) == [Site(f"blocks.{i}.attention", "self") for i in range(2)]


def test_no_network_attends_past_the_sites():
    """One whose attention no control sees would let an edit do nothing in silence."""
    (folder,) = networks.__path__
    own = re.compile(r"scaled_dot_product_attention|MultiheadAttention|TransformerEncoder|TransformerDecoder")
    assert {path.name for path in Path(folder).rglob("*.py") if own.search(path.read_text())} == {"attention.py"}
