"""Sampling a gated PixelCNN: seconds, and how often faster than running the whole network for each pixel.

    python benchmarks/autoregressive.py

The networks are those of the recipes pixelcnn_codes_mnist (64 maps of 7x7 codes) and pixelcnn_mnist (28x28 pixels).
The plain way draws the same numbers from the same uniform ones, which is asserted; it is timed on a few images.
Ratios are by processor time, which a busy machine disturbs less.
"""

import itertools
import sys
import time
from pathlib import Path

import torch

from genlab.config.files import conf_dir
from genlab.networks.pixelcnn import GatedPixelCNN
from genlab.networks.pixelcnn_sampling import draw, sample


def network(recipe: str, shape: tuple[int, int, int], num_values: int, num_classes: int | None) -> GatedPixelCNN:
    """The untrained network of a recipe."""
    from omegaconf import OmegaConf

    options = OmegaConf.load(conf_dir() / "experiment" / f"{recipe}.yaml").network
    torch.manual_seed(0)
    return GatedPixelCNN(shape, num_values, num_classes, **options).eval()


@torch.no_grad()
def plainly(net: GatedPixelCNN, n: int, label: torch.Tensor | None, generator: torch.Generator) -> torch.Tensor:
    """The whole network once for each number."""
    C, H, W = net.shape
    uniform, z = torch.rand((n, H, W, C), generator=generator), torch.zeros(n, C, H, W, dtype=torch.int64)
    for i, j, c in itertools.product(range(H), range(W), range(C)):
        z[:, c, i, j] = draw(net(z, label)[:, :, c, i, j], uniform[:, i, j, c])
    return z


def seconds(work) -> tuple[torch.Tensor, float, float]:
    """(the result, seconds by the clock, seconds of processor time)."""
    clock, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - clock, time.process_time() - cpu


def main(rounds: int = 2) -> None:
    print(f"{torch.get_num_threads()} threads; {Path(sys.argv[0]).name}; the best of {rounds} rounds")
    for recipe, shape, values, classes, n, few in (
        ("autoregressive/pixelcnn_codes_mnist", (1, 7, 7), 128, 10, 64, 64),
        ("autoregressive/pixelcnn_mnist", (1, 28, 28), 2, None, 64, 2),
    ):
        net = network(recipe, shape, values, classes)

        def label(count: int, classes=classes):
            return None if classes is None else torch.arange(count) % classes

        sample(net, 2, label(2))  # warm
        whole = [seconds(lambda: sample(net, n, label(n))) for _ in range(rounds)]  # noqa: B023
        ours = [seconds(lambda: sample(net, few, label(few), generator=torch.Generator().manual_seed(1)))  # noqa: B023
                for _ in range(rounds)]  # fmt: skip
        theirs = seconds(lambda: plainly(net, few, label(few), torch.Generator().manual_seed(1)))  # noqa: B023
        agreement = (ours[0][0] == theirs[0]).float().mean().item()
        assert agreement > 0.99, f"both ways draw the same numbers, but for rounding: {agreement:.4f} agree"
        clock, cpu = min(run[1] for run in whole), min(run[2] for run in whole)
        ratio = theirs[2] / min(run[2] for run in ours)
        print(
            f"{recipe}: {n} maps of {shape[1]}x{shape[2]} in {clock:.2f} s ({cpu:.2f} s of processor time); "
            f"{ratio:.1f} times faster than plainly on {few}"
        )


if __name__ == "__main__":
    main()
