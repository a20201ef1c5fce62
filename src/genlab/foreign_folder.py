"""A folder of a model that others have written, as transformers and diffusers do: its files, and what they hold.

Nothing in it is trusted: JSON is read as data, weights only from safetensors, names of files must be names alone, and
what a folder says of classes is compared with a table and never imported. Needs no torch.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from genlab.errors import listed, nearest
from genlab.regular import file_digest, read_regular

WEIGHTS = ("diffusion_pytorch_model.safetensors", "model.safetensors")
"""The names that the two libraries give to weights."""
_PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl")
_TEXTS = (".json", ".txt", ".model")
"""Configs, and what tokenizers read."""
_TOKENIZERS = ("tokenizer.json", "vocab.json", "vocab.txt", "spiece.model")
_BESIDE = {"text_encoder": "tokenizer", "depth_estimator": "feature_extractor"}
"""Folder of a network in a pipeline -> of what makes its input."""
_MOST_JSON = 2**28


def found(folder: str | Path) -> Path:
    """The folder, absolute. Raises ValueError where there is none."""
    try:
        path = Path(folder).expanduser().resolve()
        if path.is_dir():
            return path
        what = "is a file, and no folder" if path.exists() else "does not exist"
        near = nearest(path.name, [p.name for p in path.parent.iterdir() if p.is_dir()]) if path.parent.is_dir() else ""
    except (OSError, RuntimeError) as error:  # a name that is too long, a home of nobody
        raise ValueError(f"the folder {folder} cannot be read: {getattr(error, 'strerror', error)}") from error
    raise ValueError(f"the folder {folder} {what}{near}")


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """The mapping in a JSON file of the folder.

    Raises:
        ValueError: it is missing, or holds no mapping.
    """
    try:
        content = json.loads(read_regular(folder / name, _MOST_JSON))
    except FileNotFoundError as error:
        raise ValueError(f"{folder} has no {name}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{folder / name} cannot be read as JSON: {type(error).__name__}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{folder / name} holds no mapping")
    return content


def named_class(folder: Path, known: Collection[str], file: str = "config.json") -> tuple[str, dict[str, Any]]:
    """The class that a config of diffusers or transformers is of, one of `known`, and the config.

    Raises:
        ValueError: there is no config, or it is of another class.
    """
    config = read_json(folder, file)
    architectures = config.get("architectures")
    name = config.get("_class_name") or (architectures[0] if isinstance(architectures, list) and architectures else "?")
    if not isinstance(name, str) or name not in known:
        raise ValueError(f"{folder / file} is of the class {name!r}; what is known here is {listed(known)}")
    return name, config


def why_not_trained(folder: Path) -> str | None:
    """What keeps a U-Net in a folder from being trained further; None where nothing does, or no config says so."""
    if not (folder / "config.json").is_file() or read_json(folder, "config.json").get("time_cond_proj_dim") is None:
        return None
    return (
        f"{folder} was distilled for many scales of guidance, and plain training would undo that: take the model that "
        "it was distilled from"
    )


def weight_files(folder: Path) -> list[str]:
    """The names of the safetensors files that hold the weights: one, or the parts that an index lists.

    Raises:
        ValueError: there are none, or the index is none.
    """
    for name in WEIGHTS:
        if (folder / name).is_file():
            return [name]
        if (folder / f"{name}.index.json").is_file():
            return _parts(folder, f"{name}.index.json")
    others = sorted(path.name for path in folder.iterdir() if path.is_file())
    if pickles := [name for name in others if name.endswith(_PICKLES)]:
        raise ValueError(
            f"{folder} has its weights in {pickles[0]} alone, a pickle, which can run code when it is read: "
            f"only {' or '.join(WEIGHTS)} is read here (save the model with safe_serialization=True)"
        )
    variants = [name for name in others if name.endswith(".safetensors")]
    instead = f": it has {listed(variants, 4)}, and the file must have that name" if variants else ""
    raise ValueError(f"{folder} has no {' or '.join(WEIGHTS)}{instead}")


def _parts(folder: Path, index: str) -> list[str]:
    places = read_json(folder, index).get("weight_map")
    names = sorted(set(map(str, places.values()))) if isinstance(places, dict) else []
    for name in names:
        if not re.fullmatch(r"[\w.-]+\.safetensors", name):
            raise ValueError(f"{folder / index} lists {name!r}, which is no name of a safetensors file in the folder")
        if not (folder / name).is_file():
            raise ValueError(f"{folder} has no {name}, which {index} lists")
    if not names:
        raise ValueError(f"{folder / index} lists no weights")
    return names


def beside(folder: Path) -> Path:
    """Where what makes a network's input of texts or pictures lies in a pipeline's folder; else the folder itself."""
    for name, other in _BESIDE.items():
        if name in folder.name:
            return folder.with_name(folder.name.replace(name, other))
    return folder


def tokenizer_of(folder: Path) -> Path:
    """Where the tokenizer of a text model's folder lies: in it, or beside it (text_encoder, tokenizer).

    Raises:
        ValueError: in neither place.
    """
    for place in (folder, beside(folder)):
        if any((place / name).is_file() for name in _TOKENIZERS):
            return place
    where = "" if beside(folder) == folder else f", and {beside(folder)} has none"
    raise ValueError(f"{folder} has no tokenizer ({', '.join(_TOKENIZERS)}){where}")


def content(folder: Path) -> str:
    """SHA-256 of what a model is read from: weights, configs and the files of tokenizers, each with its name.

    A file that has neither changed in size nor in time is not read again by this process. Other files of the folder,
    such as weights in other formats, do not count.

    Raises:
        ValueError: there are no weights, or a file cannot be read.
    """
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(_digests(folder)))
    return hashlib.sha256(lines.encode()).hexdigest()


def _digests(folder: Path) -> Iterator[tuple[str, str]]:
    for place in {folder, beside(folder)} if beside(folder).is_dir() else {folder}:
        names = weight_files(place) if place == folder else []
        names += sorted(path.name for path in place.iterdir() if path.suffix in _TEXTS and path.is_file())
        for name in names:
            try:
                facts = (place / name).stat()
                digest = _digest(place / name, facts.st_mtime_ns, facts.st_size)
            except OSError as error:
                raise ValueError(f"{place / name} cannot be read: {error.strerror}") from error
            yield f"{place.name if place != folder else ''}/{name}", digest


@lru_cache(maxsize=256)
def _digest(path: Path, changed: int, size: int) -> str:
    return file_digest(path)


def require_content(folder: Path, sha256: str | None) -> str:
    """The SHA-256 of the folder's content.

    Raises:
        ValueError: it is not the one that is asked for.
    """
    has = content(folder)
    if sha256 is not None and has != sha256:
        raise ValueError(
            f"{folder} has another content than the model was made of: its SHA-256 was {sha256[:12]}..., and is "
            f"{has[:12]}... now"
        )
    return has
