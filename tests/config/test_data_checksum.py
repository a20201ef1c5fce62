"""What names the data of a run before anything heavy is imported is what the data module itself says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from genlab.annotations.signatures import signature
from genlab.config.data_checksum import data_checksum
from genlab.config.files import conf_dir, options
from genlab.config.resolvers import register_resolvers

_CONFIGS = {name: OmegaConf.load(conf_dir() / "dataset" / f"{name}.yaml") for name in options("dataset")}
PICTURES = [name for name, of_data in _CONFIGS.items() if {"source", "channels"} <= set(of_data)]
"""Points are drawn by a formula, and have no source; buckets are a folder's config with more in it."""

OWN_MODULE = """
from dataclasses import dataclass
from pathlib import Path

import torch

from genlab.data.image_datamodule import ImageDataModule
from genlab.data.items import Items
from genlab.data.resident_data import ResidentData


@dataclass
class Recording:
    path: str


class Sounds(ResidentData):
    name = "sounds"

    def __init__(self, source, seed=0):
        super().__init__(seed=seed)
        self.source = source

    def load(self, split):
        wave = bytearray(Path(self.source.path, "wave").read_bytes())
        return Items(torch.frombuffer(wave, dtype=torch.int16)[:, None])


class Brighter(ImageDataModule):
    pass
"""


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "owndata.py").write_text(OWN_MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "owndata"


def config(name: str, folder: Path) -> dict[str, Any]:
    """conf/dataset/NAME.yaml, resolved as in a run."""
    register_resolvers()
    root = {"dataset": OmegaConf.load(conf_dir() / "dataset" / f"{name}.yaml"), "seed": 0}
    cfg = OmegaConf.create(root | {"paths": {"data_dir": str(folder)}})
    for key, value in dict.fromkeys(("path", "repo", "a", "b"), str(folder)).items():
        if OmegaConf.is_missing(cfg.dataset.source, key):
            cfg.dataset.source[key] = value
    resolved = OmegaConf.to_container(cfg.dataset, resolve=True)
    assert isinstance(resolved, dict)
    resolved.pop("defaults", None)  # which Hydra reads
    return {str(key): value for key, value in resolved.items()}


@pytest.mark.parametrize("name", PICTURES)
def test_every_config_builds_and_its_checksum_is_known_without_building(name: str, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    cfg = config(name, tmp_path)
    module = instantiate(cfg)
    assert module.shape == (cfg["channels"], cfg["size"], cfg["size"])
    assert module.checksum == data_checksum(cfg, tmp_path)


CHANGES: dict[str, Any] = {
    "channels": 3, "size": 16, "train_size": 100, "val_size": 0.2, "test_size": 50, "classes": [3, 1],
    "binarize": "threshold", "seed": 5, "flip": True, "batch_size": 3,
}  # fmt: skip


@pytest.mark.parametrize("change", [*CHANGES, None])
@pytest.mark.parametrize("bare", [True, False], ids=["defaults left out", "all written"])
def test_what_is_left_out_has_the_default_of_the_class(change: str | None, bare: bool, tmp_path: Path) -> None:
    cfg = config("digits", tmp_path)
    if bare:
        needed = {p.name for p in signature(cfg["_target_"]).parameters if p.required} | {"_target_"}
        cfg = {key: value for key, value in cfg.items() if key in needed}
    cfg |= {} if change is None else {change: CHANGES[change]}
    assert instantiate(cfg, _convert_="all").checksum == data_checksum(cfg, tmp_path)


def test_a_class_derived_from_one_of_genlab_is_known_as_that_is(own_module: str, tmp_path: Path) -> None:
    cfg = config("digits", tmp_path)
    assert data_checksum(cfg | {"_target_": f"{own_module}.Brighter"}, tmp_path) == data_checksum(cfg, tmp_path)


def test_the_checksum_is_known_without_torch() -> None:
    program = """
import sys
from pathlib import Path
from genlab.config.data_checksum import data_checksum
source = {"_target_": "genlab.data.idx.IdxImages", "name": "mnist", "data_dir": "anywhere"}
module = {"_target_": "genlab.data.image_datamodule.ImageDataModule", "source": source}
print(data_checksum(module | {"channels": 1, "size": 28, "val_size": 5000}, Path("nowhere")))
assert not {"torch", "PIL", "sklearn", "pytorch_lightning"} & set(sys.modules)
"""
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    # what it has always been: another value would give every run of these data another name
    assert printed.strip() == "c596769938ce200484c5e4e0f5d10bca585aa5a9dc76d0ce9ca347ccc619a7cb"


def test_a_data_module_of_the_users_own_is_known_by_its_config() -> None:
    mine: dict[str, Any] = {"_target_": "mine.Points", "n": 1000}
    assert data_checksum(mine, Path()) == data_checksum(dict(reversed(mine.items())), Path())
    assert data_checksum(mine, Path()) != data_checksum(mine | {"n": 1001}, Path())


def test_a_source_of_the_users_own_counts_by_its_files(own_module: str, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "wave").write_bytes(bytes(8))
    source = {"_target_": f"{own_module}.Recording", "path": str(folder)}
    cfg = {"_target_": f"{own_module}.Sounds", "source": source}
    before = data_checksum(cfg, tmp_path), instantiate(cfg).checksum
    assert before == (data_checksum(cfg, tmp_path), instantiate(cfg).checksum)
    (folder / "wave").write_bytes(bytes(7) + b"1")
    after = data_checksum(cfg, tmp_path), instantiate(cfg).checksum
    assert before[0] != after[0]
    assert before[1] != after[1]
