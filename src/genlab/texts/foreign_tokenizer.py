"""The tokenizer of a folder that others have written: its settings are data, and only its own files are read."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from genlab.atomic import write_json
from genlab.errors import listed
from genlab.foreign_folder import read_json

_CLASSES = {
    "CLIPTokenizer": ("CLIPTokenizerFast", "CLIPTokenizer"),
    "BertTokenizer": ("BertTokenizerFast", "BertTokenizer"),
    "T5Tokenizer": ("T5TokenizerFast", "T5Tokenizer"),
    "PreTrainedTokenizer": ("PreTrainedTokenizerFast",),
    "TokenizersBackend": ("PreTrainedTokenizerFast",),
}
"""tokenizer_class of a tokenizer_config.json, without "Fast" -> names of transformers: the first that it has."""
TOKENIZER_FILES = (
    "tokenizer.json", "vocab.json", "merges.txt", "vocab.txt", "spiece.model", "special_tokens_map.json",
    "added_tokens.json",
)  # fmt: skip
"""What a tokenizer is read from, beside its settings: nothing else that stands there is opened or handed on."""
_SETTINGS = (
    "model_max_length", "added_tokens_decoder", "additional_special_tokens", "do_lower_case", "do_basic_tokenize",
    "tokenize_chinese_chars", "strip_accents", "never_split", "add_prefix_space", "errors", "extra_ids", "legacy",
    "clean_up_tokenization_spaces", "padding_side", "truncation_side",
)  # fmt: skip
"""What is taken of a tokenizer_config.json, beside the special tokens: it may also name files and code of anywhere."""


def read_tokenizer(folder: Path, usual: str) -> Any:
    """The fast tokenizer of transformers in `folder`.

    Args:
        usual: its class where the folder names none, one of the table's.

    Raises:
        ValueError: it is of a class that is not known here, or cannot be read.
    """
    import transformers

    written = read_json(folder, "tokenizer_config.json") if (folder / "tokenizer_config.json").is_file() else {}
    name = written.get("tokenizer_class") or usual
    names = _CLASSES.get(name.removesuffix("Fast")) if isinstance(name, str) else None
    if names is None:
        config = folder / "tokenizer_config.json"
        raise ValueError(f"{config} is of the class {name!r}; the tokenizers known here are {listed(_CLASSES)}")
    kind = next(found for name in names if (found := getattr(transformers, name, None)) is not None)
    settings = {key: value for key, value in written.items() if key in _SETTINGS or key.endswith("_token")}
    with tempfile.TemporaryDirectory() as place:
        for file in TOKENIZER_FILES:
            if (folder / file).is_file():
                os.symlink((folder / file).resolve(), Path(place) / file)
        write_json(Path(place) / "tokenizer_config.json", settings)
        try:
            tokenizer = kind.from_pretrained(place, local_files_only=True)
        except Exception as error:  # transformers raises errors of many kinds for files that it cannot use
            said = (str(error).strip().splitlines() or [""])[0].replace(place, str(folder))
            reason = said if " " in said else f"{type(error).__name__} {said}".strip()
            raise ValueError(f"{folder} has no tokenizer that can be read: {reason}") from error
    if not tokenizer.is_fast:
        raise ValueError(f"{folder} has no tokenizer.json, which says where in a text a token stands")
    return tokenizer
