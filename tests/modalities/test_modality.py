"""Every modality keeps its promises: stored and seen are one another's, files hold the item, previews are pictures."""

from __future__ import annotations

import ast
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

import genlab
from genlab.finite import NotFinite
from genlab.modalities.audio import Audio, _heard
from genlab.modalities.film import check_film
from genlab.modalities.image import Image
from genlab.modalities.modality import Modality, modalities
from genlab.modalities.points import Points
from genlab.modalities.tokens import Tokens
from genlab.modalities.video import Video

BYTES = (torch.arange(5 * 3 * 4 * 8 * 6) * 7 % 256).to(torch.uint8)
STORED: dict[Modality, torch.Tensor] = {
    Image(): BYTES.reshape(20, 3, 8, 6),
    Audio(8000): torch.arange(-32768, 32767, 13).to(torch.int16)[:4800].reshape(4, 2, 600),
    Video(fps=10): BYTES.reshape(5, 3, 4, 8, 6),
    Tokens(11): torch.arange(30).reshape(5, 6) % 11,
    Points(): torch.linspace(-2, 2, 20).reshape(10, 2),
}
EACH = pytest.mark.parametrize("modality", STORED, ids=lambda modality: modality.name)


def test_these_are_all() -> None:
    ours = {kind for kind in modalities() if kind.__module__.startswith("genlab.")}
    assert ours == {type(modality) for modality in STORED}


@EACH
def test_what_a_model_sees_is_stored_as_it_was(modality: Modality) -> None:
    stored = STORED[modality]
    seen = modality.to_model(stored)
    back = modality.to_stored(seen)
    assert back.dtype == stored.dtype
    assert torch.equal(back, stored)
    assert [kind for kind in modalities() if kind.holds(stored)] == [type(modality)]


@EACH
def test_what_is_no_number_is_not_stored(modality: Modality) -> None:
    x = modality.to_model(STORED[modality]).clone()
    if not x.is_floating_point():
        return
    x[1] = torch.nan
    with pytest.raises(NotFinite, match=f"1 of {len(x)} samples"):
        modality.to_stored(x)


@EACH
def test_a_still_picture_of_each_item_and_a_preview_of_all(modality: Modality, tmp_path: Path) -> None:
    stored = STORED[modality]
    tiles = modality.tiles(stored)
    assert tiles.dtype == torch.uint8
    assert tiles.shape[1] in (1, 3)
    assert len(tiles) == (len(stored) if modality.singly else 1)
    files = modality.preview(tmp_path / "all.png", stored)
    assert files["samples"] == tmp_path / "all.png"
    assert PILImage.open(files["samples"]).size > (20, 20)
    assert all(file.is_file() for file in files.values())


def read(path: Path) -> Any:
    if path.suffix == ".npy":
        return np.load(path)
    if path.suffix == ".wav":
        with wave.open(str(path)) as file:
            return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels()).T
    return np.asarray(PILImage.open(path)).transpose(2, 0, 1)


@EACH
def test_a_file_of_every_ending_holds_the_item(modality: Modality, tmp_path: Path) -> None:
    item = STORED[modality][1]
    for suffix in modality.suffixes:
        if suffix == ".mp4":
            continue
        path = modality.write(tmp_path / f"one{modality.check_suffix(suffix)}", item)
        if suffix == ".gif":
            assert PILImage.open(path).n_frames == item.shape[1]  # type: ignore[attr-defined]
        else:
            assert np.array_equal(read(path), item.numpy())
    with pytest.raises(ValueError, match=r"a file of \w+ ends in .*, not \.avi"):
        modality.check_suffix(".avi")


def test_loud_sounds_are_clipped_and_silence_is_a_line() -> None:
    audio = Audio(100)
    assert audio.to_stored(torch.tensor([[[-3.0, 0.0, 1.0, 3.0]]])).tolist() == [[[-32768, 0, 32767, 32767]]]
    (tile,) = audio.tiles(torch.zeros(1, 1, 50, dtype=torch.int16))
    assert (tile[0, 64:] < 255).sum(0).tolist() == [1] * tile.shape[2]
    assert not tile[0, :64].any()


def test_a_picture_of_a_wave_reaches_as_far_as_the_wave() -> None:
    t = torch.linspace(0, 40, 4000)
    loud, soft = Audio(8000).tiles((torch.stack([t.sin(), t.sin() / 4]) * 32767).to(torch.int16)[:, None])
    rows = [(tile[0, 64:] < 255).any(1).sum().item() for tile in (loud, soft)]
    assert rows[0] == 24
    assert abs(rows[1] - 24 / 4) <= 2


@pytest.mark.parametrize("columns", [8, 6])
def test_what_is_heard_of_a_grid_is_of_every_class_whether_classes_are_rows_or_columns(columns: int) -> None:
    chosen = _heard(48, columns)
    assert len(set(chosen)) == 8
    assert {i // 8 if columns == 8 else i % 6 for i in chosen} == set(range(6))
    assert _heard(3, columns) == [0, 1, 2]


def test_a_spectrogram_shows_a_tone_at_its_frequency() -> None:
    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(8000) / 8000)
    (tile,) = Audio(8000).tiles((tone * 16384).to(torch.int16)[None, None])
    brightest = tile[0, :64].float().mean(1).argmax().item()
    assert abs(brightest - 48) <= 1  # a quarter of the way up to 4,000 Hz
    assert 200 < tile[0, brightest].float().mean() <= 255


def test_a_film_ends_in_what_can_be_written() -> None:
    with pytest.raises(ValueError, match=r"a film ends in \.gif or \.mp4"):
        check_film(Path("film.avi"))


ASKING = ("data", "metrics", "reports", "interop", "callbacks", "commands", "editing")
"""Packages that ask the modality what data are."""


def counts_dimensions(node: ast.AST) -> bool:
    """Whether a number of dimensions is looked at: x.ndim, x.dim(), len(x.shape)."""
    if isinstance(node, ast.Attribute):
        return node.attr == "ndim"
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute):
        return node.func.attr == "dim"
    first = node.args[0] if node.args else None
    is_len = isinstance(node.func, ast.Name) and node.func.id == "len"
    return is_len and isinstance(first, ast.Attribute) and first.attr == "shape"


@pytest.mark.parametrize("package", ASKING)
def test_nobody_guesses_what_data_are_from_their_number_of_dimensions(package: str) -> None:
    folder = Path(genlab.__file__).parent / package
    guesses = [
        f"{path.name}:{node.lineno}"
        for path in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Compare | ast.Match) and any(counts_dimensions(part) for part in ast.walk(node))
    ]
    assert not guesses


def test_such_a_guess_would_be_found() -> None:
    for text in ("len(data.shape) == 1", "x.ndim != 4", "if x.dim() > 2: pass"):
        assert any(counts_dimensions(part) for part in ast.walk(ast.parse(text)))
