"""One pass over MNIST: the resident data module against what is commonly written.

    python benchmarks/data.py [--rounds 5] [--batch-size 128] [--workers 2] [--data-dir DIR]

The peers are torch's DataLoader over torchvision's MNIST (PIL pictures, ToTensor), the same with worker processes, and
over a TensorDataset of floats; the bare loop is a shuffled index and a scale on tensors in memory. Passes take turns,
so that a machine that is busy for a while is busy for all; ratios are medians over the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch.utils.data import DataLoader, Subset, TensorDataset
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

from genlab.data.catalog import default_data_dir
from genlab.data.fetch import files_of
from genlab.data.idx import IdxImages
from genlab.data.image_datamodule import ImageDataModule
from genlab.modalities.pixels import to_model

N = 55_000


def seconds(make: Callable[[], Iterable[object]]) -> float:
    """For a pass over the loader that `make` gives; it is made within the time, as at the start of an epoch."""
    start = time.perf_counter()
    for _ in make():
        pass
    return time.perf_counter() - start


def peers(
    data_dir: Path, data: ImageDataModule, batch_size: int, workers: int
) -> dict[str, Callable[[], Iterable[object]]]:
    """Name -> a function that starts a pass over N training pictures."""
    files = files_of("mnist", data_dir)
    root = Path(tempfile.mkdtemp())
    (root / "MNIST").mkdir()
    (root / "MNIST" / "raw").symlink_to(files)  # where torchvision looks
    pil = Subset(MNIST(str(root), transform=ToTensor()), range(N))
    pixels, labels = data.items("train")
    assert labels is not None
    floats = TensorDataset(to_model(pixels), labels)
    loader = data.train_dataloader()
    epoch = 0

    def resident() -> Iterable[object]:
        nonlocal epoch
        epoch += 1
        loader.set_epoch(epoch)
        return loader

    def bare() -> Iterable[object]:
        for rows in torch.randperm(N).split(batch_size):
            yield to_model(pixels[rows]), labels[rows]

    def torch_loader(dataset: object, workers: int = 0) -> Callable[[], Iterable[object]]:
        return lambda: DataLoader(dataset, batch_size, shuffle=True, num_workers=workers)  # type: ignore[arg-type]

    return {
        "genlab": resident,
        "bare loop": bare,
        "DataLoader, TensorDataset": torch_loader(floats),
        "DataLoader, PIL + ToTensor": torch_loader(pil),
        f"DataLoader, PIL + ToTensor, {workers} workers": torch_loader(pil, workers),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--data-dir", type=Path, default=default_data_dir())
    options = parser.parse_args()

    start = time.perf_counter()
    data = ImageDataModule(IdxImages("mnist", options.data_dir), 1, 28, 10, options.batch_size, val_size=5000)
    data.train_dataloader()
    ready = time.perf_counter() - start
    passes = peers(options.data_dir, data, options.batch_size, options.workers)
    times: dict[str, list[float]] = {name: [] for name in passes}
    for _ in range(options.rounds):
        for name, make in passes.items():
            times[name].append(seconds(make))

    table = Table(
        title=f"one pass over {N:,} pictures of MNIST, batches of {options.batch_size}, {options.rounds} rounds"
    )
    for column in ("", "seconds", "images/s", "times slower than genlab (lowest, highest)"):
        table.add_column(column, justify="left" if not column else "right")
    for name, own in times.items():
        ratios = [peer / mine for peer, mine in zip(own, times["genlab"], strict=True)]
        middle = statistics.median(own)
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}, {max(ratios):.2f})"
        table.add_row(name, f"{middle:.3f}", f"{N / middle:,.0f}", spread)
    Console().print(table)
    print(f"from the prepared cache to the first loader: {ready:.3f} s; threads: {torch.get_num_threads()}")


if __name__ == "__main__":
    main()
