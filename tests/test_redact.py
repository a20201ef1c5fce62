"""Nothing that is written may hold a secret, and nothing else may change."""

import json
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genlab.redact import MASK, is_secret_key, redact, redact_text

SECRET = "hunter2-hunter2"
ENVIRON = {"MY_API_KEY": SECRET, "HOME": "/home/someone", "HF_TOKEN_PATH": "/home/someone/token", "KEY": "short"}

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
plain_keys = st.sampled_from(["lr", "model", "n_tokens", "mask_token", "tokenizer", "monkey", "key", "passes", "steps"])
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain_keys, inner, max_size=4), max_leaves=20
)


@pytest.mark.parametrize(
    "key",
    ["api_key", "wandb_api_key", "apiKey", "API_KEY", "token", "hf_token", "accessToken", "client_secret", "password",
     "db.password", "aws-secret-access-key", "passphrase", "credentials"],
)  # fmt: skip
def test_a_value_under_a_secret_key_is_masked(key):
    assert redact({"a": [{key: "abc"}]}, {}) == {"a": [{key: MASK}]}


@pytest.mark.parametrize(
    "key", ["tokenizer", "n_tokens", "max_tokens", "mask_token", "pad_token", "monkey", "key", "keys", "secretary"]
)
def test_words_of_models_are_not_secrets(key):
    assert not is_secret_key(key)
    assert redact({key: "abc"}, {}) == {key: "abc"}


def test_numbers_stay_numbers_except_as_passwords():
    assert redact({"token": 256, "password": 123456, "secret": None, "use_password": True}, {}) == {
        "token": 256, "password": MASK, "secret": None, "use_password": True,
    }  # fmt: skip


def test_everything_beneath_a_secret_key_is_masked():
    assert redact({"credentials": {"user": "me", "more": ["a", "b"]}}, {}) == {
        "credentials": {"user": MASK, "more": [MASK, MASK]}
    }


def test_a_reference_to_a_secret_is_not_one():
    assert redact({"api_key": "${oc.env:WANDB_API_KEY}"}, {}) == {"api_key": "${oc.env:WANDB_API_KEY}"}


@given(tree=trees, before=st.text(max_size=10), after=st.text(max_size=10))
def test_the_value_of_a_secret_variable_is_found_anywhere(tree, before, after):
    text = f"{before}{SECRET}{after}"
    masked = redact({"tree": tree, "list": [text], text: 1}, ENVIRON)
    assert SECRET not in json.dumps(masked, ensure_ascii=False)


@given(value=st.text(min_size=8, max_size=30))
def test_a_secret_is_found_in_its_escaped_spellings(value):
    environ = {"SERVICE_TOKEN": value}
    for spelling in (value, json.dumps(value), repr(value)):
        masked = redact_text(f"<{spelling}>", environ)
        assert value in MASK or value not in masked.replace(MASK, "")


@given(tree=trees)
def test_a_tree_without_secrets_is_unchanged(tree):
    assert redact(tree, {}) == tree


@given(tree=trees, secret=st.text(max_size=12))
def test_redaction_is_idempotent(tree, secret):
    tree = {
        "tree": tree,
        "password": secret,
        "url": f"https://u:{secret}@h/x?token={secret}",
        "text": f"a=--key={secret}",
    }
    once = redact(tree, ENVIRON)
    assert redact(once, ENVIRON) == once


@given(
    user=st.from_regex(r"[a-z]{1,8}", fullmatch=True), password=st.from_regex(r"[A-Za-z0-9!$*_-]{8,16}", fullmatch=True)
)
def test_passwords_in_urls_are_masked_and_the_host_stays(user, password):
    text = redact_text(f"GET https://{user}:{password}@example.org:8080/data failed", {})
    assert text == f"GET https://{user}:{MASK}@example.org:8080/data failed"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("--api-key=abc123 lr=0.1", f"--api-key={MASK} lr=0.1"),
        ("+logger.wandb.api_key='a b'", f"+logger.wandb.api_key='{MASK}'"),
        ('{"password": "a\\"b", "n": 1}', f'{{"password": "{MASK}", "n": 1}}'),
        ("https://host/x?token=abc&n=1", f"https://host/x?token={MASK}&n=1"),
        ("https://abcdef@example.org/r.git", f"https://{MASK}@example.org/r.git"),
        ("no file https:/me:abcdef@example.org/r.ckpt", f"no file https:/me:{MASK}@example.org/r.ckpt"),
        ("ssh://git@example.org/r.git", "ssh://git@example.org/r.git"),
        ("Authorization: Bearer abcdefghijkl", f"Authorization: Bearer {MASK}"),
        ("model.mask_token=[MASK] sampler.steps=50", "model.mask_token=[MASK] sampler.steps=50"),
        ("someone@example.org wrote: n=3", "someone@example.org wrote: n=3"),
        ("id AKIAABCDEFGHIJKLMNOP.", f"id {MASK}."),
    ],
)
def test_text(text, masked):
    assert redact_text(text, {}) == masked


def test_values_that_are_paths_or_short_are_kept():
    assert redact_text("/home/someone/token is a short path", ENVIRON) == "/home/someone/token is a short path"


def test_a_traceback_keeps_its_place_and_loses_its_secret():
    try:
        raise ConnectionError(f"refused with key {SECRET}")
    except ConnectionError as error:
        text = redact_text("".join(traceback.format_exception(error)), ENVIRON)
    assert SECRET not in text
    assert "test_redact.py" in text
    assert f"refused with key {MASK}" in text
