"""genlab sample format=mixing|variation|truncation, and films of models that make samples in one step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from genlab.commands.naming import stem
from genlab.commands.sheets import Made
from genlab.errors import ConfigError

if TYPE_CHECKING:
    from genlab.conditions import ConditionInput
    from genlab.modalities.modality import Modality

FORMATS = ("mixing", "variation", "truncation")
PICTURES = 8
"""Of such a picture, where no number is asked for."""
_FPS = 12.5


def of_styles(
    cfg: DictConfig, run: Any, module: Any, modality: Modality, n: int, request: ConditionInput | None
) -> Made:  # fmt: skip
    """Write the picture, or the film, that `format` asks for.

    Raises:
        ConfigError: the model has no styles, or there are too few pictures for it.
    """
    from genlab.modalities.film import check_film, write_film
    from genlab.modalities.grids import save_png
    from genlab.reports import styles

    if getattr(module, "style_network", None) is None:
        raise ConfigError(
            f"format = {cfg.format}: the model of run {run.path.name} has no styles: it needs a generator with a "
            "mapping network, as that of model=stylegan"
        )
    if n < 2:
        raise ConfigError(f"n = {n}: format={cfg.format} needs 2 pictures or more")
    is_film = cfg.format == "film"
    path = Path(cfg.out or run.place("samples", f"{stem(cfg.format, cfg)}.{'gif' if is_film else 'png'}"))
    if is_film:
        check_film(path)
    given = None if request is None else request.to(module.device)
    drawn = styles.draw(module, modality, n, given, cfg.seed, module.device)
    if is_film:
        write_film(path, list(styles.walk(drawn, cfg.frames)), _FPS)
    else:
        save_png(path, getattr(styles, cfg.format)(drawn))
    print(path)
    return Made(path)
