"""genlab report, from its words to its file."""

import json
import os

import pytest

from genlab.commands.report import main
from genlab.errors import ConfigError
from genlab.runs.record import Record


@pytest.fixture
def outputs(tmp_path):
    for i, size in enumerate((2, 16)):
        score = {
            "value": 10.0 + i,
            "low": 9.0 + i,
            "high": 11.0 + i,
            "n": 9,
            "unit": "",
            "better": "lower",
            "provenance": {},
        }
        record = Record(f"{i}bcdef012345", "train", "autoencoder", None, 0, [f"model.coding_size={size}"], "completed",
                        metrics={"fid": score})  # fmt: skip
        record.save(tmp_path / "outputs" / "train" / record.fingerprint / "record.json")
        config = {"model": {"coding_size": size}, "sweep": "nightly" if i else None}
        (tmp_path / "outputs" / "train" / record.fingerprint / "config.yaml").write_text(json.dumps(config))
    return tmp_path / "outputs"


@pytest.mark.parametrize(
    ("kind", "begins"), [("html", "<!doctype html>"), ("md", "# "), ("tex", r"\begin{table}"), ("csv", "run,")]
)
def test_every_format_is_written_below_the_store(outputs, kind, begins, capsys):
    assert main([f"format={kind}", f"paths.output_dir={outputs}"]) == 0
    assert (outputs / f"report.{kind}").read_text().startswith(begins)
    assert "2 runs in 2 rows" in capsys.readouterr().out


def test_runs_are_named_by_folder_or_fingerprint(outputs, capsys):
    assert (
        main([str(outputs / "train" / "0bcdef012345"), "1bcd", f"paths.output_dir={outputs}", "format=csv", "out=-"])
        == 0
    )
    assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()] == [
        "run",
        "0bcdef012345",
        "1bcdef012345",
    ]


def test_the_runs_of_a_sweep(outputs, capsys):
    assert main(["sweep=nightly", f"paths.output_dir={outputs}", "format=md", "out=-"]) == 0
    assert capsys.readouterr().out.startswith("# nightly")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["format=htm"], "did you mean 'html'"),
        (["fromat=md"], "did you mean 'format'"),
        (["--quick"], "no option '--quick'"),
        (["sweep=absent"], "holds no run of the sweep absent"),
    ],
)
def test_a_mistake_gets_a_sentence(outputs, words, message):
    with pytest.raises(ConfigError, match=message):
        main([*words, f"paths.output_dir={outputs}"])


def test_help_is_printed(capsys):
    assert main(["--help"]) == 0
    assert "usage: genlab report" in capsys.readouterr().out


def test_table_and_pictures_become_one_run_of_wandb(outputs, monkeypatch, tmp_path):
    import numpy as np
    import wandb

    from genlab.modalities.grids import save_png

    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    save_png(outputs / "train" / "1bcdef012345" / "samples" / "step_000007.png", np.zeros((4, 4, 3), np.uint8))
    wandb.teardown()
    os.environ.pop("WANDB_SERVICE", None)  # of a service that another test ended
    assert main([f"paths.output_dir={outputs}", "wandb=genlab", "sweep=nightly"]) == 0
    assert main([f"paths.output_dir={outputs}", "wandb=genlab", "sweep=nightly"]) == 0
    wandb.teardown()
    folder = outputs / "reports" / "nightly" / "wandb"
    parts = [path.stem for path in folder.glob("offline-run-*/*.wandb")]
    assert len(parts) == 2, "each upload keeps its folder, in one second too"
    assert len(set(parts)) == 1, "the run is the same both times"
    (table, *_) = folder.glob("offline-run-*/files/media/table/*.json")
    assert json.loads(table.read_text())["data"] == [["1bcdef012345", 1, 11.0, 10.0, 12.0, 0.0, "completed"]]
    assert list(folder.glob("offline-run-*/files/media/images/samples_*.png")), "one panel, named by the kind"
