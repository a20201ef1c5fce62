"""Pictures of points in the plane: data and samples, a learnt field, the way from data to noise and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from genlab.finite import finite
from genlab.modalities.figures import pixels_of
from genlab.modalities.grids import save_png
from genlab.modalities.points import clouds, figure, square
from genlab.protocols import Samples
from genlab.randomness import PerImage, Randomness
from genlab.reports.drawings import draw_each

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SEED, _POINTS, _SNAPSHOTS = 0, 1000, 10


@runtime_checkable
class HasField(Protocol):
    """Knows a vector at every point."""

    def field(self, x: Tensor) -> Tensor: ...


@runtime_checkable
class HasSnapshots(Protocol):
    """Can show the way from data to noise and back."""

    def snapshots(self, x: Tensor, count: int, *, generator: Randomness = None) -> tuple[Tensor, Tensor]: ...


def draw_points(module: Any, data: Any, folder: Path, stem: str, device: torch.device | str) -> dict[str, Path]:
    """Every picture that a model of points in the plane can give, by name: samples, field, snapshots."""
    real = data.items("test")[0][:_POINTS]

    def samples() -> Path:
        x = module.sample(_POINTS, generator=PerImage.range(_SEED, 0, _POINTS, device)).cpu()
        return _save(clouds([real, finite(x, "samples")], ["data", "samples"]), folder / f"{stem}.png")

    def field() -> Path:
        return _save(_field(module, real, device), folder / f"{stem}_field.png")

    def snapshots() -> Path:
        generator = PerImage.range(_SEED, 0, len(real), device)
        there, back = module.snapshots(real.to(device), _SNAPSHOTS, generator=generator)
        parts = [finite(points, "points") for points in (*there.cpu(), *back.cpu())]
        texts = ["forward", *[""] * (_SNAPSHOTS - 1), "backward", *[""] * (_SNAPSHOTS - 1)]
        return _save(clouds(parts, texts, _SNAPSHOTS, 1.2), folder / f"{stem}_snapshots.png")

    with torch.no_grad():
        return draw_each(
            module,
            {"samples": (Samples, samples), "field": (HasField, field), "snapshots": (HasSnapshots, snapshots)},
        )


def _field(module: HasField, real: Tensor, device: torch.device | str) -> Figure:
    """Arrows of unit length on a grid, their colour the logarithm of the field's, over the data."""
    reach = 1.1 * float(real.abs().max())
    axis = torch.linspace(-reach, reach, 24)
    grid = torch.cartesian_prod(axis, axis)
    vectors = finite(module.field(grid.to(device)).cpu(), "vectors of the field")
    length = vectors.norm(dim=1, keepdim=True).clamp(min=1e-6)
    plot = figure(5, 4.4)
    axes = square(plot.add_subplot(), reach)
    axes.scatter(real[:, 0], real[:, 1], s=1, c="0.7", linewidths=0)
    arrows = axes.quiver(
        *grid.T.numpy(), *(vectors / length).T.numpy(), length.log10().numpy(), angles="xy", scale=30, width=0.004
    )
    plot.colorbar(arrows, label="log10 of the length")
    return plot


def _save(figure: Figure, path: Path) -> Path:
    save_png(path, pixels_of(figure))
    return path
