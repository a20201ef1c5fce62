"""genlab wandb-sync: upload the offline W&B runs of a sweep, of one run, or of the whole store."""

from __future__ import annotations

import sys
from pathlib import Path

from genlab.errors import ConfigError, nearest

_HELP = """usage: genlab wandb-sync [sweep=NAME | run=DIR|FINGERPRINT|latest] [paths.output_dir=DIR]

Sends what W&B kept offline to its server; what has arrived is not sent twice. Needs WANDB_API_KEY or `wandb login`.
"""
_KEYS = ("sweep", "run", "paths.output_dir")


def main(argv: list[str]) -> int:
    """0 when everything arrived or there was nothing to send, 1 when a part did not."""
    if {"--help", "-h"} & set(argv):
        print(_HELP, end="")
        return 0
    given = dict(word.partition("=")[::2] for word in argv)
    for key in given:
        if key not in _KEYS:
            raise ConfigError(f"genlab wandb-sync has no {key!r}{nearest(key, _KEYS)}")
    folders = _folders(Path(given.get("paths.output_dir", "outputs")), given.get("sweep"), given.get("run"))

    from genlab.interop.wandb_sync import check_server, offline_parts, upload

    parts = [part for folder in folders for part in offline_parts(folder)]
    if not parts:
        print(f"{len(folders)} runs, nothing to upload")
        return 0
    check_server()
    failed = 0
    for part in parts:
        if (reason := upload(part)) is not None:
            failed += 1
            print(f"{part}: {reason}", file=sys.stderr)
    print(f"{len(parts) - failed} of {len(parts)} offline parts of {len(folders)} runs uploaded")
    return 1 if failed else 0


def _folders(root: Path, sweep: str | None, run: str | None) -> list[Path]:
    from genlab.runs.store import Store
    from genlab.runs.sweeps import sweeps_of_runs

    if run is not None:
        return [Store(root).find(run).path]
    if sweep is None:
        return [stored.path for stored in Store(root)]
    members = sweeps_of_runs(root)
    sweeps = {name for names in members.values() for name in names}
    if sweep not in sweeps:
        raise ConfigError(f"{root} has no sweep {sweep!r}{nearest(sweep, sweeps)}")
    return [Path(path) for path, names in members.items() if sweep in names]
