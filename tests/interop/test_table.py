"""metrics.csv: a row a step, a column a name, and nothing lost when a training is resumed."""

import csv

from genlab.interop.table import CSVTable


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_values_of_one_step_share_a_row_and_an_absent_one_is_empty(tmp_path):
    table = CSVTable(tmp_path / "metrics.csv")
    table.log_metrics({"train/loss": 0.5}, 1)
    table.log_metrics({"val/loss": 0.25}, 1)
    table.log_metrics({"train/loss": 0.125}, 2)
    table.finalize("success")
    assert rows(tmp_path / "metrics.csv") == [
        {"step": "1", "train/loss": "0.5", "val/loss": "0.25"},
        {"step": "2", "train/loss": "0.125", "val/loss": ""},
    ]


def test_a_resumed_table_keeps_what_was_before_and_rewrites_what_comes_again(tmp_path):
    first = CSVTable(tmp_path / "metrics.csv")
    for step in (1, 2, 3, 4):
        first.log_metrics({"loss": step}, step)
    first.save()
    resumed = CSVTable(tmp_path / "metrics.csv")  # from a checkpoint of step 2
    for step in (3, 4, 5):
        resumed.log_metrics({"loss": 10 * step, "new": 1}, step)
    resumed.finalize("success")
    assert [(row["step"], float(row["loss"]), row["new"]) for row in rows(tmp_path / "metrics.csv")] == [
        ("1", 1, ""), ("2", 2, ""), ("3", 30, "1.0"), ("4", 40, "1.0"), ("5", 50, "1.0"),
    ]  # fmt: skip


def test_a_table_that_is_never_logged_to_stays_as_it_was(tmp_path):
    (tmp_path / "metrics.csv").write_text("step,loss\n1,2.0\n")
    CSVTable(tmp_path / "metrics.csv").finalize("failed")
    assert (tmp_path / "metrics.csv").read_text() == "step,loss\n1,2.0\n"


def test_rows_are_written_before_the_end(tmp_path):
    table = CSVTable(tmp_path / "metrics.csv")
    for step in range(150):
        table.log_metrics({"loss": 1.0}, step)
    assert len(rows(tmp_path / "metrics.csv")) == 100
