"""Commands on a run start from that run's own config: no override is ever repeated by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from genlab.config import keys
from genlab.config.files import conf_dir
from genlab.config.places import foreign_places
from genlab.config.untrusted import limited_text
from genlab.config.words import flags_and_words, value_of
from genlab.errors import ConfigError
from genlab.runs.reading import Damaged
from genlab.runs.store import Run, Store


def own_config(run: Run) -> DictConfig:
    """A run's own config, with what every command on a run needs of it.

    Raises:
        ConfigError: there is none.
        Damaged: it has no model or no data.
    """
    cfg = run.config()
    for key in ("model", "dataset"):
        if not isinstance(OmegaConf.select(cfg, key), DictConfig):
            raise Damaged(f"{run.config_file} is damaged (it has no {key}), and nothing can be made of the run")
    return cfg


def wants_run(argv: list[str]) -> bool:
    """False for a call that only asks for help or completion."""
    return not {"--help", "-h", "--hydra-help", "-sc", "--shell-completion"} & set(argv)


def the_run(argv: list[str]) -> Run | None:
    """The run that `run=` names in the store that `paths.output_dir=` names, its config offered to compose with.

    Returns:
        None for a call that only asks for help or completion.

    Raises:
        ConfigError: there is no such run.
    """
    run = None
    if wants_run(argv):
        run = Store(value_of(argv, "paths.output_dir", "outputs")).find(value_of(argv, "run", "latest"))
    base = own_config(run) if run is not None else OmegaConf.create({})
    for key in map(str, list(base)):
        if not keys.key(key).inherited:
            base.pop(key)
    _offer(base, argv, keys.names(replaceable=True))
    return run


def from_saved(argv: list[str]) -> list[str]:
    """The words of `genlab train`, by which `--config-dir RUN --config-name config` asks for what a run asked for.

    The config.yaml of a run is complete: conf/saved.yaml composes it with no defaults but those of folders and
    launchers. Like every command on a run, this one takes no allow_targets from it, and nothing that is Hydra's.

    `init_from.run=RUN` alone asks for the config of a run that was imported, with its network no longer frozen.

    Raises:
        ConfigError: the run's config is none, or its parts would write elsewhere than into the run's folder.
    """
    if (path := _named_config(argv)) is not None and _is_saved(path):
        base = own_config(Run(path.parent))
    elif path is None and (run := _imported(argv)) is not None:
        base = own_config(run)
        base.network.frozen, base.task_name = False, "fine_tuned"
    else:
        return argv
    base.pop("sweep", None)
    _refuse_foreign_places(base, argv)
    _offer(base, argv, [*keys.names(replaceable=True), "optimizer", "trainer", "logger"])
    return [*argv, "--config-dir", str(conf_dir()), "--config-name", "saved"]  # of a flag, the last one counts


def _named_config(argv: list[str]) -> Path | None:
    """The config.yaml that Hydra's flags name."""
    from hydra._internal.utils import get_args_parser

    flags, _ = flags_and_words(argv)
    args, _ = get_args_parser().parse_known_args(flags)
    if args.config_dir is None or args.config_name is None or args.config_name.removesuffix(".yaml") != "config":
        return None
    return Run(Path(args.config_dir).expanduser()).config_file


def _imported(argv: list[str]) -> Run | None:
    """The run that `init_from.run` names, where it was imported, and the words choose no model of their own."""
    chosen = {word.lstrip("+").partition("=")[0] for word in argv}
    reference = value_of(argv, "init_from.run", "")
    if not reference or chosen & {"experiment", "model", "network", "codec", "text", "conditioner"}:
        return None
    try:
        run = Store(value_of(argv, "paths.output_dir", "outputs")).find(reference)
        record = run.record()
    except ConfigError:  # which is told when the run is looked for again
        return None
    return run if record is not None and "imported" in record.training else None


def _is_saved(path: Path) -> bool:
    """Whether a config.yaml is complete, as that of a run is; what people write stands on defaults."""
    import yaml

    if not path.exists():
        return False
    if Run(path.parent).record_file.exists():
        return True
    root = yaml.compose(limited_text(path))
    return not isinstance(root, yaml.MappingNode) or "defaults" not in [key.value for key, _ in root.value]


def _refuse_foreign_places(base: DictConfig, argv: list[str]) -> None:
    given = {word.lstrip("+~").partition("=")[0] for word in argv}
    problems = [
        f"{key} = {text!r} of the saved config is no place in the run's own folder: if you want it, add {key}={text}"
        for key, text in foreign_places(base)
        if not any(key == name or key.startswith(f"{name}.") for name in given)
    ]
    if problems:
        raise ConfigError(problems)


def _offer(base: DictConfig, argv: list[str], replaceable: Sequence[str]) -> None:
    """Make `base` the group-less config `this_run`; groups chosen in `argv` are left out of it.

    They are left out whole, because what is chosen must replace the run's part and not be merged with it.
    """
    from hydra.core.config_store import ConfigStore

    chosen = {word.partition("=")[0] for word in argv if re.match(r"\w+=", word)}
    for group in replaceable:
        if group in chosen:
            base.pop(group, None)
    if "metrics" in chosen:
        base.pop("extractors", None)
    for key in ("hydra", "defaults"):  # Hydra would take them from any config that it composes
        base.pop(key, None)
    ConfigStore.instance().store(name="this_run", node=base)
