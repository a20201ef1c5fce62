import pytest
import torch

from genlab.conditions import ConditionTensors
from genlab.networks.rin import RIN

SMALL = {"width": 16, "latents": 3, "latent_width": 32, "blocks": 2, "depth": 1, "heads": 4}
X, LEVEL = torch.randn(3, 2, 8, 8, generator=torch.Generator().manual_seed(1)), torch.tensor([0.0, 400.0, 999.0])
MEMORY = torch.randn(3, 3, 32, generator=torch.Generator().manual_seed(2))


def made(**options):
    torch.manual_seed(0)
    return RIN(2, 8, **SMALL, **options)


def stirred(**options):
    """One whose zero layers are not zero, so that everything matters."""
    network = made(**options)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network


def began_with(network, memory=None):
    """The latents that the first block gets."""
    seen = []
    network.blocks[0].register_forward_pre_hook(lambda _, arguments: seen.append(arguments[1]))
    network.with_memory(X, LEVEL, None, memory)
    return seen[0][:, : SMALL["latents"]]


@pytest.mark.parametrize("memory", [None, torch.zeros_like(MEMORY)], ids=["none", "zeros"])
def test_without_a_memory_latents_begin_as_the_learned_ones(memory):
    network = stirred()
    assert torch.equal(began_with(network, memory), network.latents.expand(3, -1, -1))
    assert not torch.equal(began_with(network, MEMORY), network.latents.expand(3, -1, -1))


def test_before_training_it_ignores_its_memory_and_says_zero():
    network = made()
    output, latents = network.with_memory(X, LEVEL, None, MEMORY)
    assert torch.equal(latents, network.with_memory(X, LEVEL)[1])
    assert torch.equal(output, torch.zeros_like(X))


def test_without_a_memory_it_is_deterministic():
    network = stirred()
    assert torch.equal(network(X, LEVEL), network(X, LEVEL))
    assert not torch.equal(network.with_memory(X, LEVEL, None, MEMORY)[0], network(X, LEVEL))


def test_patches_that_move_with_their_positions_move_in_the_output():
    network, order = stirred(patch=1), torch.randperm(64, generator=torch.Generator().manual_seed(3))

    def moved(x):
        return x.flatten(2)[..., order].unflatten(2, (8, 8))

    expected, unmoved = moved(network(X, LEVEL)), network(moved(X), LEVEL)
    network.positions.copy_(network.positions[order])
    assert torch.allclose(network(moved(X), LEVEL), expected, atol=1e-5)
    assert (unmoved - expected).abs().max() > 1e-3, "a place is known"


def test_an_item_hears_all_of_itself_the_level_the_class_and_nothing_of_others():
    network, label = stirred(num_classes=10), ConditionTensors(torch.tensor([2, 7, 2]))
    x = X.clone().requires_grad_()
    network(x, LEVEL, label)[0, 0, 0, 0].backward()
    assert bool((x.grad[0] != 0).all())
    assert not bool(x.grad[1:].any())
    alike, level = X[:1].expand(3, -1, -1, -1), torch.tensor([5.0, 5.0, 600.0])
    same, other_class, other_level = network(alike, level, label)
    assert (same - other_class).abs().max() > 1e-3
    assert (same - other_level).abs().max() > 1e-3
    with pytest.raises(ValueError, match="needs a label"):
        network(X, LEVEL)


@pytest.mark.parametrize(
    ("options", "told"), [({"width": 18}, "network.width=18"), ({"latent_width": 30}, "network.latent_width=30")]
)
def test_widths_that_do_not_fit_the_heads_are_refused(options, told):
    with pytest.raises(ValueError, match=told):
        RIN(2, 8, **(SMALL | options))
