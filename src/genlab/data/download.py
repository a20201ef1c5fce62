"""Downloads that survive an interruption."""

from __future__ import annotations

import http.client
import os
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from genlab.progress import progress

_TIMEOUT = 8.0  # seconds without an answer
_ATTEMPTS = 4
_CHUNK = 1 << 18


class DownloadError(OSError):
    """Why a download did not work, in a few words."""


@dataclass(frozen=True)
class Download:
    """One file from the web.

    What has arrived stays beside `target` as NAME.part, and the next attempt, in this call or in a later one, asks
    only for the rest.
    """

    url: str
    target: Path
    max_bytes: int

    @property
    def part(self) -> Path:
        return self.target.with_name(self.target.name + ".part")

    def run(self) -> None:
        """Make `target` appear, complete.

        Raises:
            DownloadError: after a definite refusal, or after several attempts.
        """
        if self.target.exists():
            return
        self.target.parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(_ATTEMPTS):
            before = self._have()
            try:
                self._rest()
                os.replace(self.part, self.target)
                return
            except (
                urllib.error.URLError,
                http.client.HTTPException,
                ssl.SSLError,
                TimeoutError,
                ConnectionError,
            ) as error:
                reason = _reason(error)
                if self._have() == before or attempt == _ATTEMPTS - 1:  # nothing came: no use in asking again
                    raise DownloadError(reason) from error
                time.sleep(0.2 * 2**attempt)

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _rest(self) -> None:
        """Append to `part` until the file is complete."""
        have = self._have()
        request = urllib.request.Request(self.url, headers={"Accept-Encoding": "identity", "User-Agent": "genlab"})
        if have:
            request.add_header("Range", f"bytes={have}-")
        try:
            with progress(f"asking {urllib.parse.urlsplit(self.url).hostname}", None, "bytes"):
                response = urllib.request.urlopen(request, timeout=_TIMEOUT)
        except urllib.error.HTTPError as error:
            if error.code == 416 and have:  # the part is not a beginning of that file
                self.part.unlink()
                raise ConnectionError("the file on the server has changed") from error
            raise
        with response:
            resumed = response.status == 206 and _starts_at(response.headers.get("Content-Range")) == have
            self._receive(response, have if resumed else 0)

    def _receive(self, response: http.client.HTTPResponse, have: int) -> None:
        length = response.headers.get("Content-Length")
        total = None if length is None else have + int(length)
        if total is not None and total > self.max_bytes:
            raise DownloadError(f"the file is larger than expected ({total} bytes)")
        with progress(self.target.name, total, "bytes") as advance, self.part.open("ab" if have else "wb") as file:
            advance(have)
            got = self._copy(response, file, have, advance)
            file.flush()
            os.fsync(file.fileno())
        if total is not None and got != total:
            raise ConnectionError(f"the connection ended after {got} of {total} bytes")

    def _copy(self, response: http.client.HTTPResponse, file: IO[bytes], got: int, advance: object) -> int:
        while chunk := response.read(_CHUNK):
            got += len(chunk)
            if got > self.max_bytes:
                raise DownloadError("the file is larger than expected")
            file.write(chunk)
            assert callable(advance)
            advance(len(chunk))
        return got


def _starts_at(content_range: str | None) -> int | None:
    """The first byte that a header such as "bytes 100-199/200" names."""
    if content_range is None or not content_range.startswith("bytes "):
        return None
    first = content_range.removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdigit() else None


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code} {error.reason}"
    return str(error.reason if isinstance(error, urllib.error.URLError) else error) or type(error).__name__
