"""What scoring costs: python benchmarks/metrics.py [extraction] [sharing] [frechet] [memory]

Every number is a ratio, to a peer or to its limit: at most 1 is wanted where nothing else is said. Ratios of times are
medians over interleaved repetitions, or of CPU time, so that what else the machine does counts little. Weights are
random: they cost the same as trained ones. Nothing is downloaded.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import torch

ROWS: list[tuple[str, float, str]] = []


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def both(work: Callable[[], object]) -> tuple[float, float]:
    """(wall, CPU) seconds: the latter does not see what else the machine does."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def ratio(ours: Callable[[], object], theirs: Callable[[], object], repeats: int) -> float:
    """Median of (our time / their time), taken in turns, after one warm-up of each."""
    ours(), theirs()
    return statistics.median(seconds(ours) / seconds(theirs) for _ in range(repeats))


def random_inception(folder: Path) -> Path:
    """A weight file of torch-fidelity's format."""
    from torch_fidelity import feature_extractor_inceptionv3 as theirs

    class Unloaded(theirs.FeatureExtractorInceptionV3):
        def load_state_dict(self, *args: object, **kwargs: object) -> None: ...

    path = folder / "inception.pth"
    torch.save({}, path)
    torch.save(Unloaded("random", ["2048"], str(path)).state_dict(), path)
    return path


def extraction(folder: Path) -> None:
    """Features of the same pictures, weights and batch size."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    from genlab.metrics.extractors.inception import Inception

    weights, images = random_inception(folder), torch.randint(0, 256, (16, 3, 32, 32), dtype=torch.uint8)
    ours = Inception(str(folder), str(weights))
    ours.batch_size = 16
    ours.prepare(None)
    theirs = FeatureExtractorInceptionV3("theirs", ["2048", "logits_unbiased"], str(weights))
    with torch.no_grad():
        found = ratio(lambda: ours(images), lambda: theirs(images), 5)
    ROWS.append(("InceptionV3 features, time over torch-fidelity's", found, ""))


class Digits:
    """1,000 pictures of 28 pixels with labels, made from scikit-learn's digits."""

    name, checksum, num_classes, shape = "digits28", "made", 10, (1, 28, 28)

    def __init__(self) -> None:
        from genlab.data.digits import Digits as Source

        source = Source().load(1, 28)
        rows = torch.arange(1000) % len(source.pixels)
        self._all = torch.from_numpy(source.pixels)[rows], torch.from_numpy(source.labels)[rows]

    def items(self, split: str) -> tuple[torch.Tensor, torch.Tensor]:
        return self._all


def sharing(folder: Path) -> None:
    """All metrics of samples on one extractor, over its extraction of the samples alone; and a second evaluation."""
    from genlab.metrics.extractors.efficientnet_lite0 import EfficientNetLite0, EfficientNetLite0Network
    from genlab.metrics.fid_infinity import FIDInfinity
    from genlab.metrics.fid_jackknife import FIDJackknife
    from genlab.metrics.frechet import FrechetDistance
    from genlab.metrics.inception_score import InceptionScore
    from genlab.metrics.kid import KID
    from genlab.metrics.prdc import PrecisionRecall
    from genlab.metrics.source import Fixed
    from genlab.metrics.suite import Suite

    class Untrained(EfficientNetLite0):
        def check(self, data: object, report: object = None) -> None: ...

        def load(self, data: object, report: object) -> tuple[torch.nn.Module, str]:
            return EfficientNetLite0Network().to(memory_format=torch.channels_last), "random"

    data, extractor = Digits(), Untrained(str(folder))
    metrics = {
        "fid": FrechetDistance(extractor), "is": InceptionScore(extractor), "kid": KID(extractor),
        "prdc": PrecisionRecall(extractor), "fid_infinity": FIDInfinity(extractor),
        "fid_jackknife": FIDJackknife(extractor),
    }  # fmt: skip
    suite = Suite(metrics, 500, 250, 0, "test", str(folder / "sharing"))
    pictures = Fixed(data.items("test")[0][:500], None, "benchmark")
    looked_at: dict[str, int] = {}

    def evaluate() -> None:
        looked_at.clear()
        suite.evaluate_pictures(pictures, data, progress=lambda what, done, total: looked_at.update({what: done}))

    _, first = both(evaluate)
    (_, second), (_, alone) = both(evaluate), both(lambda: extractor(pictures.pixels))
    again = looked_at.get(f"{extractor.name} features", 0)
    ROWS.append(("six metrics of one extractor over extraction, CPU time, 500 samples", second / alone, "at most 1.1"))
    ROWS.append(("a second evaluation over the first, with 1,000 reference pictures, CPU time", second / first, "0.33"))
    ROWS.append(("reference pictures that the second evaluation looks at, of 1,000", again / 1000, "0"))


def frechet(folder: Path) -> None:
    """The distance of two 2048-dimensional Gaussians: CPU seconds over threads, against 3 s."""
    from genlab.metrics.frechet import frechet_distance
    from genlab.metrics.moments import moments

    a, b = (moments(torch.randn(4000, 2048) @ torch.randn(2048, 2048) * 0.02) for _ in range(2))
    torch.set_num_threads(2)
    took = min(both(lambda: frechet_distance(a, b))[1] for _ in range(3)) / torch.get_num_threads()
    ROWS.append(("Frechet distance of 2048 features, covariances given, CPU time of 2 threads over 3 s", took / 3, ""))


def memory(folder: Path) -> None:
    """Peak memory of a process that computes FID of 50,000 items of 2048 features against as many."""
    ended = subprocess.run([sys.executable, __file__, "_memory"], capture_output=True, text=True, check=True)
    peak = float(ended.stdout)
    ROWS.append(("peak memory of FID of 50,000 x 2048 features against as many, over 1.5 GB", peak / 1.5, ""))


def _memory(folder: Path) -> None:
    """In a process of its own: a projection stands for the network, everything else is the real path."""
    from genlab.metrics.extractors.extractor import Activations, Extractor
    from genlab.metrics.frechet import FrechetDistance
    from genlab.metrics.source import Fixed
    from genlab.metrics.suite import Suite

    class Projection(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(784, 2048)

        def forward(self, images: torch.Tensor) -> Activations:
            return Activations(self.layer(images.flatten(1).float() / 255).relu(), None)

    class Projected(Extractor):
        name, resize, identity = "projected", "none", ("projected",)

        def check(self, data: object, report: object = None) -> None: ...

        def load(self, data: object, report: object) -> tuple[torch.nn.Module, str]:
            torch.manual_seed(0)
            return Projection(), "random"

    class Many(Digits):
        def items(self, split: str) -> tuple[torch.Tensor, torch.Tensor]:
            noise = torch.randint(
                0, 256, (50_000, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
            )
            return noise, torch.zeros(50_000, dtype=torch.int64)

    data = Many()
    suite = Suite({"fid": FrechetDistance(Projected())}, 1, 500, 0, "test", str(folder / "memory"))
    suite.evaluate_pictures(Fixed(data.items("test")[0].flip(0) // 2, None, "benchmark"), data)
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f}")


def main() -> None:
    warnings.simplefilter("ignore")
    parts = {"extraction": extraction, "sharing": sharing, "frechet": frechet, "memory": memory}
    chosen = sys.argv[1:] or list(parts)
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen:
            (parts | {"_memory": _memory})[name](Path(folder))
    if ROWS:
        from rich.console import Console
        from rich.table import Table

        table = Table("what", "measured", "wanted", title=f"scoring, {torch.get_num_threads()} threads")
        for what, measured, wanted in ROWS:
            table.add_row(what, f"{measured:.2f}", wanted or "at most 1")
        Console().print(table)


if __name__ == "__main__":
    main()
