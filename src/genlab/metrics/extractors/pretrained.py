"""Models in the format of transformers: a folder of one's own, one in the folder of weights, or from the hub."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from genlab.data.digest import file_digest, listing_digest
from genlab.notice import Notice

_FILES = [
    "config.json", "*.safetensors", "*.safetensors.index.json", "tokenizer*.json", "vocab.json", "merges.txt",
    "special_tokens_map.json",
]  # fmt: skip
"""No pickles: weights are read from safetensors alone."""


_TIMEOUT = 10.0  # seconds without an answer; that of downloading is the client's own


def pretrained_folder(model: str, weights_dir: Path, asked_for: str, instead: str) -> Path:
    """The folder of `model`, a path or a name on the hub ("owner/name"); fetched into `weights_dir` when first used.

    Args:
        asked_for: the config's words for it, for errors; `instead` what else may be chosen.

    Raises:
        ValueError: transformers is not installed, or the model can be had from nowhere.
    """
    try:
        import transformers  # noqa: F401
    except ImportError:
        raise ValueError(f"{asked_for} needs transformers: pip install 'genlab[text]', or {instead}") from None
    own = Path(model).expanduser()
    if _is_model(own):
        return own
    folder = weights_dir / model.replace("/", "--")
    if not _is_model(folder):
        _fetch(model, folder, asked_for, instead)
    return folder


def _is_model(folder: Path) -> bool:
    return (folder / "config.json").is_file() and any(folder.glob("*.safetensors"))


def _fetch(model: str, folder: Path, asked_for: str, instead: str) -> None:
    from huggingface_hub import snapshot_download

    warnings.warn(f"fetching the model {model!r} from the hub into {folder}", Notice, stacklevel=2)
    try:
        snapshot_download(model, local_dir=folder, allow_patterns=_FILES, etag_timeout=_TIMEOUT)
        reason = "" if _is_model(folder) else "it holds no config.json or no *.safetensors"
    except Exception as error:  # the hub's client raises its own, its network library's and the system's
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if reason:
        raise ValueError(
            f"{asked_for} needs the model {model!r}, which is neither a folder nor in {folder}, and the hub did not "
            f"give it ({reason}): put its config.json and *.safetensors there, or {instead}"
        )


def folder_sha256(folder: Path) -> str:
    """SHA-256 of a model's weights and config, whatever else lies beside them."""
    files = [folder / "config.json", *sorted(folder.glob("*.safetensors"))]
    return listing_digest((file.name, file_digest(file)) for file in files)


def quietly(cls: Any, folder: Path) -> Any:
    """`cls` of transformers with the weights of `folder`, without its progress bars and without network."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    return cls.from_pretrained(str(folder), local_files_only=True, use_safetensors=True).eval()
