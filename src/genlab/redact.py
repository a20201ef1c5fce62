"""Keeps secrets out of everything that is written: configs, records, logs, tracebacks, W&B.

A secret is known by its key (`api_key`, `password`, ...), by its value (what the environment holds under a name like
`HF_TOKEN`), or by its form (`user:password@host`, `--token=...`, an access key with a vendor's prefix). Redaction
is idempotent and leaves numbers, None and the shape of a container as they are.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

MASK = "<redacted>"

_MIN_LENGTH = 8
"""Shorter values of environment variables are words such as `false` or `main`, not secrets."""

_ALWAYS = {"secret", "secrets", "password", "passwords", "passwd", "passphrase", "apikey", "apikeys", "credentials"}
_ALWAYS |= {"api key", "api keys", "access key", "private key", "secret key", "account key", "signing key"}
_TOKEN_WORDS = {"token", "authtoken", "accesstoken", "bearer"}
_VOCABULARY = {"mask", "pad", "bos", "eos", "sos", "unk", "sep", "cls", "start", "end", "null", "special", "empty"}
"""`mask_token: "[MASK]"` is a word of a text model, not a secret."""

_ENVIRONMENT_WORDS = {"key", "token", "secret", "password", "passwd", "apikey", "keys", "tokens", "secrets"}
_PLACES = {"path", "file", "dir", "url", "host"}
"""`HF_TOKEN_PATH` says where a secret lies; the value is no secret."""

_BOUNDARY = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
# With one slash too: a URL that was taken for a path has lost the other.
_URL_USER = re.compile(r"(?P<scheme>\b[A-Za-z][A-Za-z0-9+.-]*://?)(?P<user>[^\s/:@?#'\"]*):(?P<password>[^\s/@'\"]+)@")
_URL_TOKEN = re.compile(r"(?P<scheme>\bhttps?://?)(?P<token>[^\s/:@?#'\"]+)@", re.IGNORECASE)
_ASSIGNED = re.compile(
    r"(?P<key>[A-Za-z][A-Za-z0-9_.-]*)(?P<sign>=|['\"]\s*[:=]\s*(?=['\"]))"
    r"(?P<value>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s&'\",;)\]}]+)"
)
_BEARER = re.compile(r"(?P<scheme>\b(?:Bearer|Basic)\s+)(?P<token>[A-Za-z0-9._~+/-]{8,}=*)")
_VENDORS = re.compile(
    r"\b(?:hf_[A-Za-z0-9]{20,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|sk-[A-Za-z0-9_-]{20,}"
    r"|A[KS]IA[0-9A-Z]{16}|wandb_v\d_\w{20,}|xox[a-z]-[A-Za-z0-9-]{10,})"
)
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)


def redact(container: Any, environ: Mapping[str, str] | None = None) -> Any:
    """A copy of a tree of dicts, lists and scalars in which every secret is "<redacted>".

    Args:
        container: a plain tree, as of `OmegaConf.to_container`; other leaves are kept as they are.
        environ: where secret values are looked up; the process environment by default.
    """
    return _redact(container, _secrets(os.environ if environ is None else environ), under=None)


def redact_text(text: str, environ: Mapping[str, str] | None = None) -> str:
    """`text`, a log or a traceback, in which every secret is "<redacted>"."""
    return _redact_text(text, _secrets(os.environ if environ is None else environ))


def is_secret_key(key: str) -> bool:
    """Whether a key's name says that its value is a secret."""
    return _kind(key) is not None


def _kind(key: str) -> str | None:
    """ "any" when any scalar under `key` is a secret, "text" when a string is, None otherwise."""
    words = [word.lower() for word in _BOUNDARY.split(key) if word]
    if not words:
        return None
    last, pair = words[-1], " ".join(words[-2:])
    if last in _ALWAYS or pair in _ALWAYS:
        return "any"
    return "text" if last in _TOKEN_WORDS and not _VOCABULARY & set(words[:-1]) else None


def _secrets(environ: Mapping[str, str]) -> list[str]:
    """Secret values of the environment in every spelling a log may give them, longest first."""
    secrets = set()
    for name, value in environ.items():
        words = [word.lower() for word in _BOUNDARY.split(name) if word]
        named = bool(_ENVIRONMENT_WORDS & set(words)) and words[-1] not in _PLACES
        if named and len(value) >= _MIN_LENGTH and value not in MASK:
            secrets |= {value, json.dumps(value)[1:-1], repr(value)[1:-1], quote(value, safe="")}
    return sorted(secrets, key=len, reverse=True)


def _redact(node: Any, secrets: list[str], under: str | None) -> Any:
    """`under`: the kind of the nearest secret key above `node`."""
    if isinstance(node, Mapping):
        return {
            _redact_text(key, secrets) if isinstance(key, str) else key: _redact(
                value, secrets, (_kind(key) if isinstance(key, str) else None) or under
            )
            for key, value in node.items()
        }
    if isinstance(node, list | tuple):
        return type(node)([_redact(item, secrets, under) for item in node])
    if isinstance(node, str):
        reference = node.startswith("${") and node.endswith("}")
        return MASK if under and node and not reference else _redact_text(node, secrets)
    if under == "any" and isinstance(node, int | float) and not isinstance(node, bool):
        return MASK
    return node


def _redact_text(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK)
    text = _PEM.sub(MASK, text)
    text = _VENDORS.sub(MASK, text)
    text = _URL_USER.sub(rf"\g<scheme>\g<user>:{MASK}@", text)
    text = _URL_TOKEN.sub(lambda m: m[0] if m["token"] == "git" else f"{m['scheme']}{MASK}@", text)
    text = _BEARER.sub(rf"\g<scheme>{MASK}", text)
    return _ASSIGNED.sub(_redact_assigned, text)


def _redact_assigned(match: re.Match[str]) -> str:
    if not is_secret_key(match["key"]):
        return match[0]
    quoted = match["value"][0] if match["value"][0] in "'\"" else ""
    return f"{match['key']}{match['sign']}{quoted}{MASK}{quoted}"
