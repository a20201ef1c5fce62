"""The pictures of a run: what the model draws, how it reconstructs and codes, and how its loss fell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genlab.conditions import ConditionInput, asks_of, conditions_for
from genlab.editing.latent import LatentSpace
from genlab.modalities import grids
from genlab.modalities.modality import Modality
from genlab.picture_size import size_to_draw
from genlab.protocols import (
    CodeMaps,
    Denoises,
    DrawsCodes,
    HasLatents,
    Reconstructs,
    Samples,
    ShowsDenoising,
    Translates,
)
from genlab.randomness import PerImage
from genlab.reports.code_maps import code_map_grid, latent_map_grid
from genlab.reports.curves import loss_curve
from genlab.reports.drawings import draw_each, or_notice
from genlab.reports.latent_traversals import draw_interpolations, draw_traversals
from genlab.reports.schedule import draw_schedule
from genlab.reports.translations import draw_translations
from genlab.runs import history
from genlab.runs.store import Run

ROWS, COLUMNS = 10, 8
UNFOLDED, MOMENTS = 4, 10
_SEED = 0
"""Names the noise of every grid: the same in all runs, so that pictures can be compared."""


def draw_samples(
    module: Samples, path: Path, device: torch.device | str, data: Any, negative_prompt: str | None = None
) -> dict[str, Path]:  # fmt: skip
    """A grid of samples: a row of eight for each class (at most ten), or ten rows of eight without classes; and beside
    it what sounds or moves of them, by kind.

    A model whose condition is more than a class gets the conditions of the test split of `data`, and the negative
    prompt where there is one. Its pictures have the size of those of `data`.
    """
    modality, more = data.modality, bool(asks_of(module) - {"label"})
    classes = None if more else module.num_classes
    labels = None if classes is None else torch.arange(min(classes, ROWS)).repeat_interleave(COLUMNS)
    n = ROWS * COLUMNS if labels is None else len(labels)
    with torch.no_grad():
        conditions = _asked(module, data, n, negative_prompt) if more else labels
        given = None if conditions is None else conditions.to(device)
        streams = PerImage.range(_SEED, 0, n, device)
        made = module.sample(n, given, generator=streams, **size_to_draw(module, data))
    x = modality.to_stored(made, "samples").cpu()
    tiles = modality.tiles(x)
    if labels is None:
        grids.save_png(path, grids.grid(tiles, COLUMNS))
    else:
        grids.save_png(path, grids.class_grid(tiles, labels, per_class=COLUMNS))
    return {"samples": path, **modality.media(path.with_suffix(""), x, COLUMNS)}


def _asked(module: Any, data: Any, n: int, negative_prompt: str | None) -> ConditionInput | None:
    request = conditions_for(module, data, "test", n)
    if request is None or negative_prompt is None:
        return request
    return request._replace(negative_prompt=[negative_prompt] * n)


def draw_unfolding(
    module: ShowsDenoising, path: Path, device: torch.device | str, data: Any, negative_prompt: str | None = None
) -> Path:  # fmt: skip
    """Samples in the making, from noise on the left: each above the clean samples that were predicted there."""
    n, more = UNFOLDED, bool(asks_of(module) - {"label"})
    conditions = _asked(module, data, n, negative_prompt) if more else None
    given, streams = conditions and conditions.to(device), PerImage.range(_SEED, 0, n, device)
    with torch.no_grad():
        x, x0 = module.denoising_trajectory(n, MOMENTS, given, generator=streams, **size_to_draw(module, data))
    rows = torch.stack([x, x0], 1).transpose(0, 2)  # (sample, of it or of what is predicted, moment, ...)
    tiles = data.modality.tiles(data.modality.to_stored(rows.flatten(0, 2), "pictures").cpu())
    names = ("current", "predicted") * UNFOLDED
    grids.save_png(path, grids.grid(tiles, x.shape[0], row_labels=names))
    return path


def draw_reconstructions(module: Reconstructs, data: Any, path: Path, device: torch.device | str) -> Path:
    """Test pictures above their reconstructions."""
    stored, labels = data.items("test")
    modality, n = data.modality, 4 * COLUMNS
    stored, labels = stored[:n], None if labels is None else labels[:n].to(device)
    with torch.no_grad():
        decoded = module.reconstruct(modality.to_model(stored).to(device), labels)
    above, below = modality.tiles(stored), modality.tiles(modality.to_stored(decoded, "pictures").cpu())
    grids.save_png(path, grids.pairs(above, below))
    return path


def draw_code_maps(module: CodeMaps, data: Any, path: Path, device: torch.device | str) -> Path | None:
    """Test pictures, their code maps, what these are decoded to; None where a code is a pixel and shows nothing new."""
    modality, stored = data.modality, data.items("test")[0][:COLUMNS]
    with torch.no_grad():
        codes = module.codes(modality.to_model(stored).to(device))
        decoded = modality.tiles(modality.to_stored(module.decode(codes), "pictures").cpu())
    return _save_code_maps(path, modality.tiles(stored), codes, decoded, module.num_embeddings)


def draw_latent_maps(module: HasLatents, data: Any, path: Path, device: torch.device | str) -> Path | None:
    """Test pictures, the channels of their latent maps, what these are decoded to; None where codes are drawn."""
    if isinstance(module, CodeMaps):
        return None
    modality, stored = data.modality, data.items("test")[0][:COLUMNS]
    with torch.no_grad():
        z = module.latents(modality.to_model(stored).to(device))
        decoded = modality.tiles(modality.to_stored(module.from_latents(z), "pictures").cpu())
    grids.save_png(path, latent_map_grid(modality.tiles(stored).numpy(), z.cpu().numpy(), decoded.numpy()))
    return path


def draw_drawn_codes(module: DrawsCodes, modality: Modality, path: Path, device: torch.device | str) -> Path | None:
    """Drawn code maps and the pictures that they are decoded to; None where a code is a pixel."""
    with torch.no_grad():
        codes = module.sample_codes(COLUMNS, generator=PerImage.range(_SEED, 0, COLUMNS, device))
        decoded = modality.tiles(modality.to_stored(module.decode(codes), "pictures").cpu())
    return _save_code_maps(path, None, codes, decoded, module.num_embeddings)


def _save_code_maps(path: Path, pixels: Tensor | None, codes: Tensor, decoded: Tensor, num_values: int) -> Path | None:
    if codes.shape[-2:] == decoded.shape[-2:]:
        return None
    originals = None if pixels is None else pixels.numpy()
    grids.save_png(path, code_map_grid(originals, codes.cpu().numpy(), decoded.numpy(), num_values))
    return path


def draw_all(module: Any, data: Any, folder: Path, stem: str, device: torch.device | str) -> dict[str, Path]:
    """Every picture that the model can give, by name: each is drawn where the model has the protocol for it."""
    modality = data.modality
    if not modality.singly:
        from genlab.reports.points import draw_points

        return draw_points(module, data, folder, stem, device)

    def file(kind: str) -> Path:
        return folder / f"{stem}_{kind}.png"

    def samples() -> Path | dict[str, Path]:
        path, translates = folder / f"{stem}.png", isinstance(module, Translates)
        if translates and hasattr(data, "domains"):
            return draw_translations(module, data, path, device)
        return draw_samples(module, path, device, data)

    return draw_each(module, {
        "samples": (Samples, samples),
        "unfolding": (ShowsDenoising, lambda: draw_unfolding(module, file("unfolding"), device, data)),
        "reconstructions": (
            Reconstructs, lambda: draw_reconstructions(module, data, file("reconstructions"), device)
        ),
        "code_maps": (CodeMaps, lambda: draw_code_maps(module, data, file("code_maps"), device)),
        "latent_maps": (HasLatents, lambda: draw_latent_maps(module, data, file("latent_maps"), device)),
        "drawn_codes": (DrawsCodes, lambda: draw_drawn_codes(module, modality, file("drawn_codes"), device)),
        "interpolations": (LatentSpace, lambda: draw_interpolations(module, data, file("interpolations"), device)),
        "walks": (LatentSpace, lambda: draw_traversals(module, data, file("walks"), device)),
    })  # fmt: skip


def draw_curve(run: Run) -> Path | None:
    """The run's loss curve; None without a history."""
    lines = history.read(run.history_file)
    return loss_curve(lines, run.samples / "loss.png") if lines else None


def draw_process(module: Any, data: Any, run: Run) -> dict[str, Path]:
    """What the model's process does to test items, drawn once a run; nothing where its data are codes."""
    path = run.samples / "schedule.png"
    denoises = isinstance(module, Denoises)
    if not denoises or not data.modality.singly or path.is_file():
        return {}
    x = data.modality.to_model(data.items("test")[0][:2]).to(module.device)
    x0 = module.codec.encode(x)
    if x0.shape != x.shape:  # codes are no pictures
        return {}
    process, decode = module.denoiser.process, module.codec.decode
    return or_notice("schedule", lambda: draw_schedule(process, x0, path, data.modality, decode=decode))
