"""`init_from`: a training that begins from the weights of another model, and takes nothing else from it.

Its fingerprint covers the SHA-256 of the file or folder that they are in, and not where that lies. A run that has a
checkpoint of its own goes on from that, and its source may be gone.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, open_dict

from genlab.config.lookup import get, target
from genlab.config.stages import Upstream, upstreams
from genlab.errors import ConfigError
from genlab.notice import Notice

if TYPE_CHECKING:
    from torch import Tensor

    from genlab.runs.record import Record
    from genlab.runs.store import Run


def identify(cfg: DictConfig) -> None:
    """Write into `cfg.init_from` which weights its run or pipeline has; what a saved config has noted stays.

    A run of the same request that is in the store names them where the source is gone, and where `latest` was asked
    for and it is not finished.

    Raises:
        ConfigError: there is no such run, pipeline or checkpoint.
    """
    one = _init(cfg)
    if one.node.get("sha256") is not None:
        return
    requested = str(one.run if one.run is not None else Path(one.node.pipeline).expanduser().resolve())
    earlier = list(_earlier(cfg, requested))
    unfinished = [(run, noted) for run, noted in earlier if noted["status"] != "completed"]
    try:
        if requested == "latest" and unfinished:
            run, noted = unfinished[-1]
            source, digest = noted["source"], noted["sha256"]
        else:
            source, digest = _source_and_digest(cfg, one)
    except ConfigError:
        if not earlier:
            raise
        run, noted = earlier[-1]
        source, digest = noted["source"], noted["sha256"]
        warnings.warn(f"{one.source} is gone; run {run.path.name} has begun from it", Notice, stacklevel=2)
    _refuse_distilled(one, Path(source))
    if earlier and digest not in {noted["sha256"] for _, noted in earlier}:
        has = f"{one.source} has other weights than when run {earlier[-1][0].path.name} began from it"
        warnings.warn(f"{has}: this is another run", Notice, stacklevel=2)
    if requested == "latest":
        warnings.warn(f"init_from.run = latest is {source}", Notice, stacklevel=2)
    with open_dict(cfg):
        cfg.init_from["run" if one.run is not None else "pipeline"] = source
        cfg.init_from.sha256 = digest
        cfg.init_from.asked = requested


def _refuse_distilled(one: Upstream, source: Path) -> None:
    """Raise ConfigError where the weights are those of a network that must not be trained further."""
    from genlab.foreign_folder import why_not_trained

    network = None if one.run is None else _imported_network(source)
    folder = source / "unet" if network is None else Path(network.folder)
    try:
        why = why_not_trained(folder)
    except ValueError as error:
        raise ConfigError(f"{one.source}: {error}") from error
    if why is not None:
        raise ConfigError(f"{one.source}: {why}")


def _imported_network(run: Path) -> Any:
    """The config of an imported run's network, which lies in a folder; None of any other run."""
    from genlab.runs.store import Run

    network: Any = get(Run(run).config(), "network") if Run(run).config_file.is_file() else None
    is_own = target(network) != "genlab.networks.unet_from_folder.UNetFromFolder" or get(network, "frozen") is False
    return None if is_own else network


def _init(cfg: DictConfig) -> Upstream:
    return next(one for one in upstreams(cfg) if one.key == "init_from")


def _source_and_digest(cfg: DictConfig, one: Upstream) -> tuple[str, str]:
    """Where the weights are, and their SHA-256."""
    from genlab.data.digest import file_digest, folder_digest

    if one.run is not None:
        run = upstream_run(cfg, one)
        return str(run.path), file_digest(whole_checkpoint(run, one))
    folder = Path(one.node.pipeline).expanduser().resolve()
    if not (folder / "model_index.json").is_file():
        raise ConfigError(f"{one.source} is no folder of a diffusers pipeline: it has no model_index.json")
    return str(folder), folder_digest(folder)


def _earlier(cfg: DictConfig, requested: str) -> Iterator[tuple[Run, Mapping[str, Any]]]:
    """The runs in the store that were asked for by `cfg`, whatever the weights were then; the newest last."""
    from genlab.runs.job import find
    from genlab.runs.reading import or_noted
    from genlab.runs.store import Store

    matches = []
    for run in Store(cfg.paths.output_dir):
        if run.path.parent.name != cfg.task_name or (record := or_noted(run.record)) is None:
            continue
        noted = record.training.get("init_from")
        if not isinstance(noted, dict) or requested not in (noted.get("asked"), noted.get("source")):
            continue
        trial = copy.deepcopy(cfg)
        with open_dict(trial):
            trial.force, trial.init_from.sha256 = False, noted["sha256"]
        if find(trial).path == run.path:
            matches.append((record.started, str(run.path), run, noted | {"status": record.status}))
    yield from ((run, noted) for *_, run, noted in sorted(matches, key=lambda one: one[:2]))


def upstream_run(cfg: DictConfig, one: Upstream) -> Run:
    """The run that `one` names, in the words of `run=`; one that was moved into the store is found there.

    Raises:
        ConfigError: there is none.
    """
    from genlab.runs.store import Store

    store, reference = Store(cfg.paths.output_dir), str(one.run)
    try:
        return store.find(reference)
    except ConfigError as error:
        name = Path(reference).name
        try:
            return store.find(name) if name != reference else _refuse(one, error)
        except ConfigError:
            return _refuse(one, error)


def _refuse(one: Upstream, error: ConfigError) -> Run:
    raise ConfigError(f"{one.key}.{error}") from error


def whole_checkpoint(run: Run, one: Upstream) -> Path:
    """The run's newest whole checkpoint. Raises ConfigError where it has none."""
    if (checkpoint := run.checkpoint()) is None:
        raise ConfigError(f"{one.source} has no whole checkpoint, and its weights are needed (see {run.path})")
    return checkpoint


def unchanged(cfg: DictConfig, one: Upstream) -> Path:
    """The file or folder of the weights of a run or a pipeline, which are those that `cfg` has noted.

    Raises:
        ConfigError: it is gone, or has other weights than then.
    """
    source, digest = _source_and_digest(cfg, one)
    if digest != one.node.sha256:
        then = f"SHA-256 {one.node.sha256[:12]}..., and it has {digest[:12]}..."
        raise ConfigError(f"{one.source} has other weights than the config has noted: {then} now")
    from genlab.runs.store import Run

    return Path(source) if one.run is None else whole_checkpoint(Run(Path(source)), one)


def begin_from(cfg: DictConfig, module: Any, run: Run, record: Record) -> None:
    """Give `module` the weights that `cfg.init_from` names, and note in the record what fitted; without it, nothing.

    Raises:
        ConfigError: see `take_weights`.
    """
    if cfg.init_from is not None and cfg.paths.init_from is not None:
        record.training["init_from"] = take_weights(cfg, module)
        record.save(run.record_file)


def take_weights(cfg: DictConfig, module: Any) -> dict[str, Any]:
    """Give `module` the weights that `cfg.init_from` names; what fitted, for the record.

    Raises:
        ConfigError: the weights cannot be read, or nothing of them fits.
    """
    from genlab.data.digest import file_digest
    from genlab.runs.init_from import begin_with

    one = _init(cfg)
    init = cfg.init_from
    fitted = begin_with(
        module, _weights(Path(cfg.paths.init_from), one), one.source, match=list(init.get("match") or ["*"]),
        rename=dict(init.get("rename") or {}), strict=bool(init.get("strict")),
    )  # fmt: skip
    noted = {name: init[name] for name in ("asked", "sha256", "fingerprint") if init.get(name) is not None}
    if (place := Path(cfg.paths.init_from)).is_file():
        noted["sha256"] = file_digest(place)
    source = one.run if one.run is not None else init.get("pipeline") or init.get("recipe")
    return {"source": str(source), **noted, **fitted.to_json()}


def _weights(place: Path, one: Upstream) -> dict[str, Tensor]:
    """The weights at `place`, by name: a checkpoint's, averaged where it has an average, or a pipeline's network.

    Raises:
        ConfigError: a pipeline, or the folder of an imported run, cannot be read.
    """
    try:
        if place.is_file():
            from genlab.first_stage import averaged_weights
            from genlab.runs import checkpoint_io

            return _of_imported(place) | averaged_weights(checkpoint_io.load(place))
        if _is_of_texts(place):
            return _of_unet(str(place / "unet"), None)
        from genlab.interop.diffusers_pipelines import from_pipeline

        return {f"denoiser.{name}": value for name, value in from_pipeline(place).state_dict().items()}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{one.source} cannot be read: {(str(error).strip().splitlines() or ['?'])[0]}") from error


def _is_of_texts(pipeline: Path) -> bool:
    from genlab.foreign_folder import read_json

    return read_json(pipeline / "unet", "config.json").get("_class_name") == "UNet2DConditionModel"


def _of_imported(checkpoint: Path) -> dict[str, Tensor]:
    """The weights of an imported run's network, which lie in a folder and not in the run's checkpoint; else none."""
    network = _imported_network(checkpoint.parent.parent)
    return {} if network is None else _of_unet(str(network.folder), network.sha256)


def _of_unet(folder: str, sha256: str | None) -> dict[str, Tensor]:
    from genlab.networks.unet_from_folder import UNetFromFolder

    network = UNetFromFolder(folder, sha256, frozen=False)
    return {f"denoiser.network.{name}": value for name, value in network.state_dict().items()}
