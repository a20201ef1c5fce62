"""Uploads what W&B kept offline in run folders."""

from __future__ import annotations

import sys
from pathlib import Path

from genlab.errors import ConfigError
from genlab.interop.wandb import _has_key, _unreachable
from genlab.programs import ProgramError, run_program
from genlab.redact import redact_text

_TIMEOUT = 1800.0  # seconds, for all that one part holds


def offline_parts(run: Path) -> list[Path]:
    """The offline W&B folders of a run that are not uploaded yet, oldest first."""
    parts = sorted((run / "wandb").glob("offline-run-*"))
    return [part for part in parts if list(part.glob("*.wandb")) and not list(part.glob("*.synced"))]


def check_server() -> None:
    """Make sure that uploading can work.

    Raises:
        ConfigError: there is no API key, or the server does not answer.
    """
    import wandb

    if not _has_key():
        raise ConfigError("W&B has no API key: set WANDB_API_KEY or run `wandb login`, then try again")
    if reason := _unreachable(wandb.setup().settings.base_url, timeout=10.0):
        raise ConfigError(f"nothing was uploaded: {reason}")


def upload(part: Path) -> str | None:
    """Send one offline folder with `wandb sync`; why it failed, in one line, or None when it arrived."""
    command = [sys.executable, "-m", "wandb", "sync", str(part)]
    try:
        ended = run_program(command, _TIMEOUT, f"wandb sync {part}")
    except ProgramError as error:
        return redact_text(str(error))
    if ended.status == 0:
        return None
    lines = (ended.errors + ended.output).strip().splitlines()
    return redact_text(lines[-1]) if lines else f"wandb sync ended with status {ended.status}"
