"""A class of the user's own counts by its source: by the files that define it, and by no other."""

import sys

import pytest
from omegaconf import open_dict

from composing import composed
from genlab.annotations import definitions
from genlab.config.fingerprint import decisive, fingerprint, measurement
from genlab.config.sources import content_digest, source_digest


@pytest.fixture
def package(tmp_path, monkeypatch):
    """my/net.py imports my/parts.py, which imports deep.py beside it; my/unused.py is imported by nobody."""
    files = {
        "my/__init__.py": "",
        "my/net.py": "import torch\nfrom my.parts import width\n\nclass Net(torch.nn.Linear):\n    pass\n",
        "my/parts.py": "from . import deep\n\nwidth = 3\n",
        "my/deep.py": "depth = 1\n",
        "my/unused.py": "nothing = 0\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    forget()
    return tmp_path


def forget():
    for function in vars(definitions).values():
        if hasattr(function, "cache_clear"):
            function.cache_clear()


def name(target):
    cfg = composed("experiment=diffusion/ddpm_digits")
    with open_dict(cfg):
        cfg.network._target_ = target
        cfg.allow_targets = [target]
    forget()
    return fingerprint(cfg, "data")


@pytest.mark.parametrize("file", ["my/net.py", "my/parts.py", "my/deep.py"])
def test_a_change_of_what_it_is_made_of_is_another_result(package, file):
    before = name("my.net.Net")
    (package / file).write_text((package / file).read_text() + "# changed\n")
    assert name("my.net.Net") != before


def test_nothing_else_counts(package):
    before = name("my.net.Net")
    (package / "my/unused.py").write_text("nothing = 1\n")
    assert name("my.net.Net") == before


def test_names_that_are_allowed_and_not_built_do_not_count(package):
    cfg = composed("experiment=diffusion/ddpm_digits")
    before = fingerprint(cfg, "data")
    with open_dict(cfg):
        cfg.allow_targets = ["my.net.Net"]
    assert fingerprint(cfg, "data") == before


def test_a_name_that_cannot_be_found_is_text(package):
    assert source_digest(["my.net.Missing"]) != source_digest(["my.net.Other"])


def test_a_text_that_names_no_file_stays_what_it_is(tmp_path):
    for text in ("digits", "a.b.C", "no/such/file", "\0.x", "x" * 5000 + ".y", "${a.b}", "", "~nobody_at_all/x.y"):
        assert content_digest(text) == text


def test_files_and_folders_count_by_their_content_and_not_by_their_place(tmp_path):
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "w.bin").write_bytes(b"weights")
    assert content_digest(str(tmp_path / "a/w.bin")) == content_digest(str(tmp_path / "b/w.bin")) != "weights"
    assert content_digest(str(tmp_path / "a")) == content_digest(str(tmp_path / "b"))
    (tmp_path / "b/w.bin").write_bytes(b"other")
    assert content_digest(str(tmp_path / "a")) != content_digest(str(tmp_path / "b"))


def test_an_installed_package_counts_by_its_version_and_its_folder_is_not_searched(monkeypatch):
    monkeypatch.setattr("genlab.config.sources._gather", lambda *_: pytest.fail("site-packages is searched"))
    before = source_digest(["torchvision.models.resnet.resnet18"])
    monkeypatch.setattr("genlab.config.sources._version", lambda package: f"{package} of tomorrow")
    assert source_digest(["torchvision.models.resnet.resnet18"]) != before


def test_no_file_is_read_for_the_config_of_somebody_elses_folder(tmp_path, monkeypatch):
    cfg = composed("experiment=diffusion/ddpm_digits")
    with open_dict(cfg):
        cfg.model.path = str(tmp_path)
    monkeypatch.setattr("genlab.config.fingerprint.content_digest", lambda *_, **__: pytest.fail("a file is read"))
    assert fingerprint(cfg, "data", follow=False)
    assert measurement(cfg, follow=False)
    assert decisive(cfg)
