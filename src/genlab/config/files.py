"""Where genlab's configs and recipes lie: in the installed package, or beside the sources of a checkout."""

from __future__ import annotations

from pathlib import Path


def conf_dir() -> Path:
    """The folder of config groups."""
    package = Path(__file__).resolve().parents[1]
    for candidate in (package / "conf", package.parents[1] / "conf"):
        if (candidate / "train.yaml").is_file():
            return candidate
    raise FileNotFoundError(f"genlab's configs are neither in {package / 'conf'} nor beside {package.parent}")


def options(group: str) -> list[str]:
    """The names that may be chosen in a config group, folders included: 'linear', 'diffusion/small_unet_mnist'."""
    folder = (conf_dir() / group).resolve()  # conf/experiment is a link
    names = [p.relative_to(folder).with_suffix("").as_posix() for p in folder.rglob("*.yaml")]
    return sorted(name for name in names if not name.endswith("study"))


def groups() -> list[str]:
    """The names of all config groups."""
    return sorted(p.name for p in conf_dir().iterdir() if p.is_dir())
