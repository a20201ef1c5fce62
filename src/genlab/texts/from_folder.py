"""A text tower of others, from a folder in the format of transformers: CLIP, BERT and its kin, T5.

Papers: https://arxiv.org/abs/2103.00020, https://arxiv.org/abs/1810.04805, https://arxiv.org/abs/1910.10683
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from genlab.errors import listed
from genlab.foreign_folder import read_json, tokenizer_of
from genlab.from_folder import FromFolder, read_weights, take_weights
from genlab.ranges import PositiveInt, SeveralInt
from genlab.texts.foreign_tokenizer import read_tokenizer
from genlab.texts.frozen_tower import FrozenTower
from genlab.texts.text_encoder import Text


@dataclass(frozen=True)
class _Kind:
    """A kind of tower, by names of transformers.

    Args:
        config, network, tokenizer: its classes.
        prefixes: with which names of weights begin in some folders, and not in others.
        ignored: weights that a folder may have beside those of the tower.
        same: weights that are another one's.
        mean: the vector of a text is the mean of its tokens, else that of its end.
        masks_filling: it is told which tokens fill a row.
    """

    config: str
    network: str
    tokenizer: str
    prefixes: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    same: tuple[tuple[str, str], ...] = ()
    mean: bool = True
    masks_filling: bool = True


_CLIP = _Kind(
    "CLIPTextConfig", "CLIPTextModel", "CLIPTokenizer", ("text_model.",),
    ("*position_ids", "vision_model.*", "*_projection.weight", "logit_scale"), mean=False, masks_filling=False,
)  # fmt: skip
_KINDS = {
    "clip_text_model": _CLIP,
    "clip": _CLIP,
    "bert": _Kind("BertConfig", "BertModel", "BertTokenizer", ("bert.",), ("*position_ids", "pooler.*", "cls.*")),
    "t5": _Kind(
        "T5Config", "T5EncoderModel", "T5Tokenizer", (), ("decoder.*", "lm_head.weight"),
        (("encoder.embed_tokens.weight", "shared.weight"),),
    ),
}  # fmt: skip
"""model_type in a folder's config.json -> what is built of it. Nothing else of that file is looked up by name."""


class TextFromFolder(FromFolder):
    """A frozen tower; see `FromFolder`. What it makes of a text is kept in memory, so that each is encoded once.

    `pooled` is CLIP's vector of the text's end, and of the others the mean over the tokens of the text.

    Args:
        folder: config.json and weights in safetensors, and the tokenizer, in it or beside it (text_encoder, tokenizer).
        width: of a token's vector: the folder's own.
        length: the most tokens of a text that are read; CLIP can read 77, BERT 512.
        sha256: of the folder's content; None for whatever is there.

    Raises:
        ValueError: the folder lacks a file, its content has changed, it holds no tower that is known here, or one of
            another width or a shorter length.
    """

    def __init__(
        self, folder: str, width: PositiveInt, length: SeveralInt, sha256: str | None = None
    ) -> None:  # fmt: skip
        super().__init__(folder, sha256)
        kind, config = _of_folder(self.folder)
        _check(self.folder, config, width, length)
        self.width, self.length = width, length
        network = _network(self.folder, kind, config)
        take_weights(network, _renamed(read_weights(self.folder), network, kind), self.folder, kind.ignored)
        tokenizer = read_tokenizer(tokenizer_of(self.folder), kind.tokenizer)
        self.tower = FrozenTower(network, tokenizer, length, kind.mean, kind.masks_filling)

    def forward(self, texts: list[str], full_length: bool = False) -> Text:
        return self.tower(texts, full_length)

    def truncated(self, texts: list[str]) -> list[str]:
        return self.tower.truncated(texts)


def _of_folder(folder: Path) -> tuple[_Kind, Any]:
    """The kind of tower, and its config as transformers has it. Raises ValueError for another kind."""
    written = read_json(folder, "config.json")
    name = written.get("model_type")
    if not isinstance(name, str) or name not in _KINDS:
        raise ValueError(
            f"{folder / 'config.json'} has the model_type {name!r}; the text towers known here are {listed(_KINDS)}"
        )
    try:
        import transformers
    except ImportError:
        raise ValueError("a text tower from a folder needs transformers: pip install 'genlab[text]'") from None
    of_text = written.get("text_config") if name == "clip" else None
    try:
        config = getattr(transformers, _KINDS[name].config).from_dict(of_text or written)
    except Exception as error:  # transformers raises errors of many kinds for wrong values
        raise ValueError(f"{folder / 'config.json'} describes no {name}: {_reason(error)}") from error
    config._attn_implementation = "sdpa"  # whatever the file says: some names stand for code of the hub
    return _KINDS[name], config


def _check(folder: Path, config: Any, width: int, length: int) -> None:
    if config.hidden_size != width:
        raise ValueError(f"text.width={width}, and the tower in {folder} has vectors of {config.hidden_size}")
    most = getattr(config, "max_position_embeddings", None)
    if most is not None and length > most:
        raise ValueError(f"text.length={length}, and the tower in {folder} reads at most {most} tokens")


def _network(folder: Path, kind: _Kind, config: Any) -> nn.Module:
    import transformers

    extra = {"add_pooling_layer": False} if kind.network == "BertModel" else {}
    build = getattr(transformers, kind.network)
    try:
        return build(config, **extra).float()
    except Exception as error:  # as above
        raise ValueError(f"{folder / 'config.json'} describes no {kind.network}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """The first line of an error of transformers, with its kind where it says little, as a KeyError does."""
    said = (str(error).strip().splitlines() or [""])[0]
    return said if " " in said else f"{type(error).__name__} {said}".strip()


def _renamed(weights: dict[str, Tensor], network: nn.Module, kind: _Kind) -> dict[str, Tensor]:
    """The weights by the names that this release of transformers gives them."""
    own = network.state_dict().keys()
    renamed = {_own_name(name, own, kind.prefixes): value for name, value in weights.items()}
    for one, other in kind.same:
        if one in own and other in renamed:
            renamed.setdefault(one, renamed[other])
    return renamed


def _own_name(name: str, own: Any, prefixes: tuple[str, ...]) -> str:
    names = [name, *(name.removeprefix(prefix) for prefix in prefixes), *(prefix + name for prefix in prefixes)]
    return next((each for each in names if each in own), names[1] if prefixes else name)
