"""Networks of denoising are one graph to torch.compile: nothing in them falls back to Python."""

import pytest
import torch

from genlab.conditions import ConditionTensors
from genlab.networks.dit import DiT
from genlab.networks.dit_text import TextDiT
from genlab.networks.mlp import MLP
from genlab.networks.rin import RIN
from genlab.networks.small_unet import SmallUNet
from genlab.networks.unet import UNet

NETWORKS = {
    "dit": lambda: DiT(1, 8, 2, 32, 1, 4, num_classes=10),
    "dit_text": lambda: TextDiT(1, 8, 6, 2, 32, 1, 4, pooled_width=6),
    "mlp": lambda: MLP([1, 8, 8], 32, 2, num_classes=10),
    "rin": lambda: RIN(1, 8, 2, 16, 2, 16, 1, 1, 2, num_classes=10),
    "small_unet": lambda: SmallUNet(1, 1, [16, 32, 64]),
    "unet": lambda: UNet(1, 8, [16, 32], 1, 1, num_classes=10, norm_groups=8),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "unet" else name for name in NETWORKS]
)
def test_one_graph_says_what_the_network_says(name):
    torch.manual_seed(0)
    network, x, level = NETWORKS[name](), torch.randn(2, 1, 8, 8), torch.tensor([3.0, 500.0])
    condition = None if name == "small_unet" else ConditionTensors(torch.tensor([1, 2]))
    if name == "dit_text":
        mask = torch.tensor([[True, True, False], [True, True, True]])
        condition = ConditionTensors(tokens=torch.randn(2, 3, 6), mask=mask, pooled=torch.randn(2, 6))
    compiled = torch.compile(network, backend="eager", fullgraph=True)  # raises where the graph would break
    with torch.no_grad():
        assert torch.allclose(compiled(x, level, condition), network(x, level, condition), atol=1e-5)
