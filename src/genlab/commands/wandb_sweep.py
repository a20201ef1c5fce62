"""genlab wandb-sweep: the words of a sweep as a W&B sweep file, whose agents call `genlab train`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genlab.config.errors import ConfigError, nearest

_HELP = """usage: genlab wandb-sweep [metric=fid_digits] [goal=minimize|maximize] [method=grid|random|bayes]
       [out=FILE] WORDS

Writes a W&B sweep file for the swept WORDS of `genlab train -m` (a=1,2 a=choice(x,y) a=interval(0,1)
a=tag(log,interval(1e-4,1e-2))) to FILE, or prints it. Then: wandb sweep FILE; wandb agent ID.
method is grid where every swept key has values, else bayes; metric is a name of the record.
"""
_OPTIONS = {"method": ("grid", "random", "bayes"), "goal": ("minimize", "maximize")}


def main(argv: list[str]) -> int:
    """Write or print the file."""
    if not argv or {"--help", "-h"} & set(argv):
        print(_HELP, end="")
        return 0
    own = {
        key: value for key, _, value in (word.partition("=") for word in argv) if key in (*_OPTIONS, "metric", "out")
    }
    words = [word for word in argv if word.partition("=")[0] not in own and word not in ("-m", "--multirun")]
    for key, choices in _OPTIONS.items():
        if key in own and own[key] not in choices:
            raise ConfigError(f"{key} = {own[key]!r} must be {' or '.join(choices)}{nearest(own[key], choices)}")

    import yaml

    text = yaml.safe_dump(sweep_file(words, **{k: v for k, v in own.items() if k != "out"}), sort_keys=False)
    if "out" not in own:
        print(text, end="")
        return 0
    from genlab.runs.atomic import write_text

    write_text(Path(own["out"]), text)
    print(f"wandb sweep {own['out']}")
    return 0


def sweep_file(
    words: list[str], metric: str = "fid_digits", goal: str = "minimize", method: str = ""
) -> dict[str, Any]:
    """The sweep file as a dict.

    Raises:
        ConfigError: nothing is swept, or an interval is in a grid.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        overrides = OverridesParser.create().parse_overrides(words)
    except HydraException as error:
        raise ConfigError(str(error).splitlines()[0]) from error
    swept = [o for o in overrides if o.is_sweep_override()]
    if not swept:
        raise ConfigError("nothing is swept: give a key several values, as in model.coding_size=2,16")
    intervals = [o for o in swept if not o.is_discrete_sweep()]
    if method == "grid" and intervals:
        raise ConfigError(f"method = grid needs values, and {intervals[0].input_line} is an interval")
    fixed = [str(o.input_line) for o in overrides if not o.is_sweep_override()]
    return {
        "program": "genlab",
        "method": method or ("bayes" if intervals else "grid"),
        "metric": {"name": f"test/{metric}", "goal": goal},
        "parameters": {o.get_key_element(): _parameter(o) for o in swept},
        "command": ["genlab", "train", *fixed, "${args_no_hyphens}"],
    }


def _parameter(override: Any) -> dict[str, Any]:
    from hydra.core.override_parser.types import IntervalSweep

    sweep = override.value()
    if not isinstance(sweep, IntervalSweep):
        return {"values": list(override.sweep_iterator())}
    whole = isinstance(sweep.start, int) and isinstance(sweep.end, int)
    kind = "int_uniform" if whole else "uniform"
    return {"distribution": "log_uniform_values" if "log" in sweep.tags else kind, "min": sweep.start, "max": sweep.end}
