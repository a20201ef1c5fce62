"""A module in the current folder is found where allow_targets names it, and only there."""

import importlib.util
import sys

import pytest

from genlab.config.own_modules import find_own_modules


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "my_nets_xy.py").write_text("class Net: ...")
    (tmp_path / "my_package_xy").mkdir()
    (tmp_path / "json.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p])
    importlib.invalidate_caches()
    return str(tmp_path)


@pytest.mark.parametrize("target", ["my_nets_xy.Net", "my_package_xy.deep.Net"])
def test_what_is_named_is_found_last_of_all(target, here):
    find_own_modules(["torch.nn.SiLU", target])
    assert sys.path[-1] == here
    assert sys.path.count(here) == 1
    assert importlib.util.find_spec(target.partition(".")[0]) is not None


@pytest.mark.parametrize("targets", [[], ["torch.nn.SiLU"], ["json.JSONDecoder"], ["elsewhere_xy.Net"], [".x"]])
def test_without_such_a_name_nothing_changes(targets, here):
    before = list(sys.path)
    find_own_modules(targets)
    assert sys.path == before


def test_a_folder_that_is_gone_has_no_modules(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    find_own_modules(["my_nets_xy.Net"])
