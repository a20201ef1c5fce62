"""The pictures of many runs, made to fit into one page."""

from __future__ import annotations

import base64
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from genlab.regular import MOST_BYTES, read_regular

BUDGET = 11_000_000
"""Bytes of pictures in a page; a third more once they are text."""

_MANY = 600
"""Pictures at most, once they have to be made smaller: each takes a hundredth of a second."""
_SIDE = 320
"""Pixels of the longer side of a picture that was made smaller."""
_BATCH = 64
_FULL = 0.98
"""Share of the budget from which nothing more is looked at: hardly a picture would fit."""
_MIME = {".png": "image/png", ".gif": "image/gif", ".wav": "audio/wav", ".mp4": "video/mp4"}


@dataclass
class Strip:
    """The pictures, sounds or films of one run: training step -> data URI."""

    run: int
    pictures: dict[int, str] = field(default_factory=dict)


@dataclass
class Gallery:
    """The pictures of one kind, a strip for each run that has some."""

    kind: str
    strips: list[Strip]
    left_out: int = 0
    """Pictures that the page has no room for."""


def galleries(pictures: Sequence[Mapping[str, Mapping[int, Path]]], budget: int = BUDGET) -> list[Gallery]:
    """The galleries of runs, each given as kind -> training step -> file: a picture, a sound or a film.

    While all pictures together are within `budget` bytes they are taken as they are. Else they are made smaller and
    taken until the budget is spent: of every run the last step first, then the first, then those between.
    """
    kinds = list(dict.fromkeys(kind for run in pictures for kind in run))
    kinds.sort(key=lambda kind: (kind != "samples", kind))
    wanted = [(kind, run, step) for kind, run, step in _by_priority(kinds, pictures)]
    sizes = sum(pictures[run][kind][step].stat().st_size for kind, run, step in wanted)
    whole = sizes <= budget
    wanted = wanted if whole else wanted[:_MANY]
    found = {kind: Gallery(kind, []) for kind in kinds}
    strips: dict[tuple[str, int], Strip] = {}
    spent = 0
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            files = [pictures[run][kind][step] for kind, run, step in batch]
            for (kind, run, step), (mime, data) in zip(
                batch, pool.map(_whole if whole else _smaller, files), strict=True
            ):
                if not data or spent + len(data) > budget:
                    continue
                spent += len(data)
                strip = strips.setdefault((kind, run), Strip(run))
                strip.pictures[step] = f"data:{mime};base64,{base64.b64encode(data).decode()}"
            if spent > _FULL * budget:
                break
    for kind, gallery in found.items():
        gallery.strips = [strips[key] for key in sorted(strips) if key[0] == kind]
        total = sum(len(run.get(kind, {})) for run in pictures)
        gallery.left_out = total - sum(len(strip.pictures) for strip in gallery.strips)
    return [gallery for gallery in found.values() if gallery.strips]


def _by_priority(
    kinds: Sequence[str], pictures: Sequence[Mapping[str, Mapping[int, Path]]]
) -> Iterator[tuple[str, int, int]]:
    """(kind, run, step): the most telling picture of every run before the next of any."""
    orders = [
        (kind, run, order_of_steps(list(shown[kind])))
        for kind in kinds
        for run, shown in enumerate(pictures)
        if kind in shown
    ]
    for rank in range(max((len(order) for _, _, order in orders), default=0)):
        for kind, run, order in orders:
            if rank < len(order):
                yield kind, run, order[rank]


def order_of_steps(steps: Sequence[int]) -> list[int]:
    """The last, the first, then the middle of the widest gap, and so on: any beginning of it is spread evenly."""
    steps = sorted(steps)
    chosen = [len(steps) - 1, 0][: len(steps)]
    while len(chosen) < len(steps):
        known = sorted(chosen)
        low, high = max(itertools.pairwise(known), key=lambda gap: gap[1] - gap[0])
        chosen.append((low + high) // 2)
    return [steps[i] for i in chosen]


def _whole(path: Path) -> tuple[str, bytes]:
    try:
        return _MIME[path.suffix], read_regular(path, MOST_BYTES)
    except OSError:
        return "", b""


def _smaller(path: Path) -> tuple[str, bytes]:
    from PIL import Image

    if path.suffix != ".png":  # there is no smaller sound, and a film would lose its frames
        return _whole(path)
    try:
        with Image.open(path) as image:
            picture = image.convert("RGB")
    except (OSError, ValueError):
        return "", b""  # a picture that cannot be read is missing from the page, nothing else
    picture.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    buffer = io.BytesIO()
    picture.save(buffer, format="WEBP", quality=60, method=2)
    return "image/webp", buffer.getvalue()
