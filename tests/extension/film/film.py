"""Films of a dot that moves: a data set of five dimensions, and a network of three."""

import torch
from torch import nn

from genlab.data.items import Items
from genlab.data.resident_data import ResidentData
from genlab.modalities.video import Video


class Dots(ResidentData):
    """A white dot goes from left to right over 8 x 12 pixels in 6 frames, each film in a row of its own."""

    name, num_classes, modality = "dots", 8, Video(fps=6)

    def load(self, split):
        row = torch.arange({"train": 64, "val": 16, "test": 16}[split]) % 8
        films = torch.zeros(len(row), 1, 6, 8, 12, dtype=torch.uint8)
        for frame in range(6):
            films[torch.arange(len(row)), 0, frame, row, 2 * frame] = 255
        return Items(films, row)


class Conv3d(nn.Module):
    """(batch, 1, frames, height, width) -> the same, told the noise level."""

    def __init__(self, width: int = 12, depth: int = 3):
        super().__init__()
        self.first, self.last = nn.Conv3d(2, width, 3, padding=1), nn.Conv3d(width, 1, 1)
        self.hidden = nn.ModuleList(nn.Conv3d(width, width, 3, padding=1) for _ in range(depth))

    def forward(self, x, level, condition=None):
        told = (level.log1p() / 7).reshape(-1, 1, 1, 1, 1).expand_as(x)
        h = self.first(torch.cat([x, told], 1))
        for layer in self.hidden:
            h = h + layer(nn.functional.silu(h))
        return self.last(h)


class Flicker:
    """Mean difference of neighbouring frames, in grey levels."""

    needs, modality, names = frozenset({"samples", "pixels"}), frozenset({"video"}), ("flicker",)

    def scores(self, evaluation):
        from genlab.metrics.intervals import mean_with_interval
        from genlab.metrics.score import Score

        values = evaluation.pixels().float().diff(dim=2).abs().flatten(1).mean(1)
        measured = mean_with_interval(values, evaluation.seed)
        made = {"interval": "bootstrap", **evaluation.samples_made()}
        return {"flicker": Score(*measured, len(values), "grey levels", "lower", {}, made)}
