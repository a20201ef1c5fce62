"""Downloads from a real server on this machine, with the faults that networks have."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from genlab.data.download import Download, DownloadError

CONTENT = random.Random(0).randbytes(1_500_000)


class Server(ThreadingHTTPServer):
    """Serves CONTENT; says what it was asked for."""

    content = CONTENT
    ranges = True  # understands Range
    drop_after: int | None = None  # closes each connection after so many bytes
    status: int | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/file.bin"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        if self.server.status is not None:
            self.send_error(self.server.status)
            return
        whole = self.server.content
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.server.ranges else 0
        if start >= len(whole):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(whole) - 1}/{len(whole)}")
        self.send_header("Content-Length", str(len(whole) - start))
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):  # the client may hang up
            self.wfile.write(whole[start:][: self.server.drop_after])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "new" / "file.bin"


def test_a_file_arrives_whole_and_leaves_nothing_else(server: Server, target: Path) -> None:
    Download(server.url, target, 10_000_000).run()
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_a_file_that_is_there_is_not_asked_for(server: Server, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"mine")
    Download(server.url, target, 10_000_000).run()
    assert target.read_bytes() == b"mine"
    assert server.asked == []


def test_a_dropped_connection_is_continued_where_it_broke(server: Server, target: Path) -> None:
    server.drop_after = 600_000
    Download(server.url, target, 10_000_000).run()
    assert target.read_bytes() == CONTENT
    assert server.asked == [None, "bytes=600000-", "bytes=1200000-"]


def test_a_later_call_continues_an_earlier_one(server: Server, target: Path) -> None:
    download = Download(server.url, target, 10_000_000)
    download.part.parent.mkdir()
    download.part.write_bytes(CONTENT[:1_000_000])
    download.run()
    assert target.read_bytes() == CONTENT
    assert server.asked == ["bytes=1000000-"]


def test_a_server_that_cannot_continue_is_asked_for_all(server: Server, target: Path) -> None:
    server.ranges = False
    download = Download(server.url, target, 10_000_000)
    download.part.parent.mkdir()
    download.part.write_bytes(b"x" * 1000)
    download.run()
    assert target.read_bytes() == CONTENT


def test_a_rest_of_another_file_is_thrown_away(server: Server, target: Path) -> None:
    download = Download(server.url, target, 10_000_000)
    download.part.parent.mkdir()
    download.part.write_bytes(b"x" * 2_000_000)  # longer than the file on the server
    download.run()
    assert target.read_bytes() == CONTENT


def test_a_file_that_is_too_large_is_refused_before_it_comes(server: Server, target: Path) -> None:
    with pytest.raises(DownloadError, match="larger than expected"):
        Download(server.url, target, 1000).run()
    assert not target.exists()


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_refusal_is_told_at_once(status: int, server: Server, target: Path) -> None:
    server.status = status
    with pytest.raises(DownloadError, match=str(status)):
        Download(server.url, target, 10_000_000).run()
    assert len(server.asked) == 1
    assert not target.exists()


def test_no_server_at_all(target: Path) -> None:
    with Server() as closed:
        url = closed.url
    with pytest.raises(DownloadError, match="refused"):
        Download(url, target, 10_000_000).run()
