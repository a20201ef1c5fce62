"""Pictures of a model that translates between two domains: what it is given, makes of it, and makes of that again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from genlab.modalities import grids
from genlab.protocols import Direction, Translates

COLUMNS = 16
"""Pictures of each domain."""
_WAYS: tuple[tuple[Direction, Direction], ...] = (("a_to_b", "b_to_a"), ("b_to_a", "a_to_b"))


def draw_translations(module: Translates, data: Any, path: Path, device: torch.device | str) -> Path:
    """The first test pictures of each domain in a row, below them what they are in the other one, and what comes back.

    Rows are named by the domains of `data`.
    """
    modality, rows, labels = data.modality, [], []
    for (there, back), domain, names in zip(_WAYS, data.domains, _both_ways(data.domain_names), strict=True):
        source = modality.to_model(domain.items("test")[0][:COLUMNS]).to(device)
        with torch.no_grad():
            translated = module.translate(source, there)
            cycled = module.translate(translated, back)
        rows += [modality.tiles(modality.to_stored(x, "pictures").cpu()) for x in (source, translated, cycled)]
        labels += [f"{names[0]}: source", f"{names[1]}: translated", f"{names[0]}: cycled"]
    columns = min(map(len, rows))  # a domain may have fewer
    shown = torch.cat([row[:columns] for row in rows])
    grids.save_png(path, grids.grid(shown, columns, row_labels=labels))
    return path


def _both_ways(names: tuple[str, str]) -> tuple[tuple[str, str], tuple[str, str]]:
    return names, (names[1], names[0])
