"""Whole online runs, against a server on this machine that knows enough of W&B and keeps what it is sent."""

import json
import os
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

import numpy as np
import pytest
import wandb
from omegaconf import OmegaConf

from genlab.interop.loggers import finish, log_picture
from genlab.interop.wandb import wandb_logger
from genlab.notice import Notice

KEY = "0123456789" * 4


class Run:
    """What the server knows of one run."""

    def __init__(self) -> None:
        self.facts: dict = {}
        self.history: list[dict] = []
        self.events = 0
        self.exit_code: int | None = None
        self.uploads: dict[str, bytes] = {}


class WandbServer:
    """`with WandbServer() as server: server.url, server.runs[id]`. `refuse` answers every query with an error."""

    def __init__(self, refuse: int | None = None) -> None:
        self.runs: dict[str, Run] = defaultdict(Run)
        self.views: list[dict] = []
        self.refuse = refuse
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def answer(self, data: object, status: int = 200) -> None:
                body = json.dumps(data).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                self.answer({})

            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if outer.refuse:
                    self.answer({"errors": [{"message": "no"}]}, outer.refuse)
                elif self.path == "/graphql":
                    self.answer({"data": outer.query(json.loads(sent))})
                else:
                    if self.path.endswith("file_stream"):
                        outer.stream(self.path.split("/")[-2], json.loads(sent))
                    self.answer({})

            def do_PUT(self) -> None:
                _, run_id, name = self.path.strip("/").split("/", 2)
                outer.runs[run_id].uploads[name] = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.answer({})

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def query(self, request: dict) -> dict:
        operation, variables = request.get("operationName"), request.get("variables") or {}
        if operation == "RunResumeStatus":
            known = variables["name"] in self.runs
            return {"model": {"id": "P", "name": "genlab", "entity": {"id": "E", "name": "me"},
                              "bucket": self._bucket(variables["name"]) if known else None}}  # fmt: skip
        if operation == "UpsertBucket":
            facts = self.runs[variables["name"]].facts
            facts.update({key: value for key, value in variables.items() if value is not None})
            return {"upsertBucket": {"bucket": self._bucket(variables["name"]), "inserted": True}}
        if operation == "CreateRunFiles":
            run_id = variables["run"]
            files = [{"name": name, "uploadUrl": f"{self.url}/upload/{run_id}/{name}"} for name in variables["files"]]
            return {"createRunFiles": {"runID": run_id, "uploadHeaders": [], "files": files}}
        if "viewer" in request["query"]:
            return {"viewer": {"id": "U", "username": "me", "entity": "me", "flags": "{}", "teams": {"edges": []}}}
        if "mutation UpsertView2" in request["query"]:
            self.views.append(variables)
            return {"upsertView": {"view": {"id": "V", "name": variables["name"]}, "inserted": True}}
        return {}

    def stream(self, run_id: str, sent: dict) -> None:
        run = self.runs[run_id]
        for name, part in sent.get("files", {}).items():
            rows = [json.loads(row) for row in part["content"]] if name.endswith(".jsonl") else []
            if name == "wandb-history.jsonl":
                run.history[part["offset"] :] = rows  # a second segment must go on where the first one ended
            elif name == "wandb-events.jsonl":
                run.events = part["offset"] + len(rows)
        if sent.get("complete"):
            run.exit_code = sent.get("exitcode")

    def _bucket(self, run_id: str) -> dict:
        run = self.runs[run_id]
        tail = json.dumps([json.dumps(row) for row in run.history[-1:]])
        return {
            "id": "R", "name": run_id, "displayName": run.facts.get("displayName"), "config": run.facts.get("config"),
            "summaryMetrics": "{}", "historyLineCount": len(run.history), "eventsLineCount": run.events,
            "logLineCount": 0, "historyTail": tail, "eventsTail": "[]", "tags": run.facts.get("tags", []),
            "wandbConfig": json.dumps({"t": 1}),
            "project": {"id": "P", "name": "genlab", "entity": {"id": "E", "name": "me"}},
        }  # fmt: skip

    def __enter__(self) -> "WandbServer":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(autouse=True)
def somebody(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NETRC", str(tmp_path / "home" / "netrc"))
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    wandb.teardown()
    yield
    wandb.teardown()


@pytest.fixture
def run_dir(tmp_path):
    OmegaConf.save(OmegaConf.create({"seed": 0, "lr": 0.1}), tmp_path / "config.yaml")
    return tmp_path


def test_a_run_and_its_continuation_reach_the_server(run_dir, monkeypatch):
    with WandbServer() as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        for status, steps in (("interrupted", (1, 2)), ("completed", (3, 4))):
            logger = wandb_logger(run_dir, "genlab", group="sweep", tags=["digits"], name="a run")
            for step in steps:
                logger.log_metrics({"train/loss": 1.0 / step}, step)
            log_picture(logger, "samples", np.full((8, 8, 3), step, np.uint8), step)
            finish(logger, status)
            (run,) = server.runs.values()
            assert run.exit_code == {"interrupted": 143, "completed": 0}[status]
        wandb.teardown()
    losses = {row["trainer/global_step"]: row["train/loss"] for row in run.history if "train/loss" in row}
    assert losses == {1: 1.0, 2: 0.5, 3: 1 / 3, 4: 0.25}
    assert (run.facts["groupName"], run.facts["tags"], run.facts["displayName"]) == ("sweep", ["digits"], "a run")
    assert '"lr":{"value":0.1}' in run.facts["config"].replace(" ", "")
    assert len([name for name in run.uploads if name.startswith("media/images/samples")]) == 2
    assert KEY.encode() not in b"".join(path.read_bytes() for path in run_dir.rglob("*") if path.is_file())


def test_a_server_that_refuses_the_key_makes_the_run_offline_loudly(run_dir, monkeypatch):
    with WandbServer(refuse=401) as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        started = time.monotonic()
        with pytest.warns(Notice, match="logged OFFLINE"):
            logger = wandb_logger(run_dir, "genlab", init_timeout=2)
        logger.log_metrics({"train/loss": 1.0}, 1)
        finish(logger, "completed")
        assert time.monotonic() - started < 30
        assert logger.experiment.offline
        wandb.teardown()
    assert list(run_dir.glob("wandb/offline-run-*/*.wandb"))


def test_a_server_that_dies_on_the_way_holds_no_job_up(run_dir, monkeypatch):
    """Left alone, W&B waits for it for ever; what was logged is in the folder, for `genlab wandb-sync`."""
    with WandbServer() as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        logger = wandb_logger(run_dir, "genlab", finish_timeout=3)
        logger.log_metrics({"train/loss": 1.0}, 1)
    started = time.monotonic()
    logger.log_metrics({"train/loss": 0.5}, 2)
    finish(logger, "completed")
    assert time.monotonic() - started < 30
    assert [path.stat().st_size > 0 for path in run_dir.glob("wandb/run-*/*.wandb")] == [True]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the package that builds the view
def test_a_sweep_gets_a_saved_view_of_its_scores_keys_losses_and_pictures(monkeypatch):
    pytest.importorskip("wandb_workspaces")
    from genlab.interop.wandb_workspace import Shown, save

    shown = Shown("codes", "night", ["model.coding_size"], ["fid_digits"], ["loss", "val/loss", "kl"], ["samples"])
    with WandbServer() as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        address = save(shown, "genlab", "me")
    (view,) = server.views
    assert (view["entityName"], view["projectName"], view["displayName"]) == ("me", "genlab", "codes")
    assert address.startswith(f"{server.url}/me/genlab")
    spec = json.loads(view["spec"])["section"]
    sections = {section["name"]: section["panels"] for section in spec["panelBankConfig"]["sections"]}
    assert list(sections) == ["Scores", "Swept keys", "Losses", "Pictures"]
    assert [panel["config"]["metrics"] for panel in sections["Losses"]] == [["loss", "val/loss"], ["kl"]]
    coordinates = sections["Swept keys"][0]["config"]["columns"]
    assert [c["accessor"] for c in coordinates] == ["config:model.value.coding_size", "summary:test/fid_digits"]
    assert "night" in json.dumps(spec["runSets"])
