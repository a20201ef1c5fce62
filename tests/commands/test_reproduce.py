"""genlab reproduce: the report's studies compose, and their smoke scale runs from end to end."""

import json
import subprocess
import sys

import pytest

from composing import problems
from genlab.cli import main
from genlab.config.explicit_rows import words
from genlab.config.files import conf_dir
from genlab.reports.studies.readme import updated
from genlab.reports.studies.runs import jobs
from genlab.reports.studies.study import SCALES, available, load


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", available())
def test_the_rows_of_a_study_are_sound(name, scale):
    study = load(name, scale)
    first = {job.row: job for job in jobs(study) if job.seed == 0}
    for job in list(first.values()) if scale == "full" else list(first.values())[:1]:
        assert problems(*words(job.overrides)) == []


@pytest.mark.parametrize("name", available())
def test_the_claims_of_a_study_can_be_judged(name):
    from genlab.reports.studies.claims import judge

    study = load(name, "full")
    assert study.claims or name.startswith("swiss_roll")
    for claim in study.claims:
        found = judge(claim, {column: {} for column in study.columns}, list(study.rows))
        assert found.verdict == "undecided"  # no numbers


def test_a_study_runs_and_a_second_call_runs_nothing(tmp_path, capfd):
    asked = ["reproduce", "cvae_mnist", "scale=smoke", f"paths.output_dir={tmp_path}", "logger=none", "launcher=inline"]
    assert main(asked) == 0
    results = json.loads((tmp_path / "studies/cvae_mnist-smoke/results.json").read_text())
    assert results["runs"] == 3  # at this scale two rows ask for the same training
    assert all(row["cells"]["val_loss"]["value"] > 0 for row in results["rows"].values())
    assert "3 done," in capfd.readouterr().out
    assert main(asked) == 0
    assert "0 done, 3 done before" in capfd.readouterr().out


@pytest.mark.slow  # a training for every row of every study
def test_all_studies_run_at_smoke_scale(tmp_path):
    """In a process of its own, as a person runs it: jobs are forked from a parent that has not computed yet."""
    words = ["reproduce", "all", "scale=smoke", f"paths.output_dir={tmp_path}", "logger=none"]
    said = subprocess.run([sys.executable, "-m", "genlab", *words], capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert {file.parent.name for file in tmp_path.glob("studies/*/RESULTS.md")} == {f"{n}-smoke" for n in available()}


def test_the_readmes_table_agrees_with_the_results():
    readme = conf_dir().parent / "README.md"
    text = readme.read_text()
    assert "<!-- results -->" in text
    assert updated(text, (conf_dir() / "experiment" / "report").resolve()) == text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["vae_mnits"], "did you mean 'vae_mnist'"),
        (["vae_mnist", "scale=tiny"], "scale = 'tiny' is none of full, cpu, smoke"),
        (["vae_mnist", "seeds=0"], "seeds = '0' must be a whole number from 1"),
        (["vae_mnist", "optimizer.lr=1"], "takes no 'optimizer.lr'"),
        (["scale=smoke"], "needs the name of a study"),
    ],
)
def test_a_wrong_question_gets_one_sentence(asked, said, capsys):
    assert main(["reproduce", *asked]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
