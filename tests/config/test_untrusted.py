"""A run's config from a stranger costs no memory and no time before it is refused."""

import time

import pytest

from genlab.config.errors import ConfigError
from genlab.runs.store import Run


def test_aliases_that_would_grow_to_billions_are_refused_at_once(tmp_path):
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    (tmp_path / "config.yaml").write_text("\n".join(levels))
    begun = time.monotonic()
    with pytest.raises(ConfigError, match="has YAML aliases"):
        Run(tmp_path).config()
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [("x: [", "is no YAML"), ("a: b\n" + "# " + "x" * 2**20, "has 1048"), ("- 1\n", "holds no mapping")],
)
def test_what_is_no_config_is_one_sentence(tmp_path, text, reason):
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(ConfigError, match=reason):
        Run(tmp_path).config()


def test_a_tag_that_would_run_code_is_refused(tmp_path):
    (tmp_path / "config.yaml").write_text("a: !!python/object/apply:os.system [touch /tmp/never]\n")
    with pytest.raises(ConfigError, match="is no YAML"):
        Run(tmp_path).config()
