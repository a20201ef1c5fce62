"""Points: rows of numbers that are looked at together, as a cloud."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from genlab.modalities.figures import pixels_of
from genlab.modalities.grids import Pixels, save_png
from genlab.modalities.modality import Modality

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from torch import Tensor


class Points(Modality):
    """Points: stored as a model sees them, float32 (n, features); drawn by their first two features."""

    name = "points"
    stored_as = "(n, features) float32 points"
    suffixes = (".npy",)
    singly = False

    @classmethod
    def holds(cls, stored: Tensor) -> bool:
        import torch

        return stored.dtype == torch.float32 and stored.ndim == 2

    def to_model(self, stored: Tensor) -> Tensor:
        return stored

    def to_stored(self, x: Tensor, what: str = "samples") -> Tensor:
        from genlab.finite import finite

        return finite(x.detach(), what).float()

    def tiles(self, stored: Tensor) -> Tensor:
        """One picture: all of them."""
        import torch

        picture = cloud([stored.cpu()], [""], 1.1 * float(stored.abs().max()))
        return torch.from_numpy(picture).permute(2, 0, 1)[None]

    def preview(self, path: Path, stored: Tensor, columns: int | None = None) -> dict[str, Path]:
        """A plot, and beside it the numbers, as FILE.npy (float32)."""
        stored = stored.cpu()
        save_png(path, cloud([stored], ["samples"], 1.1 * float(stored.abs().max())))
        self.write(path.with_suffix(".npy"), stored)
        return {"samples": path}


def cloud(parts: list[Tensor], titles: list[str], reach: float) -> Pixels:
    """Clouds (n, 2) side by side, from -reach to reach, as a picture (height, width, 3)."""
    return pixels_of(clouds(parts, titles, len(parts), reach=reach))


def figure(width: float, height: float) -> Figure:
    """An empty plot, `width` and `height` in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=100, layout="constrained")


def clouds(
    parts: list[Tensor], titles: list[str], columns: int = 2, side: float = 3.5, reach: float | None = None
) -> Figure:
    """A panel for each cloud (n, 2), all on the same scale, that of the first one if none is given."""
    rows = -(-len(parts) // columns)
    plot = figure(side * columns, (side + 0.2) * rows)
    reach = reach or 1.1 * float(parts[0].abs().max())
    for k, (points, title) in enumerate(zip(parts, titles, strict=True)):
        axes = square(plot.add_subplot(rows, columns, k + 1), reach)
        axes.scatter(points[:, 0], points[:, 1], s=1.5 if side > 2 else 0.3, linewidths=0)
        axes.set_title(title, fontsize=9, loc="left")
    return plot


def square(axes: Axes, reach: float) -> Axes:
    """The axes, square and without numbers."""
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    return axes
