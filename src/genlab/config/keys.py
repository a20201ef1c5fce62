"""What each key of a config is for: one table, read by everything that treats keys differently.

A key has the line of its longest beginning: `trainer.devices` its own, `trainer.max_epochs` that of `trainer`. A key
without a line decides what is trained, so a forgotten line costs a training and never mixes two results.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Decides = Literal["training", "measurement", "nothing"]


@dataclass(frozen=True)
class Key:
    """A line of the table.

    Args:
        name: a dotted key, "*" for any name on its second level; keys below it are meant, too.
        decides: "training": another value is another trained model. "measurement": the same model, other scores.
            "nothing": where, how and how visibly the work is done.
        saved: it is written to a run's config.yaml.
        inherited: a command on a run (sample, evaluate, ...) takes it from the run's config.
        replaceable: a command on a run may choose this group anew.
        shared: a first stage takes the value of the second.
        titled: it decides nothing, and a table of runs has a column for it all the same.
    """

    name: str
    decides: Decides
    saved: bool = True
    inherited: bool = True
    replaceable: bool = False
    shared: bool = False
    titled: bool = False


_T: Decides = "training"
_M: Decides = "measurement"
_N: Decides = "nothing"

KEYS = (
    # ---- the request itself
    Key("task_name", _N, inherited=False, shared=True, titled=True),
    Key("seed", _T, shared=True),
    Key("tags", _N, inherited=False),
    Key("train", _T, inherited=False),
    Key("test", _M, inherited=False),
    Key("ckpt_path", _T, inherited=False),
    Key("force", _N, saved=False),
    Key("restart", _N, saved=False),
    Key("retries", _N, saved=False),
    Key("sweep", _N, inherited=False),
    Key("rows", _N, saved=False),
    Key("experiment", _N, saved=False, titled=True),
    Key("allow_targets", _N, shared=True),  # the names; the source of what they name decides, see config/sources.py
    # ---- what is trained
    Key("dataset", _T),
    Key("model", _T),
    Key("network", _T),
    Key("scheduler", _T),
    Key("parameterization", _T),
    Key("sampler", _T, replaceable=True),
    Key("guidance", _T, replaceable=True),
    Key("objective", _T),
    Key("generator", _T),
    Key("discriminator", _T),
    Key("loss", _T),
    Key("augmentation", _T),
    Key("conditioner", _T),
    Key("text", _T),
    Key("codec", _T),
    Key("first_stage", _T),
    Key("first_stage.run", _N),  # where it lies; its weights decide, by `sha256`
    Key("first_stages", _T),
    Key("first_stages.*.run", _N),
    Key("init_from", _T),
    Key("init_from.run", _N),
    Key("init_from.pipeline", _N),
    Key("init_from.asked", _N),
    Key("init_from.strict", _N),
    Key("optimizer", _T),
    Key("lr_scheduler", _T),
    # ---- what is measured
    Key("metrics", _M, replaceable=True),
    Key("extractor", _M, replaceable=True),
    Key("extractors", _M),
    # ---- how it is done
    Key("trainer", _T, shared=True),
    Key("trainer.accelerator", _N),
    Key("trainer.devices", _N),
    Key("trainer.num_nodes", _N),
    Key("trainer.strategy", _N),
    Key("trainer.enable_progress_bar", _N),
    Key("trainer.enable_model_summary", _N),
    Key("trainer.log_every_n_steps", _N),
    Key("trainer.default_root_dir", _N),
    Key("trainer.profiler", _N),
    Key("trainer.enable_checkpointing", _N),
    Key("callbacks", _T, inherited=False, shared=True),
    Key("callbacks.progress", _N, inherited=False),
    Key("callbacks.history", _N, inherited=False),
    Key("callbacks.checkpoints", _N, inherited=False),
    Key("callbacks.previews", _N, inherited=False),
    Key("callbacks.collapse", _N, inherited=False),
    Key("callbacks.interruption", _N, inherited=False),  # of older configs: every training has it now
    Key("callbacks.pruning", _N, inherited=False),
    Key("logger", _N, inherited=False, shared=True),
    Key("launcher", _N, saved=False, shared=True),
    Key("paths", _N, saved=False),
    Key("paths.output_dir", _N, saved=False, shared=True),
    Key("paths.data_dir", _N, saved=False, shared=True),
    Key("paths.weights_dir", _N, saved=False, shared=True),
    Key("hydra", _N, saved=False),
)

FOLDERS = frozenset({"folder", "data_dir", "weights_dir", "cache_dir"})
"""Parameters of parts that say where files lie. They decide nothing at any depth: files count by their content."""

NULL_IS_ABSENT = frozenset((
    "range", "captions", "captions_missing", "caption_column", "other_column", "prompts", "negative_prompt",
    "region_weights", "growing_images", "grows",
))  # fmt: skip
"""Parameters of parts that came after the first runs: null is what these did without them, so their names stay."""

_BY_NAME = {key.name: key for key in KEYS}


def key(name: str) -> Key:
    """The line of a key, given as it stands in a config or an override: "+callbacks.swa", "hydra/launcher", "a.b"."""
    parts = name.lstrip("+~").partition("@")[0].replace("/", ".").split(".")
    for n in range(len(parts), 0, -1):
        whole = ".".join(parts[:n])
        any_name = ".".join([parts[0], "*", *parts[2:n]])
        if (line := _BY_NAME.get(whole) or _BY_NAME.get(any_name)) is not None:
            return line
    return Key(parts[0], _T)


def decides(name: str) -> Decides:
    """What a key decides. Folders decide nothing."""
    return _N if name.rpartition(".")[2] in FOLDERS else key(name).decides


def is_listed(name: str) -> bool:
    """Whether a root key is one of a training's: those of a command alone, as `out`, are not."""
    return name in _BY_NAME


def is_shown(name: str) -> bool:
    """Whether a table of runs has a column for a key that differs among them."""
    return decides(name) != _N or key(name).titled


def names(*, replaceable: bool = False, shared: bool = False) -> list[str]:
    """The keys of the table that commands on a run may replace, or that a first stage shares with the second."""
    return [k.name for k in KEYS if (replaceable and k.replaceable) or (shared and k.shared)]
