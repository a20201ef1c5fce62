"""A run's config from a stranger costs no memory and no time before it is refused."""

import re
import time

import pytest

from genlab.errors import ConfigError
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


@pytest.mark.parametrize(
    "value", ["${oc.env:HOME}", "a ${oc.env:HOME,x}", "\\x24{oc.env:HOME}", "${oc.${b}:HOME}", "${ oc.env : HOME}"]
)
def test_the_environment_is_not_read_for_a_stranger(tmp_path, value, monkeypatch):
    monkeypatch.setenv("HOME", "a place of mine")
    (tmp_path / "config.yaml").write_text(f'b: env\ntags: ["{value}"]\n')
    with pytest.raises(ConfigError, match="refers to its own keys only"):
        Run(tmp_path).config()


def test_references_to_its_own_keys_are_what_a_config_has(tmp_path):
    (tmp_path / "config.yaml").write_text("a: 1\nb: {c: '${a}', d: '${paths.data_dir}/x: y', e: '${oc.select:a}'}\n")
    config = Run(tmp_path).config()
    assert config.b.c == config.b.e == 1


@pytest.mark.parametrize(("text", "value"), [("010", 8), ("0o10", "0o10"), ("1_000", 1000), ("1e3", 1000.0)])
def test_numbers_are_read_as_hydra_reads_them_from_a_file(tmp_path, text, value):
    """What a person may have meant otherwise is at least the same in every reading, and the fingerprint holds it."""
    from omegaconf import OmegaConf

    (tmp_path / "config.yaml").write_text(f"a: {text}\n")
    assert Run(tmp_path).config().a == value == OmegaConf.load(tmp_path / "config.yaml").a


ANYBODYS = {
    "deep": ("[" * 5000 + "]" * 5000, "nests deeper than the 40 levels"),
    "large": ("a: b\n" + "# " + "x" * 2**20, "has 1048"),
    "a bomb": (
        "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
                  + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]),
        "stands for more than 100000 values",
    ),
    "endless": ("a: &a {b: *a}", r"has the alias \*a within what it stands for"),
    "no text": (b"\xff\xfe\x00", "is no YAML"),
    "no YAML": ("x: [", "is no YAML"),
}  # fmt: skip


def written(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("kind", ANYBODYS)
@pytest.mark.parametrize("reader", ["rows", "config-dir", "run", "report"])
def test_what_would_cost_memory_or_the_stack_is_one_sentence_wherever_yaml_comes_in(reader, kind, tmp_path, capsys):
    from genlab.cli import main
    from genlab.reports.collect import _config

    text, reason = ANYBODYS[kind]
    if reader == "report":  # a page is made of the other runs
        assert _config(written(tmp_path / "config.yaml", text)) == {}
        return
    if reader == "run":
        written(tmp_path / "config.yaml", text)
        with pytest.raises(ConfigError, match=rf"{reason}|has YAML aliases"):
            Run(tmp_path).config()
        return
    (tmp_path / "experiment").mkdir()
    file = written(tmp_path / ("experiment/mine.yaml" if reader == "config-dir" else "rows.yaml"), text)
    words = [f"rows={file}"] if reader == "rows" else ["--config-dir", str(tmp_path), "experiment=mine"]
    assert main(["check", *words]) == 2
    (said,) = capsys.readouterr().err.strip().splitlines()
    assert re.search(reason, said)
    assert str(file) in said


def test_aliases_that_stand_for_little_are_what_people_write(tmp_path, capsys):
    from genlab.cli import main
    from genlab.config.explicit_rows import read_rows

    rows = written(tmp_path / "rows.yaml", "- &a {seed: 1}\n- {<<: *a, model.coding_size: 3}\n")
    assert read_rows(rows) == [["seed=1"], ["seed=1", "model.coding_size=3"]]
    (tmp_path / "experiment").mkdir()
    written(tmp_path / "experiment" / "mine.yaml", "# @package _global_\nseed: &s 3\nmodel: {coding_size: *s}\n")
    assert main(["train", "--config-dir", str(tmp_path), "experiment=mine", "--cfg", "job"]) == 0
    assert "coding_size: 3" in capsys.readouterr().out
