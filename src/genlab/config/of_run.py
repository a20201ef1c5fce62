"""Commands on a run start from that run's own config: no override is ever repeated by hand."""

from __future__ import annotations

import re

from omegaconf import OmegaConf

from genlab.config import keys
from genlab.runs.store import Run, Store


def given(argv: list[str], key: str, default: str) -> str:
    """The value that `argv` gives to a plain key."""
    values = [word.partition("=")[2] for word in argv if word.partition("=")[0] == key]
    return values[-1].strip("'\"") if values else default


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
        run = Store(given(argv, "paths.output_dir", "outputs")).find(given(argv, "run", "latest"))
    _offer(run, argv)
    return run


def _offer(run: Run | None, argv: list[str]) -> None:
    """Make the run's config the group-less config `this_run`; groups chosen in `argv` are left out of it.

    They are left out whole, because what is chosen must replace the run's part and not be merged with it.
    """
    from hydra.core.config_store import ConfigStore

    base = run.config() if run is not None else OmegaConf.create({})
    chosen = {word.partition("=")[0] for word in argv if re.match(r"\w+=", word)}
    for group in keys.names(replaceable=True):
        if group in chosen:
            base.pop(group, None)
    if "metrics" in chosen:
        base.pop("extractors", None)
    for word in list(base):
        if not keys.key(str(word)).inherited:
            base.pop(word)
    ConfigStore.instance().store(name="this_run", node=base)
