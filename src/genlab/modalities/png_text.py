"""Texts within a PNG file: what a picture was drawn for, kept with it wherever it goes.

Format: https://www.w3.org/TR/png-3/#11iTXt
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

from genlab.atomic import replacing

_HEADER_END = 33
"""Bytes of a PNG file's signature and of its first chunk, which is always the header."""


def add_text(path: Path, texts: Mapping[str, str]) -> None:
    """Put `texts`, by keyword, into a PNG file; its pixels stay as they are."""
    png = path.read_bytes()
    chunks = b"".join(_chunk(keyword, text) for keyword, text in texts.items())
    with replacing(path) as file:
        file.write(png[:_HEADER_END] + chunks + png[_HEADER_END:])


def _chunk(keyword: str, text: str) -> bytes:
    """An iTXt chunk: uncompressed, of no language, in UTF-8."""
    content = b"iTXt" + keyword.encode("latin-1") + b"\0\0\0\0\0" + text.replace("\0", "").encode("utf-8", "replace")
    return struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
