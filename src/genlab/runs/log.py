"""What is logged while a run is worked on: into its train.log, and to the terminal what a person should see."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genlab.notice import Notice
from genlab.redact import redact_text


@contextlib.contextmanager
def logged_to(path: Path) -> Iterator[None]:
    """Log messages and warnings go to `path`, free of secrets; notices reach the terminal too."""
    import pytorch_lightning  # noqa: F401  # gives its loggers the handlers that are looked for below

    class Redacting(logging.Formatter):
        def format(self, entry: logging.LogRecord) -> str:
            return redact_text(super().format(entry))

    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(Redacting("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    names = ("genlab", "pytorch_lightning", "lightning", "py.warnings")
    loggers = [logging.getLogger(name) for name in names]
    shown = warnings.showwarning
    logging.captureWarnings(True)
    logged = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *where: Any) -> None:
        logged(message, category, *where)
        if issubclass(category, Notice):
            shown(message, category, *where)

    warnings.showwarning = show  # type: ignore[assignment]  # the places are passed on as they come
    chatter = [h for name in names for h in logging.getLogger(name).handlers if type(h) is logging.StreamHandler]
    for stream in chatter:  # Lightning's remarks go to the log, its warnings to the terminal as well
        stream.setLevel(logging.WARNING)
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        for logger in loggers:
            logger.removeHandler(handler)
        handler.close()
