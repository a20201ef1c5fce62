"""Shell completion: `eval "$(genlab -sc install=bash)"`. Verbs are ours, the words after a verb are Hydra's."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

_COMPOSED = ("train", "check", "sample", "edit", "export", "evaluate", "compare")
"""Verbs whose words are config keys."""


def complete(arguments: list[str], verbs: Iterable[str]) -> int:
    """Answer `-sc install=SHELL`, `-sc uninstall=SHELL` and `-sc query=SHELL`, for the shells of Hydra."""
    if arguments and arguments[0].startswith("query="):
        words = os.environ.get("COMP_LINE", "").split(" ")
        if len(words) < 3:
            print(" ".join(verbs))
            return 0
        program, verb, *rest = words
        if verb not in _COMPOSED:
            return 0
        os.environ["COMP_LINE"] = " ".join([program, *rest])
    _hydra(arguments)
    return 0


def _hydra(arguments: list[str]) -> None:
    import hydra

    from genlab.config.files import conf_dir
    from genlab.config.schema import register

    register()
    sys.argv = ["genlab", "-sc", *arguments]
    hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="train")(lambda cfg: None)()
