"""`genlab <verb> [overrides]`. Imports nothing heavy: help and config errors must answer at once."""

from __future__ import annotations

import importlib
import keyword
import os
import sys

from genlab import __version__

VERBS = {
    "train": "train a model, sample from it, score it and record the run; -m sweeps",
    "check": "what a run or a sweep would take, before it starts; the words of train, with or without -m",
    "sample": "draw pictures from a run: genlab sample run=latest n=64 sampler=ddim sampler.steps=50",
    "edit": "change a picture with a run: genlab edit run=latest edit=inpaint|sdedit|invert picture=FILE|NUMBER",
    "import": "a run of a pipeline that others trained: genlab import FOLDER; its weights stay there",
    "export": "a diffusion model as a pipeline of diffusers: genlab export run=latest out=FOLDER",
    "evaluate": "score a run again, with other samplers or metrics: genlab evaluate run=latest sampler.steps=10,50 -m",
    "compare": "two runs side by side on shared noise: genlab compare A B",
    "runs": "the table of runs and their scores",
    "wandb-sync": "upload what W&B kept offline: genlab wandb-sync sweep=NAME",
    "wandb-sweep": "write a W&B sweep file from the words of a sweep: genlab wandb-sweep model.coding_size=2,16",
    "reproduce": "run the tables of a published report again and test its claims: genlab reproduce vae_mnist scale=cpu",
    "report": "turn runs into a page, a table or a LaTeX table",
    "plot": "a noise schedule as a picture: genlab plot scheduler=cosine out=cosine.png",
    "data": "list data sets and fetch them: genlab data list, genlab data fetch mnist",
}

_HELP = """genlab {version}: experiments with generative models, from a config to a table.

usage: genlab VERB [key=value ...]

{verbs}

genlab VERB --help lists what a verb takes; genlab train --cfg job prints the composed config.
Try: genlab train experiment=autoencoder/cvae_digits
Shell completion: eval "$(genlab -sc install=bash)"
"""


def module_of(verb: str) -> str:
    """The module of a verb in `genlab.commands`."""
    return verb.replace("-", "_") + ("_" if keyword.iskeyword(verb) else "")


def main(argv: list[str] | None = None) -> int:
    """Run a verb; returns the exit status: 0, 1 (a run failed, or genlab did), 2 (a request that cannot be met).

    Of a command that a signal has ended it is 128 and the signal's number, as a shell says it: 130 for Ctrl-C.
    """
    from genlab.errors import nearest
    from genlab.notice import in_one_line
    from genlab.signals import Interrupted, handled

    arguments = sys.argv[1:] if argv is None else argv
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        width = max(map(len, VERBS))
        verbs = "\n".join(f"  {verb:<{width}}  {text}" for verb, text in VERBS.items())
        print(_HELP.format(version=__version__, verbs=verbs), end="")
        return 0
    if arguments[0] in ("-V", "--version", "version"):
        print(__version__)
        return 0
    if arguments[0] in ("-sc", "--shell-completion"):
        from genlab.commands.completion import complete

        return complete(arguments[1:], VERBS)
    verb, *rest = arguments
    if verb not in VERBS:
        names = ", ".join(VERBS)
        print(f"error: genlab has no verb {verb!r}{nearest(verb, VERBS) or f'; it has {names}'}", file=sys.stderr)
        return 2
    try:
        with handled(), in_one_line():
            return int(importlib.import_module(f"genlab.commands.{module_of(verb)}").main(rest))
    except (Interrupted, KeyboardInterrupt) as ending:
        print(ending if isinstance(ending, Interrupted) else "interrupted by SIGINT", file=sys.stderr)
        return getattr(ending, "exit_status", 130)
    except BrokenPipeError:  # `genlab train --help | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        from genlab.crash_report import tell

        return tell(error, arguments)
