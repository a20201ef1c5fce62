"""Absent, damaged and newer are three answers, of every file of genlab's own, and none is written over."""

import ast
import json
import warnings
from dataclasses import fields
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import genlab
from genlab.atomic import write_json
from genlab.cli import main
from genlab.data.digest_memory import remembered_digests
from genlab.data.prepared import About, prepared
from genlab.notice import Notice
from genlab.reports.downsample import downsample_history
from genlab.reports.studies import results
from genlab.runs import history, record
from genlab.runs.listing import list_records
from genlab.runs.measurements import scores
from genlab.runs.progress import progress
from genlab.runs.reading import Damaged, Newer, Unreadable, check_fields, read_json
from genlab.runs.record import Record
from genlab.runs.store import Run, Store
from genlab.runs.sweeps import Sweep

OTHER_JSON = ["null", "[]", "3", '"text"', "{}", "[[", "\x00", "{" * 100_000, '{"schema": null}', '{"schema": true}']


def a_record(folder):
    run = Run(folder / "train" / "abc")
    kept = Record("abc", "train", "diffusion", "diffusion/x", 0, ["seed=0"], status="failed", started="2026-01-01")
    kept.metrics = {"fid": {"value": 3.0, "low": None, "high": None, "better": "lower"}}
    kept.error = {"type": "ValueError", "message": "no", "traceback": "..."}
    kept.save(run.record_file)
    return run.record_file, run.record


def a_manifest(folder):
    sweep = Sweep(folder, "s")
    sweep.plan([(["seed=0"], sweep.folder.parents[1] / "train" / "abc")])
    return sweep.manifest, sweep.rows


def a_results_file(folder):
    path = folder / "results.json"
    kept = {"schema": 1, "scale": "cpu", "date": "2026-01-01", "commits": [], "seeds": 3, "columns": {}, "rows": {}}
    write_json(path, kept | {"claims": [], "earlier": []})
    return path, partial(results.load, path)


def a_measurement(folder):
    file, read = a_record(folder)
    path = file.parent / "evaluations" / "measurement-0123.json"
    write_json(path, read().to_json() | {"measurement": "0123", "error": None, "status": "completed"})
    return path, partial(scores, Run(file.parent), "0123")


KEPT = {"record": a_record, "manifest": a_manifest, "results": a_results_file, "measurement": a_measurement}
"""Files that are JSON and must not be lost: (folder) -> (file, its reader)."""


def truncated(text):
    return [text[:length] for length in range(0, len(text) - 2, max(1, len(text) // 40))]


def null_fields(text):
    """The content with one field null, at any depth; those that may be null are left out."""
    may = {"finished", "error", "experiment", "low", "high", "measurement"}

    def changed(node):
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, value in items:
            if key not in may:
                yield node | {key: None} if isinstance(node, dict) else [*node[:key], None, *node[key + 1 :]]
            for inner in changed(value):
                yield node | {key: inner} if isinstance(node, dict) else [*node[:key], inner, *node[key + 1 :]]

    return [json.dumps(content) for content in changed(json.loads(text))]


@pytest.mark.parametrize("kind", KEPT)
def test_what_cannot_be_used_is_told_from_what_is_not_there(kind, tmp_path):
    path, read = KEPT[kind](tmp_path)
    whole, good = path.read_text(), read()
    assert good
    nulls = [text for text in null_fields(whole) if '"better": null' not in text]
    for text in [*truncated(whole), *OTHER_JSON, *nulls]:
        path.write_text(text)
        if text == "{}" and kind == "manifest":
            continue  # a manifest without rows
        with pytest.raises(Damaged) as caught:
            read()
        assert str(path) in str(caught.value)
        assert "move" in str(caught.value)
        assert "\n" not in str(caught.value)
        assert path.read_text() == text
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(Damaged):
        read()
    present = json.loads(whole)["schema"]
    path.write_text(json.dumps(json.loads(whole) | {"schema": present + 1, "what this genlab does not know": 1}))
    newer = rf"is of a newer genlab \(it has schema {present + 1}, and this one knows {present}\): update genlab, or"
    with pytest.raises(Newer, match=newer):
        read()
    path.unlink()
    assert not read()
    path.mkdir()
    with pytest.raises(Damaged, match="cannot be read"):
        read()


def test_a_record_with_an_unknown_key_is_not_taken_for_none(tmp_path):
    path, read = a_record(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"colour": "red"}))
    with pytest.raises(Newer, match=r"is of another genlab \(it has the key 'colour'\): update genlab, or move"):
        read()


FORMS = {
    1: {
        "fingerprint", "task_name", "family", "experiment", "seed", "overrides", "status", "started", "finished",
        "seconds", "metrics", "training", "environment", "data", "error", "errors", "schema",
    },
}  # fmt: skip
FORMS[2] = FORMS[1] | {"measurement", "unscored"}


def test_the_form_of_a_record_has_a_number_of_its_own():
    """Whoever adds a field raises SCHEMA: an older genlab then says that the record is newer."""
    assert max(FORMS) == record.SCHEMA
    assert {field.name for field in fields(Record)} == FORMS[record.SCHEMA]


def test_a_record_of_every_older_form_is_read(tmp_path):
    path, read = a_record(tmp_path)
    content = json.loads(path.read_text())
    for schema, names in FORMS.items():
        path.write_text(json.dumps({name: content[name] for name in names} | {"schema": schema}))
        assert read().metrics == content["metrics"]


def test_a_manifest_that_cannot_be_used_is_not_written_over(tmp_path):
    path, _ = a_manifest(tmp_path)
    for text in [*truncated(path.read_text()), "null", '{"rows": null}', '{"schema": 2}']:
        path.write_text(text)
        with pytest.raises(Unreadable):
            Sweep(tmp_path, "s").plan([(["seed=1"], tmp_path / "train" / "def")])
        with pytest.raises(Unreadable):
            Sweep(tmp_path, "s").conclude({(tmp_path / "train" / "abc", None): "completed"})
        assert path.read_text() == text


def test_results_that_cannot_be_used_are_not_written_over(tmp_path):
    path, read = a_results_file(tmp_path)
    new = read()
    path.write_text('{"rows": nu')
    with pytest.raises(Damaged):
        results.save(new, path)
    assert path.read_text() == '{"rows": nu'


# ---- history.jsonl ------------------------------------------------------------------------------------------------


def test_a_torn_last_line_is_normal_at_any_length(tmp_path):
    path = tmp_path / "history.jsonl"
    lines = [{"step": step, "epoch": 0, "seconds": 0.5, "loss": step / 2} for step in range(1, 4)]
    history.append(path, lines)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        read = history.read(path)
        assert read == lines[: len(read)]
        assert len(read) >= whole[:length].count(b"\n")


@pytest.mark.parametrize(
    "line", [b"", b"{half", b"null", b"[]", b"3", b"{}", b'{"step": null}', b"\xff", b'{"step": 2, "loss": []}']
)
def test_a_damaged_middle_is_told_and_left_as_it_is(tmp_path, line):
    run = Run(tmp_path)
    content = b'{"step": 1, "epoch": 0, "loss": 1.0}\n' + line + b'\n{"step": 3, "epoch": 0, "loss": 3.0}\n'
    run.history_file.write_bytes(content)
    for read in (lambda: history.read(run.history_file), lambda: history.truncate(run.history_file, 2)):
        with pytest.raises(Damaged, match=r"history.jsonl is damaged \(line 2 of 3 is no step\): move"):
            read()
    with pytest.warns(Notice, match="line 2 of 3"):
        assert progress(run).step == 0
    with pytest.warns(Notice, match="its curves have gaps"):
        assert downsample_history(run.history_file)["loss"] == [[1.0, 3.0], [1.0, 3.0]]
    assert run.history_file.read_bytes() == content


# ---- what may be lost: it is made again, with a notice ------------------------------------------------------------


def test_a_damaged_cache_is_made_again_with_a_notice(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files/a").write_text("a")
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 3, 2, 2)
    about = About(np.arange(4), ["a", "b", "c", "d"], 1, np.arange(4), ["a note"])

    def convert():
        def make(write):
            write(pixels)
            return about

        return prepared(tmp_path / "prepared", (3, 2, 2), make)

    def memory():
        return remembered_digests(tmp_path / "files", ["a"], tmp_path / "memory")

    first = memory()
    convert()
    files = [next((tmp_path / "memory").iterdir()), *(tmp_path / "prepared").iterdir()]
    assert len(files) == 5
    for file in files:
        whole = file.read_bytes()
        others = [text.encode() for text in OTHER_JSON if file.suffix == ".json" and text != "{}"]
        for content in [*truncated(whole)[::4], *others, b'{"shape": null}', b'{"a": null}', b'{"a": [1, 2]}']:
            file.write_bytes(content)
            with pytest.warns(Notice, match="is damaged"):
                again = memory() if file == files[0] else convert()
            if file == files[0]:
                assert again == first
            else:
                assert np.array_equal(again.pixels, pixels)
                assert np.array_equal(again.labels, about.labels)
                assert list(again.class_names) == about.class_names
            assert file.read_bytes() == whole
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        memory()
        convert()


# ---- commands -----------------------------------------------------------------------------------------------------


def test_runs_lists_what_it_can_and_names_the_rest(tmp_path, capsys):
    good, _ = a_record(tmp_path)
    text = good.read_text()
    broken = [
        *truncated(text)[::8],
        *OTHER_JSON,
        *null_fields(text),
        json.dumps(json.loads(text) | {"schema": record.SCHEMA + 1}),
    ]
    for number, content in enumerate(broken):
        file = Store(tmp_path).run("train", f"broken{number}").record_file
        file.parent.mkdir()
        file.write_text(content)
    (tmp_path / "sweeps/s").mkdir(parents=True)
    (tmp_path / "sweeps/s/manifest.json").write_text("[]")
    with pytest.warns(Notice, match=r"manifest.json is damaged \(it holds a list"):
        found = {Path(content["path"]).name: content for content in list_records(tmp_path)}
    assert found["abc"]["status"] == "failed"
    assert found[f"broken{len(broken) - 1}"]["status"] == "newer"
    assert len(found) == len(broken) + 1
    for words in ("", "--csv", "--json", "status=damaged", "sort=seconds", "sort=-fid", "--json sort=seconds"):
        assert main(["runs", f"paths.output_dir={tmp_path}", *words.split()]) == 0
        output = capsys.readouterr()
        assert "Traceback" not in output.err
        assert f"note: {tmp_path}/train/broken1/record.json is damaged (no JSON): " in output.err
    assert json.loads(output.out)[0]["fingerprint"] == "abc"  # seconds of a run that cannot be read are not known
    assert main(["runs", f"paths.output_dir={tmp_path}", "status=newer", "--json"]) == 0
    assert "update genlab" in json.loads(capsys.readouterr().out)[0]["error"]["message"]


READERS = {
    "runs/reading.py": "the one reader", "runs/history.py": "lines", "reports/downsample.py": "lines, many at once",
    "data/digest_memory.py": "a cache", "data/prepared.py": "a cache", "data/emoji.py": "a data set, by its checksum",
    "data/captions.py": "metadata.jsonl of a folder of pictures", "foreign_folder.py": "the format of another program",
    "data/critters.py": "a style, of an installed package", "data/openmoji.py": "a data set, by its checksum",
}  # fmt: skip


def test_json_is_read_in_few_places():
    """A module that reads a file of genlab's own does it through `read_json`, which tells absent from damaged."""
    source = Path(genlab.__file__).parent
    found = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("loads", "load") and ast.unparse(node.value) == "json"
    }
    assert found == set(READERS)


@pytest.mark.parametrize(
    ("value", "hint", "where"),
    [
        (1, int, None), (True, int, "a is true or false"), (1, float, None), ("1", float, "a is text"),
        (None, str | None, None), (1, str | None, "a is a number"), ([1, "b"], list[str], "a[0] is a number"),
        ({"b": {"c": None}}, dict[str, dict[str, int]], "a.b.c is null"), ([], dict[str, int], "a is a list"),
    ],
)  # fmt: skip
def test_the_value_of_another_type_is_named(value, hint, where, tmp_path):
    if where is None:
        check_fields({"a": value}, {"a": hint, "b": str}, tmp_path / "x.json", "move it")
    else:
        with pytest.raises(Damaged) as caught:
            check_fields({"a": value}, {"a": hint, "b": str}, tmp_path / "x.json", "move it")
        assert str(caught.value) == f"{tmp_path}/x.json is damaged ({where}): move it"


def test_a_file_below_a_file_is_absent(tmp_path):
    (tmp_path / "file").write_text("")
    assert read_json(tmp_path / "file" / "x.json", "move it") is None
    assert record.load(tmp_path / "file" / "x.json") is None
