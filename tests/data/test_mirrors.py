"""Mirrors and packages. The programs npm and apt-get are stand-ins here; archives and their unpacking are real."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from genlab.data.catalog import ENTRIES
from genlab.data.mirrors import DebianPackage, Mirror, NpmPackage, OriginError

Program = Callable[[str, str], None]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Puts a shell script of the given name first on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def make(name: str, script: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    return make


@pytest.fixture
def into(tmp_path: Path) -> Path:
    (tmp_path / "into").mkdir()
    return tmp_path / "into"


def package(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def test_npm_brings_the_members_under_their_names(program: Program, into: Path, tmp_path: Path) -> None:
    archive = package(tmp_path / "a.tgz", {"package/x": b"1", "package/img/64/p.png": b"2", "package/other": b"3"})
    program("npm", f'echo "$@" > {tmp_path}/asked; cp {archive} some-name-1.0.0.tgz')
    origin = NpmPackage("@scope/some-name", "1.0.0", {"package/x": "x", "package/img/64/": "64/"})
    origin.bring(["x", "64/"], into, tmp_path / "work")
    assert (into / "x").read_bytes() == b"1"
    assert (into / "64" / "p.png").read_bytes() == b"2"
    assert sorted(path.name for path in into.iterdir()) == ["64", "x"]
    assert (tmp_path / "asked").read_text().split()[:2] == ["pack", "@scope/some-name@1.0.0"]
    assert not list((tmp_path / "work").iterdir())


def test_a_member_cannot_climb_out_of_its_folder(program: Program, into: Path, tmp_path: Path) -> None:
    archive = package(tmp_path / "a.tgz", {"package/img/../../../evil": b"1"})
    program("npm", f"cp {archive} n-1.tgz")
    with pytest.raises(OriginError, match="outside its folder"):
        NpmPackage("n", "1", {"package/img/": "64/"}).bring(["64/"], into, tmp_path / "work")
    assert not (tmp_path / "evil").exists()


def test_the_clients_own_words_are_passed_on(program: Program, into: Path, tmp_path: Path) -> None:
    program("npm", "echo noise >&2; echo 'npm error code E404' >&2; exit 1")
    with pytest.raises(OriginError, match="status 1: npm error code E404"):
        NpmPackage("n", "1", {}).bring([], into, tmp_path / "work")


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_the_real_npm_takes_our_options_and_says_why_it_failed(
    into: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:1/")  # nobody listens there
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with pytest.raises(OriginError, match="status 1: npm error code ECONNREFUSED"):
        NpmPackage("n", "1", {}).bring([], into, tmp_path / "work")


def test_a_client_that_is_not_installed_is_named(into: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OriginError, match="the program apt-get is not installed"):
        DebianPackage("n", {}).bring([], into, tmp_path / "work")


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="builds a real Debian package")
def test_a_debian_package_is_unpacked_without_root(program: Program, into: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: n\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b.c>\nDescription: d\n"
    )
    (tree / "usr/share/n").mkdir(parents=True)
    (tree / "usr/share/n/file.gz").write_bytes(gzip.compress(b"content"))
    subprocess.run(["dpkg-deb", "--build", str(tree), str(tmp_path / "n.deb")], check=True, capture_output=True)
    program("apt-get", f"cp {tmp_path}/n.deb n_1_all.deb")
    DebianPackage("n", {"usr/share/n/file.gz": "file.gz"}).bring(["file"], into, tmp_path / "work")
    assert {path.name: path.read_bytes() for path in into.iterdir()} == {"file": b"content"}


@pytest.mark.parametrize("name", ["--option", "n;rm", "../n", "file:/n", "N", ""])
def test_only_names_reach_a_command_line(name: str) -> None:
    with pytest.raises(ValueError, match="no package name"):
        DebianPackage(name, {})
    with pytest.raises(ValueError, match="no package name"):
        NpmPackage(name, "1.0.0", {})


def test_every_mirror_of_the_catalogue_is_reached_safely() -> None:
    origins = [origin for entry in ENTRIES.values() for origin in entry.origins]
    assert all(origin.base.startswith("https://") for origin in origins if isinstance(origin, Mirror))
    assert all(entry.origins for entry in ENTRIES.values())


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[Mirror, Path]]:
    """A mirror on this machine, and the folder that it serves."""
    folder = tmp_path / "served"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Mirror(f"http://127.0.0.1:{server.server_port}"), folder
        server.shutdown()
        thread.join()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_a_mirror_gives_unpacked_files(mirror: tuple[Mirror, Path], into: Path, tmp_path: Path) -> None:
    origin, folder = mirror
    (folder / "a.gz").write_bytes(gzip.compress(b"content"))
    origin.bring(["a"], into, tmp_path / "work")
    assert (into / "a").read_bytes() == b"content"


def test_a_mirror_without_the_file_says_so(mirror: tuple[Mirror, Path], into: Path, tmp_path: Path) -> None:
    with pytest.raises(OriginError, match="404"):
        mirror[0].bring(["a"], into, tmp_path / "work")


def test_a_damaged_file_of_a_mirror_is_not_kept(mirror: tuple[Mirror, Path], into: Path, tmp_path: Path) -> None:
    origin, folder = mirror
    (folder / "a.gz").write_bytes(gzip.compress(b"content" * 1000)[:-20])
    with pytest.raises(OriginError, match="damaged"):
        origin.bring(["a"], into, tmp_path / "work")
    (folder / "a.gz").write_bytes(gzip.compress(b"content"))
    origin.bring(["a"], into, tmp_path / "work")
    assert (into / "a").read_bytes() == b"content"
