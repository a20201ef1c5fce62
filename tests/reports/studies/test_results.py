"""From a store with known numbers to the page of a study: means, intervals, verdicts, what is missing, what moved."""

import json

import pytest
import yaml

from genlab.config.explicit_rows import words
from genlab.errors import ConfigError
from genlab.reports.studies import paper, readme
from genlab.reports.studies.figures import figures
from genlab.reports.studies.results import gather, moved, save
from genlab.reports.studies.runs import jobs
from genlab.reports.studies.study import read
from genlab.runs.sweeps import Sweep

STUDY = {
    "title": "A <table>", "source": "a report", "experiment": "autoencoder/cvae_digits",
    "rows": {1: {"model.coding_size": 2}, 2: {"model.coding_size": 16}},
    "columns": {
        "fid": {"metric": "fid_digits", "title": "FID", "better": "lower", "report": {1: 7.5}},
        "end": {"history": "loss", "last": 10, "title": "loss at the end"},
        "early": {"history": "val/loss", "epoch": 1},
        "never": {"history": "val/loss", "epoch": 99},
        "steps": {"record": "training.steps"},
        "sixty": {"record": "training.steps", "equals": 60},
    },
    "claims": [{"id": "size", "text": "a larger code is better", "expression": "fid[2] < fid[1]"}],
    "pictures": ["samples"],
    "scales": {"smoke": {"says": "one epoch", "seeds": 1}},
}  # fmt: skip


@pytest.fixture
def study(tmp_path):
    def write(scale="full", **changes):
        file = tmp_path / "report" / "table" / "study.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump({**STUDY, **changes}, sort_keys=False))
        return read(file, scale)

    return write


FIDS = {("1", 0): 7.0, ("1", 1): 8.0, ("1", 2): 9.0, ("2", 0): 5.0, ("2", 1): 6.0, ("2", 2): 7.0}


def run_all(study, store, make_score, without=(), apart=()):
    """The runs that the study asks for, in a synthetic store, as its sweep's manifest has them."""
    sweep, planned = Sweep(store.root, "table-full"), []
    for job in jobs(study):
        if (job.row, job.seed) in without:
            continue
        metrics = {"fid_digits": make_score(FIDS[job.row, job.seed], n=500 if job.row in apart else 2000)}
        path = store.run(metrics, *sorted(job.words), seed=job.seed)
        planned.append((sorted(job.words), path.resolve()))
    sweep.plan(planned)
    return sweep


def test_a_cell_is_the_mean_over_seeds_with_students_interval(study, store, make_score):
    study = study()
    results, _ = gather(study, run_all(study, store, make_score), "genlab reproduce table")
    cell = results["rows"]["1"]["cells"]["fid"]
    assert cell["value"] == pytest.approx(8.0)
    assert cell["high"] - cell["value"] == pytest.approx(4.302653 / 3**0.5)  # t(0.975, 2) s / sqrt(3), s = 1
    assert cell["seeds"] == {"0": 7.0, "1": 8.0, "2": 9.0}
    assert results["rows"]["1"]["settings"] == {"model.coding_size": 2}
    assert len(results["rows"]["1"]["runs"]) == 3


def test_histories_are_read_where_the_column_says(study, store, make_score):
    study = study()
    cells = gather(study, run_all(study, store, make_score), "")[0]["rows"]["1"]["cells"]
    first = next(iter(store.root.glob("train/*")))
    losses = [json.loads(line) for line in (first / "history.jsonl").read_text().splitlines()]
    tail = [line["loss"] for line in losses if "loss" in line][-10:]
    assert any(abs(value - sum(tail) / 10) < 1e-9 for value in gather_end(study, store))
    assert cells["early"]["value"] == pytest.approx(52 / (1 + 20 / 9) + 2)  # runs 1, 2, 3 have offsets 1, 2, 3
    assert cells["never"] is None
    assert (cells["steps"]["value"], cells["sixty"]["value"]) == (60, 1)


def gather_end(study, store):
    rows = gather(study, Sweep(store.root, "table-full"), "")[0]["rows"].values()
    return [value for row in rows for value in row["cells"]["end"]["seeds"].values()]


def test_claims_are_judged_over_the_seeds(study, store, make_score):
    study = study()
    results, _ = gather(study, run_all(study, store, make_score), "")
    assert [claim["verdict"] for claim in results["claims"]] == ["reproduced"]


def test_a_missing_and_a_failed_run_are_named(study, store, make_score):
    study = study()
    sweep = run_all(study, store, make_score, without={("2", 1)})
    failed = next(
        row for row in sweep.rows() if "model.coding_size=2" in row["overrides"] and "seed=2" in row["overrides"]
    )
    file = store.root / failed["run"] / "record.json"
    error = {"type": "ValueError", "message": "no such thing", "traceback": ""}
    file.write_text(json.dumps(json.loads(file.read_text()) | {"status": "failed", "error": error}))
    results, _ = gather(study, sweep, "")
    assert results["rows"]["1"]["missing"] == "seed 2 failed: no such thing"
    assert results["rows"]["2"]["missing"] == "seed 1 was not run"
    assert results["claims"][0]["verdict"] == "undecided"
    assert "- Row 2: seed 1 was not run." in paper.page(results, {})


def test_rows_that_were_not_measured_alike_are_not_compared(study, store, make_score):
    study = study()
    sweep = run_all(study, store, make_score, apart={"2"})
    results, _ = gather(study, sweep, "")
    assert (results["claims"][0]["verdict"], results["claims"][0]["why"]) == (
        "undecided", "fid: its rows were not measured alike",
    )  # fmt: skip


def test_the_page_says_all_of_it(study, store, make_score, tmp_path):
    study = study()
    results, shown = gather(study, run_all(study, store, make_score), "genlab reproduce table")
    results = save(results, tmp_path / "out" / "results.json")
    paper.write(results, figures(shown, study.pictures, tmp_path / "out"), tmp_path / "out")
    text = (tmp_path / "out" / "RESULTS.md").read_text()
    assert "# A \\<table\\>" in text
    assert "| 1 | 2 | 8.0 [5.5, 10.5] | 7.5 |" in text
    assert "**reproduced**" in text
    assert "genlab reproduce table" in text
    assert (tmp_path / "out" / "pictures" / "samples_1.png").is_file()
    assert "![samples of row 1](pictures/samples_1.png)" in text


def test_a_smaller_scale_says_so_on_the_page(study, store, make_score):
    small = study("smoke")
    page = paper.page(gather(small, run_all(small, store, make_score), "")[0], {})
    assert "**Scale: smoke. These are not the report's settings:** one epoch" in page
    assert "1 seed: 3 are needed" in page


def test_rows_share_a_training_and_each_value_is_a_run(study):
    shared = study(rows={1: {"epoch": 0}, 2: {"epoch": 1}})
    assert len({job.words for job in jobs(shared)}) == shared.seeds
    each = study(each={"dataset.classes": [1, 2]})
    assert len({job.words for job in jobs(each)}) == 2 * 2 * each.seeds


def test_seeds_of_samples_are_evaluations_of_one_training(study, store, make_score):
    rows = {
        1: {"evaluate": {}},
        2: {"evaluate": {"dataset.size": 16}},
    }  # the second asks for all of the first, and more
    study = study(rows=rows, evaluate={"sampler.steps": 4, "metrics.n_samples": 9}, seeds_of="samples")
    assert {word for job in jobs(study) for word in job.words} == {"experiment=autoencoder/cvae_digits", "seed=0"}
    assert [job.evaluate["metrics.seed"] for job in jobs(study)] == [0, 1, 2, 0, 1, 2]
    training = store.run({}, *next(jobs(study)).words, seed=0)
    record = json.loads((training / "record.json").read_text())
    (training / "evaluations").mkdir()
    for job in jobs(study):
        scores = {"fid_digits": make_score(FIDS[job.row, job.seed])}
        told = record | {"overrides": words(job.evaluate), "metrics": scores}
        (training / "evaluations" / f"{job.row}{job.seed}.json").write_text(json.dumps(told))
    sweep = Sweep(store.root, "table-full")
    sweep.plan([(sorted(next(jobs(study)).words), training.resolve())])
    results, _ = gather(study, sweep, "")
    cells = {row: entry["cells"]["fid"]["seeds"] for row, entry in results["rows"].items()}
    assert cells == {"1": {"0": 7.0, "1": 8.0, "2": 9.0}, "2": {"0": 5.0, "1": 6.0, "2": 7.0}}
    assert results["claims"][0]["verdict"] == "reproduced"
    assert [entry["settings"] for entry in results["rows"].values()] == [{}, {"dataset.size": 16}]
    assert results["settings"]["metrics.n_samples"] == 9  # shared by all rows
    assert "3 seeds of the noise that samples are drawn from, all by one trained model" in paper.page(results, {})


def test_numbers_of_another_commit_are_kept_and_what_moved_is_told(study, store, make_score, tmp_path):
    study = study()
    results, _ = gather(study, run_all(study, store, make_score), "")
    path = tmp_path / "results.json"
    assert moved(save(results, path)) == []
    later = json.loads(json.dumps(results | {"commits": ["later"]}))
    later["rows"]["1"]["cells"]["fid"] |= {"value": 40.0, "low": 39.0, "high": 41.0}
    saved = save(later, path)
    assert [entry["commits"] for entry in saved["earlier"]] == [["0123456789ab"]]
    assert moved(saved) == ["FID of row 1 moved from 8 to 40 since 0123456789ab"]
    assert len(save(later, path)["earlier"]) == 1  # the same commit replaces itself


def test_the_readmes_table_is_made_from_the_results(study, store, make_score, tmp_path):
    study = study()
    save(gather(study, run_all(study, store, make_score), "")[0], study.folder / "results.json")
    text = readme.updated("# x\n<!-- results -->\nold\n<!-- /results -->\nend\n", study.folder.parent)
    assert "| full | the report's | 3 | 6 | 1 | 0 | 0 |" in text
    assert "old" not in text
    assert text.endswith("<!-- /results -->\nend\n")
    assert readme.updated(text, study.folder.parent) == text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"colums": {}}, "did you mean 'columns'"),
        ({"columns": {"a": {}}}, "needs exactly one of"),
        ({"columns": {"a": {"metric": "x", "history": "y"}}}, "needs exactly one of"),
        ({"columns": {"a": {"metric": "x", "report": {9: 1.0}}}}, "has no key '9'"),
        ({"scales": {"smoke": {"seeds": 1}}}, "must tell how the scale differs"),
        ({"scales": {"smok": {}}}, "did you mean 'smoke'"),
        ({"rows": {}}, "has no rows"),
        ({"seeds_of": "prompts"}, "'prompts' is none of training, samples"),
        ({"seeds_of": "samples"}, "row 1 has no evaluate"),
    ],
)
def test_a_study_that_is_none_is_refused(study, changes, said):
    with pytest.raises(ConfigError, match=said):
        study("smoke", **changes)


def test_a_yes_or_no_is_counted_over_seeds(study, store, make_score):
    columns = {"big": {"title": "size is 2", "record": "training.steps", "equals": 60}}
    study = study(columns=columns, claims=[])
    page = paper.page(gather(study, run_all(study, store, make_score), "")[0], {})
    assert "| 3 of 3 seeds |" in page


@pytest.mark.parametrize(("last", "epoch", "n"), [(10, "last", 10), (60, "last", 60), (100, "last", 60), (30, 0, 20)])
@pytest.mark.parametrize("statistic", ["mean", "std"])
def test_a_window_says_over_how_many_steps_it_is(study, store, make_score, last, epoch, n, statistic):
    column = {"history": "loss", "last": last, "epoch": epoch, "statistic": statistic}
    study = study(columns={"fid": STUDY["columns"]["fid"], "loss": column})
    results, _ = gather(study, run_all(study, store, make_score), "")
    cell = results["rows"]["1"]["cells"]["loss"]
    assert cell["n"] == n
    told = f"{statistic} over all of the {n} steps that there are, not over the last {last}"
    assert cell.get("remark") == (told if n < last else None)
    assert (f"<sup>1</sup> {told}." in paper.table(results)) is (n < last)


def test_committed_numbers_over_fewer_steps_than_their_column_says_so():
    """Steps of a run: batches of an epoch times epochs, as its settings have them."""
    from genlab.config.files import conf_dir

    def cells(table, column):
        results = json.loads((conf_dir() / "experiment" / "report" / table / "results.json").read_text())
        return {row: (entry["settings"], entry["cells"][column]) for row, entry in results["rows"].items()}

    for settings, cell in cells("vqvae_mnist", "vqvae_loss").values():
        steps = 2000 // settings["first_stage.overrides.dataset.batch_size"]
        steps *= settings["first_stage.overrides.trainer.max_epochs"]
        assert cell["n"] == min(100, steps)
        assert ("remark" in cell) is (steps < 100)
    for settings, cell in cells("class_conditional_mnist", "loss_first").values():
        steps = 5 * ((1797 - 180 - 144) // settings["dataset.batch_size"])
        assert cell["n"] == min(100, steps)
        assert ("remark" in cell) is (steps < 100)


def test_a_setting_that_few_rows_have_is_told_below_the_table(study, store, make_score):
    results, _ = gather(study(), run_all(study(), store, make_score), "")
    settings = {"alone": {"model.width": 3}, "with": {"model.depth": 2}, "too": {"model.depth": 2}}
    first = next(iter(results["rows"].values()))
    rows = {name: {**first, "settings": own} for name, own in settings.items()}
    columns = {key: {**column, "report": {}} for key, column in results["columns"].items()}
    text = paper.table(results | {"rows": rows, "columns": columns})
    assert text.startswith("| row | depth |")
    assert text.endswith("Further settings of single rows: alone `model.width=3`.")
