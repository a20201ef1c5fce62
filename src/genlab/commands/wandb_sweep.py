"""genlab wandb-sweep: the words of a sweep as a W&B sweep file, whose agents call `genlab train`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genlab.config.check import check
from genlab.config.words import flags_and_words, understood, value_of
from genlab.errors import ConfigError, listed, nearest

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

_HELP = """usage: genlab wandb-sweep [metric=fid_digits] [goal=minimize|maximize] [method=grid|random|bayes]
       [out=FILE] WORDS

Writes a W&B sweep file for the swept WORDS of `genlab train -m` (a=1,2 a=choice(x,y) a=interval(0,1)
a=tag(log,interval(1e-4,1e-2)) a=glob(x*)) to FILE, or prints it. Then: wandb sweep FILE; wandb agent ID.
method is grid where every swept key has values, else bayes; metric is a score that these runs have.
"""
_OPTIONS = {"method": ("grid", "random", "bayes"), "goal": ("minimize", "maximize")}
_OWN = (*_OPTIONS, "metric", "out")


def main(argv: list[str]) -> int:
    """Write or print the file."""
    if not argv or {"--help", "-h"} & set(argv):
        print(_HELP, end="")
        return 0
    flags, given = flags_and_words([word for word in argv if word not in ("-m", "--multirun")])
    own = {key: value_of(given, key, "") for key in _OWN if any(word.startswith(f"{key}=") for word in given)}
    words = understood([word for word in given if word.partition("=")[0] not in own], several=True)
    for key, choices in _OPTIONS.items():
        if key in own and own[key] not in choices:
            raise ConfigError(f"{key} = {own[key]!r} must be {' or '.join(choices)}{nearest(own[key], choices)}")

    import yaml

    options = {key: value for key, value in own.items() if key != "out"}
    content = sweep_file(words, flags=flags, **options)
    _check_metric(content)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    if "out" not in own:
        print(text, end="")
        return 0
    from genlab.atomic import write_text

    write_text(Path(own["out"]), text)
    print(f"wandb sweep {own['out']}")
    return 0


def sweep_file(
    words: Sequence[str],
    metric: str = "fid_digits",
    goal: str = "minimize",
    method: str = "",
    flags: Sequence[str] = (),
) -> dict[str, Any]:
    """The sweep file as a dict.

    Args:
        words: as Hydra's grammar reads them, see `genlab.config.words.understood`.
        metric: a name of the record's scores.
        goal: what is to become of it.
        method: "" chooses one that fits.
        flags: Hydra's, for every run (`--config-dir`).

    Raises:
        ConfigError: nothing is swept, an interval is in a grid, or no run can have the metric.
    """
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.override_parser.overrides_parser import OverridesParser

    from genlab.config.hydra_state import composing

    with composing():
        overrides = OverridesParser.create(GlobalHydra.instance().config_loader()).parse_overrides(list(words))
        swept = [o for o in overrides if o.is_sweep_override()]
        parameters = {o.get_key_element(): _parameter(o) for o in swept}
    if not swept:
        raise ConfigError("nothing is swept: give a key several values, as in model.coding_size=2,16")
    intervals = [o for o in swept if not o.is_discrete_sweep()]
    if method == "grid" and intervals:
        raise ConfigError(f"method = grid needs values, and {intervals[0].input_line} is an interval")
    return {
        "program": "genlab",
        "method": method or ("bayes" if intervals else "grid"),
        "metric": {"name": f"test/{metric}", "goal": goal},
        "parameters": parameters,
        "command": ["genlab", "train", *flags, *_fixed(overrides), "${args_no_hyphens}"],
    }


def _check_metric(content: dict[str, Any]) -> None:
    """Compose the first of the runs, as its agent would, and look whether its scores may have the name."""
    from genlab.commands.app import App, run_app
    from genlab.config.instantiate import build

    first = [f"{key}={each.get('values', [each.get('min')])[0]}" for key, each in content["parameters"].items()]
    app = App(task=lambda cfg: cfg, check=check)
    run_app("train", app, [*content["command"][2:-1], *first])
    if not app.results:
        return  # a flag that only prints
    cfg = app.results[0].value
    check(cfg)
    metric = content["metric"]["name"].removeprefix("test/")
    scores = [] if cfg.metrics is None else build(cfg.metrics, list(cfg.allow_targets)).names
    if scores is not None and metric not in scores:
        raise ConfigError(f"metric = {metric!r} is no score of these runs{nearest(metric, scores)} ({listed(scores)})")


def _fixed(overrides: Sequence[Override]) -> list[str]:
    return [str(o.input_line) for o in overrides if not o.is_sweep_override()]


def _parameter(override: Override) -> dict[str, Any]:
    from hydra.core.override_parser.types import IntervalSweep

    from hydra_plugins.genlab.grid_sweeper import swept_values

    sweep = override.value()
    if not isinstance(sweep, IntervalSweep):
        return {"values": [_confirmed(text) for text in swept_values(override)]}
    whole = isinstance(sweep.start, int) and isinstance(sweep.end, int)
    kind = "int_uniform" if whole else "uniform"
    return {"distribution": "log_uniform_values" if "log" in sweep.tags else kind, "min": sweep.start, "max": sweep.end}


def _confirmed(text: str) -> Any:
    """A value of the file for one of the command line: the agent says `key=` and the value's `str` to `genlab train`.

    Numbers and true and false stay what they are, so that W&B's searches can reckon with them. All else is the text of
    Hydra's grammar: of None, a list or a quoted text, Python's own would not be read back.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser

    value = OverridesParser.create().parse_override(f"key={text}").value()
    is_number = isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value))
    return value if is_number else text
