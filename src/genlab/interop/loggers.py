"""What Lightning's loggers have no common method for: pictures, sounds, films, a run's final record, its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pytorch_lightning.loggers.logger import Logger
    from pytorch_lightning.loggers.tensorboard import TensorBoardLogger
    from pytorch_lightning.loggers.wandb import WandbLogger

Picture = str | Path | NDArray[np.uint8]
"""A PNG file, or an array uint8 (height, width, 3)."""


def log_picture(logger: Logger, key: str, picture: Picture, step: int, caption: str | None = None) -> None:
    """Show a picture in W&B or TensorBoard; a logger that has no pictures (CSV) ignores it.

    Args:
        key: as `samples` or `val/reconstructions`.
        step: the optimiser's step the picture belongs to.
        caption: shown below the picture, in W&B.
    """
    from pytorch_lightning.loggers.tensorboard import TensorBoardLogger
    from pytorch_lightning.loggers.wandb import WandbLogger

    if isinstance(logger, WandbLogger):
        import wandb

        from genlab.interop.wandb import STEP

        shown = picture if isinstance(picture, np.ndarray) else str(picture)
        logger.experiment.log({key: wandb.Image(shown, caption=caption), STEP: step})
    elif isinstance(logger, TensorBoardLogger):
        logger.experiment.add_image(key, _pixels(picture), step, dataformats="HWC")


def log_file(logger: Logger, key: str, path: Path, step: int) -> None:
    """Show a file that was written, a picture, a sound or a film as its ending says, as `log_picture` does."""
    from pytorch_lightning.loggers.tensorboard import TensorBoardLogger
    from pytorch_lightning.loggers.wandb import WandbLogger

    if path.suffix not in (".wav", ".gif", ".mp4"):
        log_picture(logger, key, path, step)
    elif isinstance(logger, WandbLogger):
        from genlab.interop.wandb import STEP

        logger.experiment.log({key: _wandb_file(path), STEP: step})
    elif isinstance(logger, TensorBoardLogger):
        _tensorboard_file(logger, key, path, step)


def log_files(logger: WandbLogger, key: str, files: Sequence[tuple[Path, str]]) -> None:
    """Show files (file, caption) side by side in one panel of W&B."""
    logger.experiment.log({key: [_wandb_file(file, caption) for file, caption in files]})


def _wandb_file(path: Path, caption: str | None = None) -> Any:
    import wandb

    if path.suffix == ".wav":
        return wandb.Audio(str(path), caption=caption)
    if path.suffix in (".gif", ".mp4"):
        return wandb.Video(str(path), caption=caption, format="gif" if path.suffix == ".gif" else "mp4")
    return wandb.Image(str(path), caption=caption)


def _tensorboard_file(logger: TensorBoardLogger, key: str, path: Path, step: int) -> None:
    """A sound as its samples; a GIF as it is, in the place of a picture, which plays. MP4 has no place."""
    if path.suffix == ".wav":
        import wave

        with wave.open(str(path)) as file:
            rate, frames = file.getframerate(), file.readframes(file.getnframes())
            values = np.frombuffer(frames, "<i2").reshape(-1, file.getnchannels()).mean(1) / 32768
        logger.experiment.add_audio(key, values[None].astype(np.float32), step, rate)
    elif path.suffix == ".gif":
        from PIL import Image
        from tensorboard.compat.proto.summary_pb2 import Summary

        with Image.open(path) as film:
            width, height = film.size
        shown = Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=path.read_bytes())
        summary = Summary(value=[Summary.Value(tag=key, image=shown)])
        logger.experiment._get_file_writer().add_summary(summary, step)


def log_summary(logger: Logger, record: Mapping[str, Any], step: int, split: str = "test") -> None:
    """Log the scores of a record (design: record.json) as `test/<name>`, with the ends of their intervals beside them.

    W&B gets the facts of the record too: status, seconds, hardware, data.
    """
    from pytorch_lightning.loggers.wandb import WandbLogger

    from genlab.interop.wandb import log_record

    if values := flat_scores(record.get("metrics") or {}, split):
        logger.log_metrics(values, step)
    if isinstance(logger, WandbLogger):
        log_record(logger, record)


def flat_scores(metrics: Mapping[str, Mapping[str, Any]], split: str) -> dict[str, float]:
    """{"fid_digits": {"value": 1, "low": 0, "high": 2}} -> {"test/fid_digits": 1, "test/fid_digits_low": 0, ...}."""
    flat = {}
    for name, score in metrics.items():
        for suffix, part in (("", "value"), ("_low", "low"), ("_high", "high")):
            if score.get(part) is not None:
                flat[f"{split}/{name}{suffix}"] = float(score[part])
    return flat


def finish(logger: Logger, status: str) -> None:
    """Write out what a logger still holds and close it. `status`: completed, failed or interrupted.

    A W&B run must be ended before the next run of the process begins, whatever happened; with its status, else a
    failed run is called finished.
    """
    from pytorch_lightning.loggers.wandb import WandbLogger

    from genlab.interop.wandb import finish as finish_wandb

    if isinstance(logger, WandbLogger):
        finish_wandb(logger, status)
    else:
        logger.finalize("success" if status == "completed" else status)


def _pixels(picture: Picture) -> NDArray[np.uint8]:
    if isinstance(picture, np.ndarray):
        return picture
    from PIL import Image

    with Image.open(picture) as image:
        return np.asarray(image.convert("RGB"))
