"""W&B without a server: what a run leaves in its folder, read back with W&B's own reader."""

import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
import wandb
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import OmegaConf
from PIL import Image
from wandb.util import get_core_path

from genlab.interop.loggers import finish, log_file, log_files, log_picture, log_summary
from genlab.interop.wandb import log_table, wandb_logger
from genlab.modalities.film import write_film
from genlab.notice import Notice

CONF = Path(__file__).parents[2] / "conf"
SECRET = "correct-horse-battery"
RECORD = {
    "status": "completed",
    "fingerprint": "abc",
    "seconds": 1.5,
    "metrics": {"fid_digits": {"value": 3.25, "low": 3.0, "high": 3.5, "n": 100}, "psnr": {"value": 20.0}},
    "environment": {"device": "cpu"},
    "error": {"traceback": "not for W&B"},
}


@pytest.fixture(autouse=True)
def nobody(monkeypatch, tmp_path):
    """A user without W&B credentials, and a W&B session that begins and ends with the test."""
    wandb.teardown()
    os.environ.pop("WANDB_SERVICE", None)  # or monkeypatch would give the next test the address of a service that ended
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NETRC", str(tmp_path / "home" / "netrc"))
    yield
    wandb.teardown()


@pytest.fixture
def folder(tmp_path):
    def make(name: str, **config) -> Path:
        path = tmp_path / name
        path.mkdir()
        OmegaConf.save(OmegaConf.create({"seed": 0, "model": {"coding_size": 2}, **config}), path / "config.yaml")
        return path

    return make


def files(run_dir: Path) -> list[Path]:
    return sorted(run_dir.glob("wandb/*run-*/*.wandb"))


def inspect(path: Path, *options: str) -> str:
    """What `wandb leet inspect` prints, less the second its Python front takes. These tests are its contract."""
    command = [get_core_path(), "leet", "inspect", "--no-observability", *options, "--json", "--run-file", str(path)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def summary(path: Path) -> dict:
    return json.loads(inspect(path, "--summary"))


def records(path: Path) -> list[dict]:
    return [json.loads(line) for line in inspect(path).splitlines()]


def history(path: Path) -> list[dict]:
    return [record["history"]["item"] for record in records(path) if record["type"] == "history"]


def test_an_offline_run_reads_back_whole(folder, tmp_path):
    run_dir = folder("run")
    png = tmp_path / "grid.png"
    Image.fromarray(np.full((6, 4, 3), 7, np.uint8)).save(png)
    logger = wandb_logger(run_dir, "genlab", group="sweep-1", job_type="train", tags=["vae", "digits"], name="run")
    for step in (10, 20):
        logger.log_metrics({"train/loss": step / 10, "val/loss": 1.0}, step)
    log_picture(logger, "samples", np.full((8, 16, 3), 200, np.uint8), step=20, caption="digits")
    log_picture(logger, "reconstructions", png, step=20)
    log_table(logger, "results", ["metric", "value"], [["fid", 3.25]])
    log_summary(logger, RECORD, step=20)
    finish(logger, "completed")

    (path,) = files(run_dir)
    read = summary(path)
    assert read["config"] == {"seed": 0, "model": {"coding_size": 2}}
    assert (read["project"], read["name"], read["tags"]) == ("genlab", "run", ["vae", "digits"])
    assert (read["state"], read["exit_code"]) == ("finished", 0)
    assert read["summary"]["test/fid_digits"] == 3.25
    assert read["summary"]["test/fid_digits_low"] == 3.0
    assert read["summary"]["record"] == {k: RECORD[k] for k in ("status", "fingerprint", "seconds", "environment")}
    (run,) = [record["run"] for record in records(path) if record["type"] == "run"]
    assert (run["run_group"], run["job_type"]) == ("sweep-1", "train")
    losses = [row for row in history(path) if "train/loss" in row]
    assert [(row["trainer/global_step"], row["train/loss"]) for row in losses] == [(10, 1.0), (20, 2.0)]

    media = path.parent / "files"
    for key, size, colour in (("samples", (16, 8), 200), ("reconstructions", (4, 6), 7)):
        with Image.open(media / read["summary"][key]["path"]) as image:
            assert image.size == size
            assert image.getpixel((0, 0)) == (colour,) * 3
    table = json.loads((media / read["summary"]["results"]["path"]).read_text())
    assert table["data"] == [["fid", 3.25]]
    assert list(run_dir.glob("wandb/data/artifacts/staging/*")), "the table's artifact is staged in the run folder"
    assert not list((tmp_path / "home").rglob("staging/*"))


def test_sounds_and_films_are_media_with_every_byte(folder, tmp_path):
    run_dir, wav, gif = folder("run"), tmp_path / "sound.wav", tmp_path / "film.gif"
    with wave.open(str(wav), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(np.arange(400, dtype="<i2").tobytes())
    write_film(gif, [np.full((6, 4, 3), level, np.uint8) for level in (0, 90, 200)], fps=10)
    logger = wandb_logger(run_dir, "genlab", group=None, job_type="train", tags=[], name="run")
    log_file(logger, "sound", wav, step=3)
    log_file(logger, "film", gif, step=3)
    log_files(logger, "both", [(wav, "a tone"), (gif, "a dot")])
    finish(logger, "completed")
    (path,) = files(run_dir)
    read = summary(path)["summary"]
    for key, kind, original in (("sound", "audio-file", wav), ("film", "video-file", gif)):
        assert read[key]["_type"] == kind
        assert (path.parent / "files" / read[key]["path"]).read_bytes() == original.read_bytes()


def test_the_x_axis_of_every_chart_is_the_optimizer_step(folder):
    run_dir = folder("run")
    finish(wandb_logger(run_dir, "genlab"), "completed")
    metrics = [record["metric"] for record in records(files(run_dir)[0]) if record["type"] == "metric"]
    assert {"glob_name": "*", "step_metric": "trainer/global_step"}.items() <= metrics[-1].items()


def test_jobs_of_one_process_stay_apart_and_a_failure_is_one(folder):
    first, second, third = folder("a", lr=1), folder("b", lr=2), folder("c", lr=3)
    before = dict(os.environ)
    logger = wandb_logger(first, "genlab", mode="offline")
    logger.log_metrics({"train/loss": 1.0}, 1)
    finish(logger, "failed")
    finish(logger, "failed")  # twice is once
    logger = wandb_logger(second, "genlab", mode="offline")
    logger.log_metrics({"train/loss": 2.0}, 1)
    logger = wandb_logger(third, "genlab", mode="offline")  # the second was never finished
    finish(logger, "interrupted")
    assert dict(os.environ) == before
    read = [summary(files(run_dir)[0]) for run_dir in (first, second, third)]
    assert [run["config"]["lr"] for run in read] == [1, 2, 3]
    assert [run["summary"].get("train/loss") for run in read] == [1.0, 2.0, None]
    assert [run["exit_code"] for run in read] == [1, 0, 143]
    assert len({run["run_id"] for run in read}) == 3
    assert any(record["type"] == "preempting" for record in records(files(third)[0]))


def test_a_resumed_run_keeps_its_id(folder):
    run_dir = folder("run")
    ids = []
    for status in ("interrupted", "completed"):
        logger = wandb_logger(run_dir, "genlab")
        ids.append(logger.version)
        finish(logger, status)
    assert ids[0] == ids[1] == (run_dir / "wandb" / "run_id.txt").read_text().strip()


def test_a_run_that_an_agent_started_has_the_agents_id_and_keeps_it(folder, monkeypatch):
    run_dir = folder("run")
    finish(wandb_logger(run_dir, "genlab"), "interrupted")
    wandb.teardown()  # an agent starts a process of its own
    with monkeypatch.context() as agent:
        agent.setenv("WANDB_SWEEP_ID", "s1")
        agent.setenv("WANDB_RUN_ID", "chosen1")
        logger = wandb_logger(run_dir, "genlab")
        assert logger.version == "chosen1"
        finish(logger, "interrupted")
        assert os.environ["WANDB_RUN_ID"] == "chosen1"
        wandb.teardown()
    logger = wandb_logger(run_dir, "genlab")
    finish(logger, "completed")
    assert logger.version == "chosen1"
    begun = [record["run"] for path in files(run_dir) for record in records(path) if record["type"] == "run"]
    sweeps = [run.get("sweep_id") or "" for run in begun if run["run_id"] == "chosen1"]
    assert (len(begun), sorted(sweeps)) == (3, ["", "s1"])  # in one second their folders have no order


def test_no_secret_reaches_the_run_folder(folder, monkeypatch):
    monkeypatch.setenv("STORAGE_SECRET", SECRET)
    monkeypatch.setattr(sys, "argv", ["genlab", f"+logger.wandb.api_key={SECRET}", "--token=argument-secret"])
    run_dir = folder("run", api_key="config-secret", url="https://me:url-secret@host/x")
    (run_dir / "config.yaml").write_text((run_dir / "config.yaml").read_text() + f"note: key {SECRET} inside\n")
    logger = wandb_logger(run_dir, "genlab")
    log_summary(logger, {**RECORD, "environment": {"origin": f"https://me:{SECRET}@host"}}, step=0)
    finish(logger, "completed")
    written = b"".join(path.read_bytes() for path in (run_dir / "wandb").rglob("*") if path.is_file())
    assert len(written) > 1000
    for secret in (SECRET, "argument-secret", "config-secret", "url-secret"):
        assert secret.encode() not in written
    assert summary(files(run_dir)[0])["config"]["api_key"] == "<redacted>"


def test_without_a_key_auto_is_offline_and_online_is_refused(folder):
    logger = wandb_logger(folder("a"), "genlab")
    assert logger.experiment.offline
    finish(logger, "completed")
    with pytest.raises(ValueError, match="set WANDB_API_KEY"):
        wandb_logger(folder("b"), "genlab", mode="online")


def test_a_server_that_does_not_answer_makes_the_run_offline_loudly(folder, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "0123456789" * 4)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")  # nobody listens at the discard port
    run_dir = folder("run")
    with pytest.warns(Notice, match="logged OFFLINE"):
        logger = wandb_logger(run_dir, "genlab", init_timeout=0.5)
    logger.log_metrics({"train/loss": 1.0}, 1)
    finish(logger, "completed")
    (path,) = [path for path in files(run_dir) if "offline-run" in str(path)]
    assert summary(path)["summary"]["train/loss"] == 1.0
    assert b"0123456789" * 4 not in b"".join(p.read_bytes() for p in run_dir.rglob("*") if p.is_file())


def test_wandb_mode_of_the_environment_is_respected(folder, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "0123456789" * 4)
    monkeypatch.setenv("WANDB_MODE", "disabled")
    run_dir = folder("run")
    logger = wandb_logger(run_dir, "genlab")
    logger.log_metrics({"train/loss": 1.0}, 1)
    finish(logger, "completed")
    assert not files(run_dir)


def test_nobody_is_asked_on_a_terminal(folder):
    """With a terminal on all three streams and no key, W&B's own `wandb.init()` would ask for one."""
    import pty

    run_dir = folder("run")
    code = "import sys; from genlab.interop.wandb import _resolve; sys.exit(_resolve('auto') != 'offline')"
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", code])
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert not files(run_dir)


def test_a_tag_that_wandb_refuses_is_named(folder):
    with pytest.raises(ValueError, match="1 to 64 characters"):
        wandb_logger(folder("run"), "genlab", tags=["x" * 65])


@pytest.mark.parametrize("names", [["wandb"], ["csv"], ["tensorboard"], ["wandb", "csv", "tensorboard"], []])
def test_each_logger_config_builds_and_logs_into_the_run_folder(folder, names):
    run_dir = folder("run")
    choice = {0: "none", 1: "".join(names[:1]), 3: "many"}[len(names)]
    with initialize_config_dir(str(CONF / "logger"), version_base="1.3"):
        nodes = OmegaConf.create({"paths": {"run_dir": str(run_dir)}, "tags": ["digits"], "sweep": None})
        nodes.logger = compose(choice)
    loggers = [instantiate(node) for node in (nodes.logger or {}).values()]
    assert list(nodes.logger) == names
    for logger in loggers:
        logger.log_metrics({"train/loss": 1.0}, 3)
        log_picture(logger, "samples", np.zeros((8, 8, 3), np.uint8), step=3)
        log_summary(logger, RECORD, step=3)
        finish(logger, "completed")
    if "csv" in names:
        assert "test/fid_digits" in (run_dir / "metrics.csv").read_text()
    if "tensorboard" in names:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(str(run_dir / "tensorboard"))
        events.Reload()
        assert events.Tags()["images"] == ["samples"]
        assert [event.value for event in events.Scalars("test/fid_digits")] == [3.25]
    if "wandb" in names:
        assert summary(files(run_dir)[0])["tags"] == ["digits"]


def test_an_agent_that_asks_for_a_completed_run_is_told_its_scores(tmp_path, monkeypatch):
    """Nothing is trained: the run is in the store, and the agent's own W&B run gets its scores."""
    from composing import composed
    from genlab.cli import main
    from genlab.runs.job import find
    from genlab.runs.record import Record
    from genlab.runs.store import save_config

    words = ["experiment=autoencoder/cvae_digits", f"paths.output_dir={tmp_path}/store"]
    cfg = composed(*words)
    run = find(cfg)
    save_config(cfg, run.config_file)
    record = Record(run.path.name, "train", "autoencoder", None, 0, [], status="completed")
    record.metrics, record.training = RECORD["metrics"], {"steps": 40}
    record.save(run.record_file)
    assert main(["train", *words]) == 0
    assert files(run.path) == []  # without an agent there is nobody to tell
    monkeypatch.setenv("WANDB_SWEEP_ID", "s1")
    monkeypatch.setenv("WANDB_RUN_ID", "chosen1")
    assert main(["train", *words]) == 0
    (path,) = files(run.path)
    (begun,) = [line["run"] for line in records(path) if line["type"] == "run"]
    assert (begun["run_id"], begun["sweep_id"]) == ("chosen1", "s1")
    read = summary(path)
    assert (read["state"], read["exit_code"]) == ("finished", 0)
    assert (read["summary"]["test/fid_digits"], read["summary"]["trainer/global_step"]) == (3.25, 40)
    assert read["summary"]["record"]["status"] == "completed"
