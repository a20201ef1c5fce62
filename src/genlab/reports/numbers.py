"""How numbers are written in tables: as many digits as they deserve."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from genlab.reports.ranking import interval, number

_NAMES = {
    "fid": "FID", "kid": "KID", "inception_score": "IS", "is": "IS", "psnr": "PSNR", "ssim": "SSIM", "lpips": "LPIPS",
    "nll": "NLL", "bpd": "bits/dim", "mse": "MSE", "fld": "FLD", "clip_score": "CLIP", "ms_ssim": "MS-SSIM",
    "fid_infinity": "FID∞", "fid_jackknife": "FID jackknife", "intra_fid": "FID within classes",
    "precision": "precision", "recall": "recall", "density": "density", "coverage": "coverage",
    "classifier_accuracy": "classifier accuracy", "classification_accuracy_score": "CAS",
    "intra_class_variability": "variability within classes", "feature_distance": "feature distance",
}  # fmt: skip
_ARROWS = {"lower": "↓", "higher": "↑"}


def metric_title(name: str, better: str | None = None) -> str:
    """ "fid_digits", "lower" -> "FID (digits) ↓"."""
    for stem in sorted(_NAMES, key=len, reverse=True):
        if name == stem or name.startswith(f"{stem}_"):
            rest = name[len(stem) + 1 :].replace("_", " ")
            title = f"{_NAMES[stem]} ({rest})" if rest else _NAMES[stem]
            break
    else:
        title = name.replace("_", " ")
    return f"{title} {_ARROWS[better]}" if better in _ARROWS else title


def decimals(value: float, width: float | None) -> int:
    """Decimals that show two digits of half an interval, or four digits of a number without one; at most four."""
    if width is not None and width > 0:
        digits = 1 - math.floor(math.log10(width / 2) + 1e-9)
    else:
        digits = 3 - (math.floor(math.log10(abs(value)) + 1e-9) if value else 0)
    return min(4, max(0, digits))


def score_text(score: Mapping[str, Any] | None) -> tuple[str, str]:
    """A score as its value and its interval: ("12.35", "[11.87, 12.85]"); ("–", "") when there is none."""
    value, ends = number(score, "value"), interval(score)
    if value is None:
        return ("–" if score is None else "not finite"), ""
    digits = decimals(value, ends[1] - ends[0] if ends else None)
    if ends is None or ends[0] == ends[1] == value:  # a count has no interval
        return f"{value:.{digits}f}", ""
    return f"{value:.{digits}f}", f"[{ends[0]:.{digits}f}, {ends[1]:.{digits}f}]"


def duration(seconds: float | None) -> str:
    """ "42 s", "3 min 5 s", "2 h 7 min", "3 d 4 h"."""
    if seconds is None:
        return "–"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, unit, below, lower in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // below
            return f"{whole // size} {unit}" + (f" {rest} {lower}" if rest else "")
    return f"{whole} s"
