"""Weights & Biases: one run of W&B for one run folder, online with a key, offline without, never a prompt.

genlab creates the W&B run itself and hands it to Lightning's logger, because left alone, the second run of a process
silently continues the first one's (reuse of `wandb.run`), and a run that raised is called finished. What W&B writes
stays in `<run_dir>/wandb`, no environment variable is changed, and `sys.argv`, the host's environment and console
output, where secrets may be, are not recorded.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from genlab.atomic import write_text
from genlab.notice import Notice
from genlab.ranges import Name64, Name128, PositiveFloat, Project
from genlab.redact import redact
from genlab.regular import MOST_BYTES, NoFile, read_regular

if TYPE_CHECKING:
    from pytorch_lightning.loggers.wandb import WandbLogger

STEP = "trainer/global_step"
"""The x axis of every chart: the optimiser's step, which a resumed run continues (W&B's own counter does not)."""

EXIT_CODES = {"completed": 0, "pruned": 0, "failed": 1, "interrupted": 143}
"""Status of a run -> exit code of its W&B run; W&B shows every code but 0 as a failure."""

Mode = Literal["online", "offline", "disabled"]

_MAX_TAG = 64
_ID = re.compile(rb"[\w-]{1,128}")
_log = logging.getLogger(__name__)


def wandb_logger(
    run_dir: str | Path,
    project: Project,
    entity: Name128 | None = None,
    group: Name128 | None = None,
    job_type: Name64 = "train",
    tags: Sequence[Name64] = (),
    name: Name128 | None = None,
    mode: Literal["auto", "online", "offline", "disabled"] = "auto",
    init_timeout: PositiveFloat = 20.0,
    finish_timeout: PositiveFloat = 60.0,
) -> WandbLogger:
    """Begin the W&B run of a run folder, or continue it where the folder has one.

    The config of the W&B run is `<run_dir>/config.yaml`; its id is kept in `<run_dir>/wandb/run_id.txt`. In a process
    of a higher rank the logger is silent, as Lightning's are. End the run with `finish`.

    Args:
        run_dir: the run folder, with its config.yaml.
        entity: user or team; W&B's default when None.
        group: what the run belongs to, as the name of a sweep.
        job_type, tags: each 1 to 64 characters; project, group and name 1 to 128.
        name: what W&B shows; WANDB_NAME, else the folder's name, when None.
        mode: "auto" is what WANDB_MODE says, else online with an API key (WANDB_API_KEY, netrc) and offline without.
            Where the server cannot be reached, "auto" and "online" fall back to offline with a warning.
        init_timeout: seconds to wait for the server at the start.
        finish_timeout: seconds to wait for uploads at the end; what is missing then, `wandb sync` sends later.

    Raises:
        ValueError: for mode "online" without an API key, and for a tag that W&B refuses.
    """
    from pytorch_lightning.loggers.wandb import WandbLogger
    from pytorch_lightning.utilities import rank_zero_only

    for tag in tags:
        if not 1 <= len(tag) <= _MAX_TAG:
            raise ValueError(f"a W&B tag has 1 to {_MAX_TAG} characters, and {tag!r} has {len(tag)}")
    run_dir = Path(run_dir).resolve()
    if getattr(rank_zero_only, "rank", 0) > 0:
        return WandbLogger(save_dir=run_dir, project=project)
    facts: dict[str, Any] = {
        "project": project, "entity": entity, "group": group, "job_type": job_type, "tags": list(tags) or None,
        "name": name or os.environ.get("WANDB_NAME") or run_dir.name, "config": _config(run_dir),
    }  # fmt: skip
    run = _begin(run_dir, redact(facts), _resolve(mode), init_timeout, finish_timeout)
    run.define_metric(STEP)
    run.define_metric("*", step_metric=STEP, step_sync=True)
    return WandbLogger(save_dir=run_dir, project=project, experiment=run)


def finish(logger: WandbLogger, status: str) -> None:
    """End the W&B run of `logger`; it may be called twice. `status` is a key of EXIT_CODES."""
    run = logger.experiment
    if getattr(run, "_is_finished", False) or not hasattr(run, "mark_preempting"):
        return
    if status == "interrupted":
        run.mark_preempting()  # the server then calls it preempted, not failed
    run.finish(exit_code=EXIT_CODES[status])


def log_record(logger: WandbLogger, record: Mapping[str, Any]) -> None:
    """Put a run's record, less its traceback and overrides, into the summary of its W&B run, under "record"."""
    kept = ("status", "fingerprint", "family", "experiment", "seed", "seconds", "training", "environment", "data")
    logger.experiment.summary.update({"record": redact({key: record[key] for key in kept if key in record})})


def log_table(logger: WandbLogger, key: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Show a table in W&B. Its file is an artifact, staged inside the run folder instead of the user's home."""
    import wandb

    with _environment(WANDB_DATA_DIR=str(Path(logger.save_dir or ".") / "wandb" / "data")):
        logger.experiment.log({key: wandb.Table(columns=list(columns), data=[list(row) for row in rows])})


def _config(run_dir: Path) -> dict[str, Any]:
    from omegaconf import OmegaConf

    config = redact(OmegaConf.to_container(OmegaConf.load(run_dir / "config.yaml"), resolve=False))
    return {str(key): value for key, value in config.items()}


def _resolve(mode: Literal["auto", "online", "offline", "disabled"]) -> Mode:
    if mode == "offline" or mode == "disabled":
        return mode
    if mode == "auto":
        variable = os.environ.get("WANDB_MODE", "")
        if variable in ("offline", "dryrun"):
            return "offline"
        if variable == "disabled":
            return "disabled"
    if _has_key():
        return "online"
    if mode == "online":
        raise ValueError(
            "logger.wandb.mode is online, but there is no W&B API key: set WANDB_API_KEY, or use mode auto or offline"
        )
    return "offline"


def _has_key() -> bool:
    """Whether W&B would find credentials by itself, without asking anybody."""
    import wandb
    from wandb.errors import AuthenticationError
    from wandb.sdk.lib.wbauth import authenticate_session

    try:
        auth = authenticate_session(
            host=wandb.setup().settings.base_url, source="genlab", prompt=False, update_session=False
        )
    except AuthenticationError as error:
        warnings.warn(f"W&B: the API key is not usable ({error})", Notice, stacklevel=2)
        return False
    return auth is not None


def _begin(run_dir: Path, facts: dict[str, Any], mode: Mode, init_timeout: float, finish_timeout: float) -> Any:
    """A W&B run of the folder's id, offline where the server does not answer."""
    import wandb

    settings = wandb.Settings(
        init_timeout=init_timeout,
        finish_timeout=finish_timeout,  # without one, `finish` waits for ever on a server that died
        x_disable_meta=True,  # sys.argv, the host, its environment
        x_save_requirements=False,
        x_transaction_log_flush_interval=1.0,  # seconds; of 15 s, what a killed run loses at its end
        console="off",
        quiet=True,  # no recapitulation of every metric at the end
        disable_code=True,
        disable_git=True,
        label_disable=True,
        save_code=False,
        symlink=False,
    )
    id_file = run_dir / "wandb" / "run_id.txt"

    def init(mode: Mode) -> Any:
        settings.silent = mode == "offline"  # W&B would print only where its files are, and advertisements
        return wandb.init(
            **facts, dir=run_dir, id=_stable_id(id_file), mode=mode, reinit="finish_previous", settings=settings,
            resume="allow" if mode == "online" else None,  # offline the same id continues it
        )  # fmt: skip

    with _environment():
        if mode == "disabled":
            return wandb.init(**facts, dir=run_dir, mode="disabled", reinit="finish_previous", settings=settings)
        if mode == "online" and (reason := _unreachable(wandb.setup().settings.base_url, init_timeout)):
            _warn_offline(reason)
            mode = "offline"
        try:
            run = init(mode)
        except wandb.Error as error:
            if mode == "offline":
                raise
            _warn_offline(str(error))
            wandb.teardown()  # W&B's service still holds the id of the run that did not begin
            mode, run = "offline", init("offline")
    if mode == "online":
        _log.info("W&B: %s", run.url)
    return run


def _unreachable(url: str, timeout: float) -> str | None:
    """Why the server at `url` gives no answer of any kind within `timeout` seconds; None when it does.

    This comes first, because W&B's own attempt gives up 10 s after its time limit.
    """
    from urllib.error import HTTPError
    from urllib.request import urlopen

    try:
        urlopen(url, timeout=timeout).close()
    except HTTPError:
        return None
    except OSError as error:
        return f"{url} does not answer ({getattr(error, 'reason', error)})"
    return None


def _warn_offline(reason: str) -> None:
    warnings.warn(f"W&B: {reason.strip().rstrip('.')}; this run is logged OFFLINE", Notice, stacklevel=2)


def _stable_id(path: Path) -> str:
    """The id kept in `path`; a new one the first time.

    In a process that an agent of a W&B sweep started, it is the agent's id: the sweep waits for that run, and W&B would
    ignore any other. It is kept, so that the run continues there when it is resumed without the agent.
    """
    if os.environ.get("WANDB_SWEEP_ID") and (given := os.environ.get("WANDB_RUN_ID")):
        write_text(path, given + "\n")
        return given
    with contextlib.suppress(FileNotFoundError, NoFile):
        kept = read_regular(path, MOST_BYTES).strip()
        if _ID.fullmatch(kept):
            return kept.decode()
        warnings.warn(f"{path} is damaged; this run goes on as a new run of W&B", Notice, stacklevel=2)
    new = secrets.token_hex(6)
    write_text(path, new + "\n")
    return new


@contextlib.contextmanager
def _environment(**temporary: str) -> Iterator[None]:
    """W&B's variables as they were, after the block; `temporary` ones inside it."""
    before = {key: value for key, value in os.environ.items() if key.startswith("WANDB_")}
    os.environ.update(temporary)
    try:
        yield
    finally:
        for key in [key for key in os.environ if key.startswith("WANDB_") and key not in before]:
            del os.environ[key]
        os.environ.update(before)
