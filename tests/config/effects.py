"""Run in a process of its own: builds parts and prints what that did to the world, as JSON {part: [event, ...]}.

`sys.addaudithook` cannot be taken back, and sees every program, file and socket, whichever library asks for it.
"""

import contextlib
import importlib
import inspect
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

sys.dont_write_bytecode = True

ALWAYS = (
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn",
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown",
    "os.putenv", "os.unsetenv", "os.kill", "shutil.", "socket.", "urllib.Request", "http.client.", "ftplib.",
    "smtplib.", "tempfile.", "pickle.find_class", "ctypes.dlopen", "exec", "signal.pthread_kill", "webbrowser.open",
)  # fmt: skip
"""Events by the beginning of their names."""

FOR_THE_USER = ("path", "repo", "sweep")
"""What a config leaves open."""

_events: list[str] = []
_importing = 0


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if _is_effect(event, arguments) and not _is_import():
        _events.append(f"{event} {arguments!r:.200}")


def _is_effect(event: str, arguments: tuple[Any, ...]) -> bool:
    if event == "open":
        _, mode, flags = arguments
        writes = isinstance(mode, str) and set(mode) & set("wxa+")
        return bool(writes or (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)))
    return event.startswith(ALWAYS)


def _is_import() -> bool:
    """Whether a module is just being imported: its own code is not the part's, and runs once."""
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def watched(build: Any) -> tuple[bool, list[str]]:
    """(whether something was built, the effects) of one call."""
    del _events[:]
    built = True
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            build()
        except Exception:  # a part may refuse what it is given
            built = False
    return built, list(_events)


def of_configs(jobs: list[list[str]]) -> dict[str, Any]:
    """Builds every node with a `_target_` of the composed configs, the smallest first."""
    from hydra.utils import instantiate
    from omegaconf import OmegaConf

    from composing import composed
    from genlab.config.files import conf_dir
    from genlab.config.stages import declare
    from genlab.runs.store import Run

    found: dict[str, list[str]] = {}
    built: set[str] = set()

    def inside(node: Any) -> None:
        if isinstance(node, dict | list):
            for child in node.values() if isinstance(node, dict) else node:
                inside(child)
        if isinstance(node, dict) and "_target_" in node:
            node.update({key: "given" for key, value in node.items() if value in ("???", None) and key in FOR_THE_USER})
            target = node["_target_"]
            given = {} if target.startswith("genlab.interop.wandb") else node
            if given and target not in built:
                run = _accepted(target, {"run": Run(Path("store/task/run"))})
                ok, effects = watched(lambda: instantiate(node, **run, _convert_="all"))
                built.update([target] if ok else [])
                found[target] = sorted({*found.get(target, []), *effects})

    def with_first_stages(cfg: Any) -> Any:
        declare(cfg)
        for node in (cfg.get("first_stage"), *(cfg.get("first_stages") or {}).values()):
            if node is not None and node.get("experiment") is not None:
                first = with_first_stages(composed(f"experiment={node.experiment}"))
                node.model = OmegaConf.to_container(first.model, resolve=True)
        return cfg

    for words in jobs:
        cfg = with_first_stages(composed(*words))
        for key in (key for key in cfg if key not in ("first_stage", "first_stages")):
            with contextlib.suppress(Exception):  # a reference to what this config has not
                inside(OmegaConf.to_container(cfg[key], resolve=True) if OmegaConf.is_config(cfg[key]) else None)
    for path in (conf_dir() / "edit").glob("*.yaml"):
        inside(OmegaConf.to_container(OmegaConf.load(path)))
    return {"effects": found, "built": sorted(built)}


def _accepted(target: str, given: dict[str, Any]) -> dict[str, Any]:
    from genlab.annotations.signatures import signature

    return {name: value for name, value in given.items() if name in {p.name for p in signature(target).parameters}}


def of_classes(packages: list[str]) -> dict[str, Any]:
    """Builds what is allowed of other libraries from plain arguments that are found by their names."""
    import torch
    from hydra.utils import get_class

    from genlab.config.allowed import is_allowed

    names = [f"{package}.{name}" for package in packages for name in dir(importlib.import_module(package))]
    targets = [name for name in names if is_allowed(name)]

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(2, 2))], lr=0.1)
    values = {
        "params": [torch.nn.Parameter(torch.zeros(2, 2))], "optimizer": optimizer, "lr_lambda": lambda epoch: 1.0,
        "milestones": [1], "schedulers": [torch.optim.lr_scheduler.ConstantLR(optimizer)], "scheduling": {0: 1},
        "module": torch.nn.Linear(2, 2), "lr": 0.1, "inplace": False, "div_value": 4.0, "cutoffs": [2],
        "normalized_shape": [2], "padding": 1, "encoder_layer": torch.nn.TransformerEncoderLayer(4, 2),
        "decoder_layer": torch.nn.TransformerDecoderLayer(4, 2), "monitor": "x", "dirpath": None, "save_dir": "nowhere",
        "swa_lrs": 0.1, "pruning_fn": "l1_unstructured", "batch_size_fn": len, "embed_dim": 4, "num_heads": 2,
    }  # fmt: skip
    found: dict[str, list[str]] = {}
    built: list[str] = []
    for target in targets:
        kind = get_class(target)
        needed = [p for p in inspect.signature(kind).parameters.values() if p.default is p.empty]
        named = [p.name for p in needed if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        ok, effects = watched(lambda: kind(**{name: values.get(name, 2) for name in named}))  # noqa: B023 (at once)
        found[target] = effects
        built += [target] if ok else []
    return {"effects": found, "built": built}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    sys.addaudithook(_watch)
    real = sys.stdout
    print(json.dumps({"configs": of_configs, "classes": of_classes}[asked["of"]](asked["items"])), file=real)
