"""Thinned curves keep their shape."""

import json

import pytest

from genlab.reports.downsample import downsample_history


def write(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_short_histories_are_kept_whole(tmp_path):
    file = write(tmp_path / "h.jsonl", [{"step": i, "epoch": 0, "loss": i / 2} for i in range(50)])
    assert downsample_history(file)["loss"] == [[float(i) for i in range(50)], [i / 2 for i in range(50)]]


def test_long_histories_become_means_of_equal_stretches(tmp_path):
    file = write(tmp_path / "h.jsonl", [{"step": i, "loss": 3.0 * i} for i in range(50_000)])
    steps, values = downsample_history(file, points=100)["loss"]
    assert len(steps) == 100
    assert values == pytest.approx([3 * step for step in steps], rel=1e-3)
    assert steps[0] < 500
    assert steps[-1] > 49_000


def test_rare_validation_lines_survive(tmp_path):
    lines = [{"step": i, "loss": 1.0} for i in range(20_000)]
    lines[7001:7001] = [{"step": 7000, "val/loss": 2.5}]
    assert downsample_history(write(tmp_path / "h.jsonl", lines))["val/loss"] == [[7000.0], [2.5]]


def test_a_torn_last_line_and_numbers_that_are_not_finite_are_left_out(tmp_path):
    file = write(tmp_path / "h.jsonl", [{"step": 1, "loss": 1.0}, {"step": 2, "loss": float("nan")}])
    file.write_text(file.read_text() + '{"step": 3, "lo')
    assert downsample_history(file) == {"loss": [[1.0], [1.0]]}


def test_no_history_is_no_curve(tmp_path):
    assert downsample_history(tmp_path / "absent.jsonl") == {}
