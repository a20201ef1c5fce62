"""What pictures were drawn for, noted in them and beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

if TYPE_CHECKING:
    from genlab.conditions import ConditionInput


def note_prompts(cfg: DictConfig, request: ConditionInput | None, files: Sequence[Path], place: Path) -> None:
    """Note what pictures were drawn for, where that was a prompt: in the PNG files themselves, and in `place`.

    Args:
        files: one for each sample, or one for all of them.
    """
    if request is None or request.prompt is None:
        return
    from genlab.atomic import write_json
    from genlab.modalities.png_text import add_text

    negative = request.negative_prompt
    unwanted = [{}] * len(request.prompt) if negative is None else [{"negative_prompt": text} for text in negative]
    asked: list[dict[str, Any]] = [
        {"seed": cfg.seed, "number": i, "prompt": prompt, **unwanted[i]} for i, prompt in enumerate(request.prompt)
    ]
    together = len(files) == 1 != len(asked)
    for i, file in enumerate(files):
        if file.suffix == ".png":
            of_file = asked if together else [asked[i]]
            texts = {key: "\n".join(dict.fromkeys(str(one[key]) for one in of_file)) for key in asked[0]}
            add_text(file, {key: text for key, text in texts.items() if not (together and key == "number")})
    named = [{"file": files[0 if together else i].name, **one} for i, one in enumerate(asked)]
    write_json(place, {"schema": 1, "pictures": named})
