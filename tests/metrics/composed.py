"""Pictures of a coloured square in a corner, with what they show in words and by attribute, and who draws them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from genlab.conditions import ConditionInput
from genlab.data.source import Attribute
from genlab.modalities.image import Image
from genlab.modalities.pixels import to_model

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
CORNERS = ("upper left", "upper right", "lower left", "lower right")
HELD_OUT = ("red", "lower right")


def drawn(colour: str, corner: str) -> Tensor:
    """(3, 8, 8) uint8: a square of 3 pixels on grey."""
    picture = torch.full((3, 8, 8), 100, dtype=torch.uint8)
    top, left = 4 * corner.startswith("lower"), 4 * corner.endswith("right")
    picture[:, top : top + 3, left : left + 3] = torch.tensor(COLOURS[colour], dtype=torch.uint8)[:, None, None]
    return picture


def of_caption(caption: str) -> Tensor:
    """The picture that a caption asks for."""
    colour, corner = caption.split(" square, ")
    return drawn(colour, corner)


class Squares:
    """Every second test picture is of the pair that is never trained on, where `holds_out`."""

    name, num_classes, shape, modality, checksum = "squares", None, (3, 8, 8), Image(), "squares-of-the-tests"

    told = frozenset({"colour", "corner"})

    def __init__(self, holds_out: bool = True) -> None:
        pairs = [(colour, corner) for colour in COLOURS for corner in CORNERS]
        seen = [pair for pair in pairs if pair != HELD_OUT]
        test = [HELD_OUT if i % 2 and holds_out else seen[i // 2 % len(seen)] for i in range(44)]
        self.holds_out = holds_out
        self.pairs = {"train": seen * 8 if holds_out else pairs * 8, "val": seen, "test": test}

    def items(self, split: str) -> tuple[Tensor, None]:
        return torch.stack([drawn(*pair) for pair in self.pairs[split]]), None

    def captions(self, split: str) -> list[str]:
        return [f"{colour} square, {corner}" for colour, corner in self.pairs[split]]

    def conditions(self, split: str, n: int) -> ConditionInput:
        captions = self.captions(split)
        return ConditionInput(prompt=[captions[i % len(captions)] for i in range(n)])

    def attributes(self, split: str) -> dict[str, Attribute]:
        pairs = self.pairs[split]
        told = {
            "colour": Attribute(tuple(COLOURS), np.array([list(COLOURS).index(colour) for colour, _ in pairs])),
            "corner": Attribute(CORNERS, np.array([CORNERS.index(corner) for _, corner in pairs])),
        }
        if self.holds_out:
            told["held_out"] = Attribute(("seen", "held-out"), np.array([int(pair == HELD_OUT) for pair in pairs]))
        return told


class Drawing:
    """Draws what the prompts ask for, in the colour `always` where one is given."""

    num_classes, asks = None, frozenset({"prompt"})

    def __init__(self, always: str | None = None) -> None:
        self.always = always

    def sample(self, n: int, condition: Any = None, *, generator: Any = None) -> Tensor:
        captions = [f"{self.always or text.split(' ')[0]} {text.partition(' ')[2]}" for text in condition.prompt]
        return to_model(torch.stack([of_caption(caption) for caption in captions]))


class Mirroring:
    """Reconstructs a picture mirrored left to right."""

    def reconstruct(self, x: Tensor, condition: Any = None) -> Tensor:
        return torch.roll(x.flip(-1), -1, -1)
