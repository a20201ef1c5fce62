"""What stands for a file of a run may be a pipe, a device or endless: no reader waits for it or fills the memory."""

import os
import re
from pathlib import Path

import pytest

import genlab
from genlab.cli import main
from genlab.errors import ConfigError
from genlab.reports.downsample import downsample_history
from genlab.runs import history
from genlab.runs.reading import read_json
from genlab.runs.sealing import is_sealed
from genlab.runs.store import Run, digests_file, is_damaged, is_whole


def endless(path):
    path.touch()
    os.truncate(path, 2**42)


KINDS = {"pipe": os.mkfifo, "device": lambda path: path.symlink_to("/dev/zero"), "endless": endless}
READERS = {
    "record.json": lambda run: run.record(),
    "config.yaml": lambda run: run.config(),
    "history.jsonl": lambda run: history.read(run.history_file),
    "x.json": lambda run: read_json(run.path / "x.json", "delete it"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", READERS)
def test_what_is_no_file_is_one_sentence(name, kind, tmp_path):
    KINDS[kind](tmp_path / name)
    with pytest.raises(ConfigError, match=rf"{name} (cannot be read|has \d+ bytes)"):
        READERS[name](Run(tmp_path))


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_checkpoint_that_is_no_file_is_not_whole(kind, tmp_path):
    path = tmp_path / "last.ckpt"
    KINDS[kind](path)
    assert not is_sealed(path)
    assert not is_whole(path)
    KINDS[kind](digests_file(path))
    assert not is_whole(path)
    assert is_damaged(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore::genlab.notice.Notice")
def test_listing_a_store_passes_over_it(kind, tmp_path, capsys):
    run = Run(tmp_path / "train" / "stranger")
    run.path.mkdir(parents=True)
    for path in (run.record_file, run.config_file, run.history_file):
        KINDS[kind](path)
    assert downsample_history(run.history_file) == {}
    assert main(["runs", f"paths.output_dir={tmp_path}"]) in (0, 1, 2)
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["runs", "reports", "commands"])
def test_files_of_runs_are_opened_in_one_way(folder):
    """Files that genlab brings along (`here / name`, a README of the checkout) and the kernel's are no stranger's."""
    reads = re.compile(r"^(?!.*(/proc/|\(here / |readme)).*(\.read_text\(|\.read_bytes\(|\.open\(\"rb\"\)).*$", re.M)
    found = {
        p.name: m[0]
        for p in (Path(genlab.__file__).parent / folder).rglob("*.py")
        for m in reads.finditer(p.read_text())
    }
    assert found == {}
