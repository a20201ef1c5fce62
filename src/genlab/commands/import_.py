"""genlab import: a pipeline that others have trained as a run, which the other verbs draw from, edit with and score."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf, open_dict

from genlab.commands.app import App, run_app
from genlab.conditioning.rules import asked_by_config
from genlab.config.check import check
from genlab.config.schema import Train
from genlab.config.words import flags_and_words, quoted, value_of
from genlab.errors import ConfigError
from genlab.runs.run_config import wants_run

if TYPE_CHECKING:
    from genlab.runs.store import Run

_PARTS = ("network", "scheduler", "parameterization", "sampler", "guidance", "conditioner", "codec", "text")


def main(argv: list[str]) -> int:
    """Make a run of a folder; its weights stay there."""
    _, words = flags_and_words(argv)
    named = [word for word in words if not word.startswith(("~", "+")) and ("=" not in word or _is_folder(word))]
    rest = [word for word in argv if word not in named]
    if wants_run(argv):
        if len(named) > 2 or "" in named or not (named or value_of(argv, "folder", "")):
            raise ConfigError(f"genlab import takes a folder and a name, as in genlab import FOLDER mine; got {named}")
        rest += [f"{key}={quoted(name)}" for key, name in zip(("folder", "task_name"), named, strict=False)]
    app = App(task=import_, check=lambda cfg: None)
    run_app("import", app, rest)
    return app.status()


def _is_folder(word: str) -> bool:
    try:
        return Path(word).is_dir()
    except OSError:  # such as a name that is too long
        return False


def import_(cfg: DictConfig) -> Path:
    """Write the run of `cfg.folder` into the store, unless it is there, and say how to draw from it; its folder."""
    own = imported_config(cfg)
    from genlab.config.fingerprint import fingerprint
    from genlab.runs.store import Store

    store = Store(cfg.paths.output_dir)
    run = store.run(cfg.task_name, fingerprint(own, "of a folder"))
    record = run.record()
    if record is None or record.status != "completed":
        _write(own, run, str(cfg.folder))
    print(f"{run.path} is a run of {own.network.folder}'s weights, which stay there. Draw from it:\n")
    pictures, prompt = _pictures(own), [] if own.text is None else ['prompt="..."']
    print(" ".join([f"genlab sample run={run.path} n=4", *prompt, *pictures]) + "\n")
    if pictures or prompt:
        given = list(dict.fromkeys(["picture=FILE", *pictures])) if pictures else ["picture=FILE", "edit=sdedit"]
        print("Change a picture:\n\n" + " ".join([f"genlab edit run={run.path}", *given, *prompt]) + "\n")
    if not str(own.guidance._target_).endswith(".Distilled"):
        column = own.dataset.source.get("other_column")
        pairs = "" if column is None else f", on pairs (FOLDER/metadata.csv: file_name, text, {column})"
        print(f"Train it further{pairs}:\n\ngenlab train init_from.run={run.path} dataset.source.path=FOLDER")
    return run.path


def _pictures(cfg: DictConfig) -> list[str]:
    """The words for what a model must be given beside texts; depths are estimated of a picture where they can be."""
    asked = asked_by_config(cfg)
    names = [] if asked is None else [key for key in ("picture", "mask", "depth") if key in asked.asks]
    return [f"{key}=FILE" for key in (["picture"] if names == ["picture", "depth"] else names)]


def imported_config(cfg: DictConfig) -> DictConfig:
    """The config of a run of `cfg.folder`.

    Raises:
        ConfigError: the folder has no pipeline that is known here.
    """
    from genlab.interop.stable_diffusion import described

    if OmegaConf.is_missing(cfg, "folder"):
        raise ConfigError("folder = FOLDER is missing: of a pipeline of diffusers, with a model_index.json")
    try:
        parts = described(str(cfg.folder))
    except ValueError as error:
        raise ConfigError(str(error)) from error
    own = deepcopy(cfg)
    OmegaConf.set_readonly(own, None)
    with open_dict(own):
        for key in ("folder", "hydra"):
            own.pop(key, None)
        for key in _PARTS:
            own[key] = parts.get(key)
        own.dataset.channels, own.dataset.size = parts["channels"], parts["size"]
        own.model.shape, own.model.clip, own.model.ema_decay = parts["shape"], parts["clip"], None
        for key, value in _read_beside(own).items():
            if key in own.dataset.source and own.dataset.source[key] is None:
                own.dataset.source[key] = value
    check(own, Train)
    return own


def _read_beside(own: DictConfig) -> dict[str, str]:
    """What is read beside the pictures that a model is trained further on, where a person says nothing of it."""
    asked = asked_by_config(own)
    if asked is None or "prompt" not in asked.asks:
        return {}
    of_pairs = {frozenset({"depth"}): "depth", frozenset({"picture"}): "before"}  # depths may be estimated, too
    column = of_pairs.get(asked.asks & {"picture", "mask", "depth"})
    return {"captions": "auto"} if column is None else {"captions": "auto", "other_column": column}


def _write(own: DictConfig, run: Run, folder: str) -> None:
    from genlab.config.instantiate import build
    from genlab.runs.checkpoint_io import AtomicCheckpointIO
    from genlab.runs.record import Record, family_name
    from genlab.runs.store import LAST, save_config

    module: Any = build(own.model, list(own.allow_targets))
    record = Record(
        fingerprint=run.path.name, task_name=own.task_name, seed=own.seed, overrides=[f"folder={folder}"],
        family=family_name(str(own.model._target_)), experiment=None,
    )  # fmt: skip
    record.begin()
    record.training = {"imported": folder, "parameters": module.num_parameters}
    run.checkpoints.mkdir(parents=True, exist_ok=True)
    save_config(own, run.config_file)
    AtomicCheckpointIO().save_checkpoint({"state_dict": module.state_dict()}, run.checkpoints / LAST)
    record.end("completed", record.elapsed)
    record.save(run.record_file)
