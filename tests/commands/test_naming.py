"""Two different questions never write one file, and the same question always writes the same one."""

import itertools
import json

import pytest
from omegaconf import OmegaConf

from genlab.cli import main
from genlab.commands.app import App, run_app
from genlab.commands.naming import refuse_one_place, stem
from genlab.errors import ConfigError
from genlab.runs.run_config import the_run

OF_SAMPLE = [
    [], ["n=5"], ["n=9", "seed=1"], ["seed=1"], ["label=3"], ["sampler=ddim"], ["sampler=ddim", "sampler.steps=5"],
    ["sampler=ddim", "sampler.steps=6"], ["sampler.steps=5"], ["format=folder"], ["format=film"], ["checkpoint=best"],
    ["sampler=dpm_solver"], ["sampler=dpm_solver_sde"], ["guidance=none", "label=3"],
]  # fmt: skip
OF_EDIT = [
    [], ["edit=sdedit"], ["edit=invert"], ["picture=1"], ["picture={a}/x.png"], ["picture={b}/x.png"],
    ["edit.mask={a}/x.png"], ["edit.mask=left"], ["edit.mask=right"], ["edit=sdedit", "edit.strength=0.25"], ["n=1"],
    ["edit=sdedit", "edit.strength=0.5"], ["edit=invert", "edit.to=3"], ["picture={a}/x y.png"],
    ["picture={a}/x_y.png"], ["seed=7"],
]  # fmt: skip
OF_PLOT = [
    [],
    ["scheduler=cosine"],
    ["scheduler=vp"],
    ["scheduler.beta_end=0.01"],
    ["scheduler.beta_end=0.02"],
    ["pictures=2"],
]
OF_PLOT += [["dataset.seed=1"], ["columns=3"], ["scheduler=linear", "seed=3"]]


@pytest.fixture
def folders(tmp_path):
    for name, content in (("a/x.png", "1"), ("b/x.png", "2"), ("a/x y.png", "3"), ("a/x_y.png", "4")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    return {"a": tmp_path / "a", "b": tmp_path / "b"}


def names(verb, *words):
    """The names that a command gives to the results of its jobs."""
    app = App(task=lambda cfg: stem("x", cfg), check=lambda cfg: None)
    run_app(verb, app, list(words))
    return [job.value for job in app.results]


@pytest.mark.parametrize(("verb", "questions"), [("sample", OF_SAMPLE), ("edit", OF_EDIT), ("plot", OF_PLOT)])
def test_each_question_has_a_name_of_its_own(verb, questions, digits_run, folders):
    run = [] if verb == "plot" else [f"run={digits_run.path}"]
    found = {}
    for question in questions:
        words = [word.format(**folders) for word in question]
        if run:
            the_run([*run, *words])
        (name,) = names(verb, *run, *words)
        assert names(verb, *run, *reversed(words), f"out={folders['a']}/elsewhere") == [name]
        assert len(name) < 130
        found[name] = question
    defaults = {"plot": 1, "edit": 1}.get(verb, 0)  # beta_end=0.02, and a mask that is the config's own
    assert len(found) >= len(questions) - defaults


def test_the_name_says_what_was_asked_and_a_new_file_is_a_new_question(digits_run, folders):
    words = [f"run={digits_run.path}", f"picture={folders['a']}/x.png", "edit=sdedit"]
    the_run(words)
    (first,) = names("edit", *words)
    assert first.startswith("x_edit_sdedit_picture_")
    (folders["a"] / "x.png").write_text("another picture")
    assert names("edit", *words) != [first]


def test_edits_of_a_sweep_are_files_of_their_own(digits_run, capsys):
    before = set(digits_run.samples.iterdir())
    words = [f"run={digits_run.path}", "n=1", "sampler=ddim", "sampler.steps=2"]
    assert main(["edit", *words, "edit=inpaint,sdedit", "picture=0", "-m"]) == 0
    new = sorted(set(digits_run.samples.iterdir()) - before)
    assert sorted(str(path) for path in new) == sorted(said := capsys.readouterr().out.split())
    assert len({path.read_bytes() for path in new}) == 3
    assert [path.split("/")[-1].startswith("sheet_edit-") for path in said] == [False, False, True]


def test_plots_of_a_sweep_are_files_of_their_own(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["plot", "scheduler=cosine,linear", "-m"]) == 0
    assert len({path.read_bytes() for path in tmp_path.glob("schedule_scheduler_*.png")}) == 2


@pytest.mark.parametrize("verb", ["sample", "edit", "plot"])
def test_jobs_of_a_sweep_do_not_share_a_file(verb, digits_run, tmp_path, capsys):
    run = [] if verb == "plot" else [f"run={digits_run.path}"]
    assert main([verb, *run, "seed=1,2", f"out={tmp_path}/a.png", "-m"]) == 2
    assert f"out = {tmp_path}/a.png is one place for 2 jobs" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_places_that_differ_are_allowed():
    jobs = [OmegaConf.create({"out": f"{name}.png"}) for name in "ab"]
    refuse_one_place(jobs)
    refuse_one_place([OmegaConf.create({"out": None})] * 2)
    refuse_one_place([OmegaConf.create({"out": "???"})] * 2)
    for one, other in itertools.permutations(jobs, 2):
        with pytest.raises(ConfigError, match="one place for 2 jobs"):
            refuse_one_place([one, other, one])


ALIKE = ["metrics=image", "metrics.n_samples=30", "metrics.only=[fid]", "extractor.steps=20", "extractor.n_features=8"]


def test_an_evaluation_that_is_finished_is_shown_again_and_a_sweep_that_is_cut_short_has_its_summary(
    digits_run, tmp_path, monkeypatch, capsys
):
    from genlab.metrics.suite import Suite

    asked, evaluated = [f"run={digits_run.path}", "sampler=ddim", f"out={tmp_path}", *ALIKE], []
    evaluate = Suite.evaluate

    def noted(suite, module, *rest, **more):
        if len(evaluated) == 1 and module.sampler.steps == 3:
            raise KeyboardInterrupt
        evaluated.append(module.sampler.steps)
        return evaluate(suite, module, *rest, **more)

    monkeypatch.setattr(Suite, "evaluate", noted)
    assert main(["evaluate", *asked, "sampler.steps=2,3", "-m"]) == 130
    (way,) = json.loads((tmp_path / "samplers.json").read_text())["ways"]
    capsys.readouterr()
    evaluated.append(0)  # no interruption this time
    assert main(["evaluate", *asked, "sampler.steps=2,3,4", "-m"]) == 0
    assert evaluated == [2, 0, 3, 4]
    assert "sampler.steps=2: done before" in capsys.readouterr().err.replace("sampler=ddim ", "").replace(
        " ".join(ALIKE), ""
    )
    ways = json.loads((tmp_path / "samplers.json").read_text())["ways"]
    assert [each["settings"]["sampler.steps"] for each in ways] == ["2", "3", "4"]
    assert ways[0]["score"] == way["score"]
    assert main(["evaluate", *asked[:2], *ALIKE, "sampler.steps=3"]) == 0  # alone, too
    assert "done before" in capsys.readouterr().err
    assert evaluated == [2, 0, 3, 4]


@pytest.mark.parametrize(
    "damage",
    [
        lambda record: json.dumps(record | {"status": "failed"}),
        lambda record: json.dumps(record | {"made_of": record["made_of"] | {"checkpoint_sha256": "another"}}),
        lambda record: json.dumps(record | {"made_of": record["made_of"] | {"data_sha256": "other"}}),
        lambda record: json.dumps({key: value for key, value in record.items() if key != "made_of"}),
    ],
    ids=["failed", "other weights", "other data", "of an older genlab"],
)
def test_only_a_completed_record_of_the_same_weights_and_data_is_an_answer(damage, tmp_path):
    from genlab.commands.evaluate import _done_before

    made_of = {"checkpoint_sha256": "a", "data_sha256": "b", "results_version": 1}
    record = {"status": "completed", "metrics": {"fid_digits": {"value": 3.0}}, "made_of": made_of | {"timed": True}}
    file = tmp_path / "record.json"
    assert _done_before(file, made_of, is_timed=False) is None
    file.write_text(json.dumps(record))
    assert _done_before(file, made_of, is_timed=True) == record
    file.write_text(damage(record))
    assert _done_before(file, made_of, is_timed=False) is None


@pytest.mark.parametrize("text", ["", '{"status": "completed", "me', "[]", '{"metrics": null}'])
def test_a_damaged_record_is_no_answer_and_is_not_written_over(text, tmp_path):
    from genlab.commands.evaluate import _done_before

    file = tmp_path / "record.json"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"is damaged .*: move it away, and the run is evaluated again"):
        _done_before(file, {}, is_timed=False)
    assert file.read_text() == text
