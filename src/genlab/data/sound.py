"""Sound files as waves: read, made mono, brought to one rate and cut to one length. Torch-free."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genlab.data.fetch import DataUnavailableError
from genlab.data.prepared import About, Write
from genlab.data.walk import shown
from genlab.errors import listed
from genlab.progress import progress

Wave = NDArray[np.float64]
"""(samples,), 1 is full scale."""

Cut = Literal["start", "slices"]
Normalize = Literal["peak"]

_FULL = 32768
"""What of int16 is 1; as in modalities.audio."""
_SILENT = 1e-3
"""Of the peak: what is quieter before a sound begins is cut off (-60 dB)."""
_FADE = 0.005
"""Seconds in which a sound that is cut fades away: else its end would click."""


class Piece(NamedTuple):
    """A file of a source, and what is known of it."""

    name: str
    """Relative to the source's folder."""
    label: int | None
    group: int
    """Sounds of one group never fall into different splits."""


def check_reader() -> None:
    """Raise DataUnavailableError, one sentence, where the extra that reads sound files is not installed."""
    try:
        import soundfile  # noqa: F401
    except (ImportError, OSError) as error:  # OSError: without its library libsndfile
        raise DataUnavailableError("sound files need the extra audio: pip install 'genlab[audio]'") from error


def read_sound(path: Path, rate: int) -> Wave:
    """The file as mono, the mean of its channels, with `rate` samples a second.

    Any format, width and number of channels that libsndfile reads. Resampled by a polyphase filter, which keeps what
    lies below half of the lower rate; a file of that rate stays as it is, bit for bit.

    Raises:
        ValueError: it cannot be read, is empty, or holds numbers that are not finite; in a few words, without its name.
    """
    import soundfile
    from scipy.signal import resample_poly

    try:
        channels, own_rate = soundfile.read(path, dtype="float64", always_2d=True)
    except (soundfile.SoundFileError, OSError, ValueError, TypeError) as error:
        raise ValueError(f"no sound: {getattr(error, 'error_string', error)}") from error
    if not len(channels):
        raise ValueError("it is empty")
    if not np.isfinite(channels).all():
        raise ValueError("it holds numbers that are not finite")
    divisor = math.gcd(rate, own_rate)
    wave: Wave = channels.mean(1)
    return wave if own_rate == rate else resample_poly(wave, rate // divisor, own_rate // divisor)


def to_int16(wave: Wave) -> NDArray[np.int16]:
    """1 -> 32768, rounded to the nearest and clamped: what a 16-bit file holds."""
    return np.clip(np.rint(wave * _FULL), -_FULL, _FULL - 1).astype(np.int16)


def clips(wave: Wave, rate: int, samples: int, cut: Cut) -> NDArray[np.float64]:
    """(clips, samples) of a wave.

    "start": one, from where the sound begins; it fades out where there is more of it. "slices": one after the other,
    which joined are the wave again but for an incomplete last one. A shorter wave is followed by silence.
    """
    if cut == "start":
        loud = np.flatnonzero(np.abs(wave) > _SILENT * np.abs(wave).max())
        wave = wave[loud[0] :] if len(loud) else wave
        if len(wave) > samples:
            fade = min(samples, round(_FADE * rate))
            wave = wave[:samples] * np.append(np.ones(samples - fade), np.linspace(1, 0, fade))
    if len(wave) < samples:
        wave = np.pad(wave, (0, samples - len(wave)))
    return wave[: len(wave) // samples * samples].reshape(-1, samples)


def convert(
    root: Path, pieces: Iterable[Piece], rate: int, samples: int, cut: Cut, normalize: Normalize | None, write: Write,
    what: str,
) -> tuple[About, list[str]]:  # fmt: skip
    """Hand the clips of files to `write` as int16 (k, 1, samples).

    Args:
        normalize: "peak" brings each file to full scale; None leaves it as loud as it is.
        what: the work, for a person who waits.

    Returns:
        Labels, groups and notes of what is left out, and the file of each clip.
    """
    check_reader()
    labels, groups, names, unread, silent = [], [], list[str](), list[str](), 0
    pieces = list(pieces)
    with progress(what, len(pieces), "files") as advance:
        for piece in pieces:
            advance(1)
            try:
                wave = read_sound(root / piece.name, rate)
            except ValueError as error:
                unread.append(f"{shown(piece.name)} ({error})")
                continue
            loudest = np.abs(wave).max()
            kept = to_int16(clips(wave / loudest if normalize and loudest else wave, rate, samples, cut))
            heard = kept.any(1)
            silent += int((~heard).sum())
            if heard.any():
                write(kept[heard][:, None])
                labels += [piece.label] * int(heard.sum())
                groups += [piece.group] * int(heard.sum())
                names += [piece.name] * int(heard.sum())
    notes = [f"{len(unread)} of the {len(pieces)} files cannot be read: {listed(unread, 5)}"] if unread else []
    notes += [f"{silent} {'clip is' if silent == 1 else 'clips are'} silent and left out"] if silent else []
    known = None if None in labels or not labels else np.array(labels, np.int64)
    return About(known, None, 0, np.array(groups, np.int64), notes), names
