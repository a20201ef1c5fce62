"""What is kept on disk is made once, and made again when it is damaged."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

import pytest
import torch

from genlab.metrics.cache import cached, digest


def test_made_once_then_read(tmp_path: Path) -> None:
    calls = []

    def make() -> dict[str, torch.Tensor]:
        calls.append(1)
        return {"a": torch.arange(6.0).reshape(2, 3).T, "scalar": torch.tensor(2.5)}

    first = cached(tmp_path / "deep" / "x.safetensors", make)
    second = cached(tmp_path / "deep" / "x.safetensors", make)
    assert len(calls) == 1
    assert all(torch.equal(first[name], second[name]) for name in ("a", "scalar"))
    assert not list(tmp_path.rglob("*.partial"))


@pytest.mark.parametrize("damage", ["flipped", "cut", "emptied"])
def test_damage_is_noticed_and_mended(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "x.safetensors"
    good = cached(path, lambda: {"a": torch.arange(100.0)})
    content = bytearray(path.read_bytes())
    content[-7] ^= 1
    path.write_bytes({"flipped": content, "cut": content[:-50], "emptied": b""}[damage])
    with pytest.warns(UserWarning, match="is damaged and is made again"):
        mended = cached(path, lambda: {"a": torch.arange(100.0)})
    assert torch.equal(mended["a"], good["a"])
    assert torch.equal(cached(path, dict)["a"], good["a"])


def test_of_several_processes_one_makes_it_and_the_others_wait(tmp_path: Path) -> None:
    """As the jobs of a sweep do, which all want the reference statistics at about the same time."""

    def ask() -> None:
        def make() -> dict[str, torch.Tensor]:
            with (tmp_path / "made").open("a") as file:
                file.write("once\n")
            time.sleep(0.5)
            return {"a": torch.arange(3.0)}

        os._exit(0 if cached(tmp_path / "x.safetensors", make)["a"].tolist() == [0, 1, 2] else 1)

    jobs = [multiprocessing.get_context("fork").Process(target=ask) for _ in range(4)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert [job.exitcode for job in jobs] == [0] * 4
    assert (tmp_path / "made").read_text() == "once\n"


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    def fail() -> dict[str, torch.Tensor]:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        cached(tmp_path / "x.safetensors", fail)
    assert not (tmp_path / "x.safetensors").exists()


def test_the_digest_tells_values_shapes_types_and_order_apart() -> None:
    a = torch.arange(6)
    different = [
        (a,), (a.reshape(2, 3),), (a.float(),), (a.flip(0),), (a, a), (a, "x"), ("x", a), (torch.tensor(0),)
    ]  # fmt: skip
    assert len({digest(*parts) for parts in different}) == len(different)
    assert digest(a.reshape(2, 3).T) == digest(a.reshape(2, 3).T.contiguous())
