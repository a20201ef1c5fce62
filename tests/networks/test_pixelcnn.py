import itertools

import pytest
import torch

from genlab.networks.pixelcnn import GatedPixelCNN, group_mask
from genlab.networks.pixelcnn_sampling import sample
from genlab.randomness import categorical


def network(shape=(1, 5, 6), num_values=4, num_classes=None, **options) -> GatedPixelCNN:
    torch.manual_seed(0)
    net = GatedPixelCNN(
        shape, num_values, num_classes, **{"width": 6, "layers": 2, "first_kernel": 5, "kernel": 3, **options}
    )
    for p in net.parameters():
        torch.nn.init.normal_(p, std=0.5)
    return net.double()


def maps(n: int, shape=(1, 5, 6), num_values=4) -> torch.Tensor:
    return torch.randint(0, num_values, (n, *shape), generator=torch.Generator().manual_seed(1))


def order(c: int, i: int, j: int) -> tuple[int, int, int]:
    """The place of a number in the order of prediction."""
    return (i, j, c)


@pytest.mark.parametrize("shape", [(1, 5, 6), (3, 4, 4)])
def test_no_output_depends_on_its_own_number_or_a_later_one(shape):
    net = network(shape)
    x = torch.randn(1, shape[0] * 6, *shape[1:], dtype=torch.float64, requires_grad=True)
    net.embed = lambda codes: x
    logits = net(maps(1, shape))
    positions = list(itertools.product(*map(range, shape)))
    for c, i, j in positions:
        (gradient,) = torch.autograd.grad(logits[0, :, c, i, j].square().sum(), x, retain_graph=True)
        reads = gradient.reshape(shape[0], 6, *shape[1:]).abs().sum(1) > 0
        for position in positions:
            if order(*position) >= order(c, i, j):
                assert not reads[position], f"{(c, i, j)} reads {position}"


@pytest.mark.parametrize("shape", [(1, 5, 6), (2, 4, 4)])
def test_there_is_no_blind_spot(shape):
    """The last number reads every earlier one, the one at its upper right as well."""
    net = network(shape, layers=5)
    x = torch.randn(1, shape[0] * 6, *shape[1:], dtype=torch.float64, requires_grad=True)
    net.embed = lambda codes: x
    last = net(maps(1, shape))[0, :, -1, -1, -1].square().sum()
    reads = torch.autograd.grad(last, x)[0].reshape(shape[0], 6, *shape[1:]).abs().sum(1) > 0
    reads[-1, -1, -1] = True  # itself
    assert reads.all()


@pytest.mark.parametrize("shape", [(1, 2, 2), (2, 2, 1)])
@pytest.mark.parametrize("label", [None, 1])
def test_the_probabilities_of_all_small_binary_maps_sum_to_one(shape, label):
    net = network(shape, num_values=2, num_classes=None if label is None else 3)
    every = torch.tensor(list(itertools.product((0, 1), repeat=4))).reshape(-1, *shape)
    labels = None if label is None else torch.full((len(every),), label)
    log_p = net(every, labels).log_softmax(1).gather(1, every[:, None]).flatten(1).sum(1)
    assert log_p.exp().sum().item() == pytest.approx(1.0, abs=1e-12)
    assert log_p.exp().std() > 0.01  # and not all alike


@pytest.mark.parametrize("shape", [(1, 5, 6), (3, 4, 4)])
@pytest.mark.parametrize("num_classes", [None, 3])
def test_sampling_equals_running_the_whole_network_for_each_number(shape, num_classes):
    net, n = network(shape, num_classes=num_classes), 20
    label = None if num_classes is None else torch.arange(20) % 3
    uniform = torch.rand((n, *shape[1:], shape[0]), generator=torch.Generator().manual_seed(2))
    expected = torch.zeros(n, *shape, dtype=torch.int64)
    with torch.no_grad():
        for i, j, c in itertools.product(range(shape[1]), range(shape[2]), range(shape[0])):
            expected[:, c, i, j] = categorical(net(expected, label)[:, :, c, i, j] / 0.8, uniform[:, i, j, c])
    drawn = sample(net, n, label, temperature=0.8, generator=torch.Generator().manual_seed(2))
    assert torch.equal(drawn, expected)
    assert drawn.unique().numel() == 4


def test_samples_have_the_frequencies_of_their_probabilities():
    net = network((1, 2, 2), num_values=2)
    every = torch.tensor(list(itertools.product((0, 1), repeat=4))).reshape(-1, 1, 2, 2)
    p = net(every).log_softmax(1).gather(1, every[:, None]).flatten(1).sum(1).exp()
    drawn = sample(net, 20000, generator=torch.Generator().manual_seed(3)).flatten(1) @ torch.tensor([8, 4, 2, 1])
    frequency = torch.bincount(drawn, minlength=16) / 20000
    torch.testing.assert_close(frequency.double(), p.detach(), atol=4 * (0.25 / 20000) ** 0.5, rtol=0)


def test_the_label_changes_the_prediction():
    net = network(num_classes=2)
    x = maps(1)
    assert not torch.allclose(net(x, torch.tensor([0])), net(x, torch.tensor([1])))
    with pytest.raises(ValueError, match="needs a label"):
        net(x)


def test_group_masks_of_three_channels():
    assert group_mask(3, 3, 3, strict=True).tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0]]
    assert group_mask(3, 3, 3, strict=False).tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert group_mask(6, 3, 3, strict=False)[:2].tolist() == [[1, 0, 0], [1, 0, 0]]


def test_an_even_neighbourhood_is_refused():
    with pytest.raises(ValueError, match="kernel=4: a neighbourhood has an odd side"):
        network(kernel=4)
