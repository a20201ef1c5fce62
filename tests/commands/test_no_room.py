"""No memory and no room on the disk: one sentence in the record, the sweep goes on, what was written before stays."""

import contextlib
import json
import subprocess

import pytest

from genlab.callbacks.history import History
from genlab.cli import main
from genlab.runs import checkpoint_io, history
from genlab.runs.checkpoint_io import AtomicCheckpointIO
from genlab.runs.store import Store

TINY = [
    "experiment=autoencoder/cvae_digits", "dataset.train_size=128", "dataset.batch_size=32", "test=false",
    "logger=none", "callbacks.previews=null", "callbacks.checkpoints.every_n_steps=1",
]  # fmt: skip


def test_a_job_without_memory_is_one_sentence_and_the_sweep_goes_on(tmp_path, capfd):
    (tmp_path / "rows.yaml").write_text("- {model.coding_size: 1000000000000}\n- {model.coding_size: 3}\n")
    words = [*TINY, "trainer.max_epochs=1", f"rows={tmp_path}/rows.yaml", "-m", "hydra.launcher.threads=1"]
    assert main(["train", *words, f"paths.output_dir={tmp_path}/store"]) == 1
    output = capfd.readouterr()
    assert "2 jobs: 1 done, 0 done before, 1 failed" in output.out
    (line,) = [line for line in output.err.splitlines() if "OutOfMemory" in line]
    assert "the memory is too small for" in line
    failed, done = sorted(Store(tmp_path / "store"), key=lambda run: run.record().status == "completed")
    assert failed.record().error["type"] == "OutOfMemory"
    assert "\n" not in failed.record().error["message"]
    assert "DefaultCPUAllocator" in failed.record().error["traceback"]
    assert done.record().status == "completed"


@pytest.fixture
def small_disk(tmp_path):
    """(folder, resize): a file system of its own, of `size` bytes."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(size, *options):
        flags = ["-o", ",".join([*options, f"size={size}"])]
        return subprocess.run(["mount", "-t", "tmpfs", *flags, "tmpfs", str(folder)], capture_output=True).returncode

    if mount(2**20):
        pytest.skip("no right to mount a small file system")
    yield folder, lambda size: mount(size, "remount")
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_up_damages_nothing_and_the_run_resumes_when_there_is_room(small_disk, tmp_path, capfd):
    folder, resize = small_disk
    words = [*TINY, "trainer.max_epochs=2"]
    assert main(["train", *words, f"paths.output_dir={tmp_path}/store"]) == 0
    (whole,) = Store(tmp_path / "store")
    checkpoint = (whole.checkpoints / "last.ckpt").stat().st_size

    resize(checkpoint * 3 // 2)  # room for one checkpoint, not for the next beside it
    assert main(["train", *words, f"paths.output_dir={folder}"]) == 1
    assert "DiskFull: " in capfd.readouterr().err
    (run,) = Store(folder)
    record = json.loads(run.record_file.read_text())
    assert (record["status"], record["error"]["type"]) == ("failed", "DiskFull")
    assert "the disk is full" in record["error"]["message"]
    assert checkpoint_io.load(run.checkpoint())["global_step"] == 1
    assert not list(folder.rglob("*.tmp"))

    resize(checkpoint * 4)
    assert main(["train", *words, f"paths.output_dir={folder}"]) == 0
    assert run.record().status == "completed"
    assert run.record().errors[0]["type"] == "DiskFull"
    losses = [[line["loss"] for line in history.read(r.history_file) if "loss" in line] for r in (whole, run)]
    assert losses[0] == losses[1]


def test_a_disk_that_is_full_to_the_last_byte_still_has_room_for_the_reason(small_disk, monkeypatch):
    folder, resize = small_disk
    resize(2**22)
    begin = History.on_train_start

    def fill(self, trainer, module):
        """Fills the disk when the training has begun, as another program would."""
        begin(self, trainer, module)
        with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 2**12)

    monkeypatch.setattr(History, "on_train_start", fill)
    assert main(["train", *TINY, "trainer.max_epochs=1", f"paths.output_dir={folder}"]) == 1
    (run,) = Store(folder)
    assert run.record().status == "failed"
    assert run.record().error["type"] == "DiskFull"


def test_a_checkpoint_into_a_folder_that_has_become_read_only_is_an_error_and_not_silence(small_disk):
    """Lightning 2.6's own writer returns as if it had saved."""
    folder, _ = small_disk
    path = folder / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint({"x": 1}, path)
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    with pytest.raises(OSError, match="Read-only"):
        AtomicCheckpointIO().save_checkpoint({"x": 2}, path)
    assert checkpoint_io.load(path)["x"] == 1
