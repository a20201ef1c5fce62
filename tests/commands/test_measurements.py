"""What is measured does not decide what is trained: another measurement scores the finished run."""

import json
import re
import shutil

import pytest

from composing import with_words
from genlab.cli import main
from genlab.runs.older_names import FILE
from genlab.runs.store import Store
from genlab.runs.sweeps import Sweep

ASKED = [
    "train", "experiment=autoencoder/cvae_digits", "dataset.train_size=128", "trainer.max_epochs=1", "logger=none",
    "callbacks.previews=null", "metrics=reconstruction",
]  # fmt: skip


def ask(store, *words):
    assert main(["train", *with_words(ASKED[1:], *words), f"paths.output_dir={store}"]) == 0


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A store with one run, trained and not scored."""
    store = tmp_path_factory.mktemp("trained") / "outputs"
    ask(store, "test=false")
    return store


@pytest.fixture
def store(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "outputs")


def the_run(store):
    (run,) = Store(store)
    return run


def evaluations(run):
    return [json.loads(file.read_text()) for file in sorted(run.path.glob("evaluations/*.json"))]


def test_a_run_that_was_not_scored_is_scored_and_its_training_untouched(store, capsys):
    before = (the_run(store).checkpoints / "last.ckpt").read_bytes()
    assert the_run(store).record().metrics == {}
    ask(store)
    run = the_run(store)
    assert "psnr" in run.record().metrics
    assert "test=false" not in run.record().overrides  # a table would say so beside the scores
    assert run.config().metrics.metrics.psnr is not None
    assert (run.checkpoints / "last.ckpt").read_bytes() == before
    capsys.readouterr()
    ask(store)
    assert "done before" in capsys.readouterr().err


def test_scores_of_a_finished_run_are_those_it_would_have_had_at_once(store, tmp_path):
    ask(store)
    ask(tmp_path / "at_once")
    assert the_run(store).path.name == the_run(tmp_path / "at_once").path.name
    assert the_run(store).record().metrics == the_run(tmp_path / "at_once").record().metrics


def test_another_measurement_stands_beside_the_first_and_is_not_done_twice(store, capsys):
    ask(store)
    first = the_run(store).record()
    ask(store, "metrics.n_samples=20")
    run = the_run(store)
    assert run.record() == first
    (second,) = evaluations(run)
    assert second["seconds"] == first.seconds > second["scoring_seconds"] > 0  # a search compares trainings
    assert second["metrics"]["psnr"]["n"] == 20 != first.metrics["psnr"]["n"]
    assert second["measurement"] != first.measurement
    capsys.readouterr()
    for words in ([], ["metrics.n_samples=20"], ["metrics=none"], ["test=false"]):
        ask(store, *words)
        assert "done before" in capsys.readouterr().err
    assert evaluations(run) == [second]


def test_a_measurement_that_fails_leaves_the_run_finished(store, capsys, monkeypatch):
    from genlab.metrics.suite import Suite

    def broken(*_, **__):
        raise ValueError("no such luck")

    with monkeypatch.context() as patch:
        patch.setattr(Suite, "evaluate", broken)
        assert main([*ASKED, f"paths.output_dir={store}"]) == 1
    assert "no such luck" in capsys.readouterr().err
    assert the_run(store).record().status == "completed"
    ask(store)
    assert "psnr" in the_run(store).record().metrics


@pytest.mark.parametrize("launcher", ["inline", "local"])
def test_a_sweep_over_measurements_trains_once(tmp_path, capfd, launcher):
    words = ["-m", "metrics.n_samples=20,30,40", "sweep=s", f"launcher={launcher}"]
    ask(tmp_path, *words, *(["hydra.launcher.workers=2"] if launcher == "local" else []))
    run = the_run(tmp_path)
    found = [run.record().to_json(), *evaluations(run)]
    assert sorted(record["metrics"]["psnr"]["n"] for record in found) == [20, 30, 40]
    rows = Sweep(tmp_path, "s").rows()
    assert [row["status"] for row in rows] == ["completed"] * 3
    assert len({row["measurement"] for row in rows}) == 3
    assert "3 done, 0 done before" in capfd.readouterr().out


def test_a_report_shows_the_measurements_of_all_seeds_in_one_row_each(store, tmp_path):
    from genlab.reports.collect import collect
    from genlab.reports.groups import group, varied_keys

    ask(store, "metrics.n_samples=20")
    ask(store, "-m", "seed=0,1", "metrics.n_samples=30", "launcher=inline")
    runs = collect([store])
    found = group(runs, varied_keys(runs))
    assert [(row.record["overrides"], row.record["seeds"]) for row in found] == [
        (["metrics.n_samples=20"], [0]), (["metrics.n_samples=30"], [0, 1]),
    ]  # fmt: skip
    assert [run.is_again for run in runs] == [False, True, False]
    assert runs[1].pictures() == runs[0].pictures()


def failing_for(monkeypatch, n_samples, error):
    """Every evaluation of so many samples raises."""
    from genlab.metrics.suite import Suite

    real = Suite.evaluate

    def evaluate(suite, *given, **named):
        if suite.n_samples == n_samples:
            raise error
        return real(suite, *given, **named)

    monkeypatch.setattr(Suite, "evaluate", evaluate)


@pytest.mark.parametrize("error", [ValueError("no such luck"), SystemExit(3)])
def test_a_measurement_of_a_sweep_that_fails_is_told_as_failed_and_the_others_as_they_ended(
    store, capsys, monkeypatch, error
):
    ask(store, "metrics.n_samples=40")
    failing_for(monkeypatch, 30, error)
    words = [*ASKED, "-m", "metrics.n_samples=20,30,40", "sweep=s", "launcher=inline", f"paths.output_dir={store}"]
    capsys.readouterr()
    assert main(words) == 1
    assert [row["status"] for row in Sweep(store, "s").rows()] == ["completed", "failed", "completed"]
    out = capsys.readouterr().out
    assert "1 done, 1 done before, 1 failed" in out
    (row,) = [line for line in out.splitlines() if "failed" in line and "jobs:" not in line]
    assert "[" not in row  # no score, as those have intervals
    assert the_run(store).record().status == "completed"


def test_a_manifest_that_is_damaged_during_the_sweep_makes_no_job_fail(store, capsys, monkeypatch):
    """Of its first job, when that has been scored."""
    from genlab.metrics.suite import Suite

    real = Suite.evaluate

    def evaluate(*given, **named):
        Sweep(store, "s").manifest.write_text("{half")
        return real(*given, **named)

    monkeypatch.setattr(Suite, "evaluate", evaluate)
    words = ["-m", "metrics.n_samples=20", "sweep=s", "launcher=inline"]
    ask(store, *words)
    captured = capsys.readouterr()
    assert "1 done, 0 done before, 0 failed" in captured.out
    assert "the manifest of sweep s is not up to date" in captured.err


def test_a_run_of_an_older_store_is_found_by_its_new_name(store, capsys):
    """When what is measured decided a run's name, too, other names were given; no folder is renamed."""
    from genlab.config.fingerprint import name_with_measurement

    ask(store)
    run = the_run(store)
    old = name_with_measurement(run.config(), run.record().data["sha256"])
    assert old != run.path.name
    run.path.rename(run.path.with_name(old))
    (store / FILE).unlink(missing_ok=True)
    capsys.readouterr()
    ask(store)
    assert "done before" in capsys.readouterr().err
    ask(store, "metrics.n_samples=20")
    assert the_run(store).path.name == old
    assert json.loads((store / FILE).read_text())["runs"] == {f"train/{run.path.name}": old}


def test_a_run_of_an_older_store_that_gets_its_first_scores_is_found_again(store, capsys):
    """Its config.yaml gives it its name."""
    from genlab.config.fingerprint import name_with_measurement

    run = the_run(store)
    old = name_with_measurement(run.config(), run.record().data["sha256"])
    run.path.rename(run.path.with_name(old))
    for _ in range(2):
        (store / FILE).unlink(missing_ok=True)
        capsys.readouterr()
        ask(store)
        assert the_run(store).path.name == old
    assert "done before" in capsys.readouterr().err
    assert "psnr" in evaluations(the_run(store))[0]["metrics"]


def without_checkpoints(store):
    shutil.rmtree(the_run(store).checkpoints)
    the_run(store).checkpoints.mkdir()


WAYS_OUT = "has no whole checkpoint to score: restart=true trains it again, and force=true another beside it"


def test_a_model_that_is_scored_and_not_trained_is_scored_in_another_way_as_well(trained, tmp_path):
    words = ["train=false", f"ckpt_path={the_run(trained).checkpoints / 'last.ckpt'}"]
    ask(tmp_path / "twice", *words, "metrics.n_samples=20")
    ask(tmp_path / "twice", *words, "metrics.n_samples=30")
    ask(tmp_path / "at_once", *words, "metrics.n_samples=30")
    (second,) = evaluations(the_run(tmp_path / "twice"))
    assert second["metrics"] == the_run(tmp_path / "at_once").record().to_json()["metrics"]


def test_a_finished_run_without_a_checkpoint_is_refused_with_the_ways_out_and_restarted_where_that_is_asked_for(
    store, capsys
):
    ask(store, "metrics.n_samples=20")
    ask(store, "metrics.n_samples=20", "restart=true")  # its checkpoint is whole
    assert "done before" in capsys.readouterr().err
    first = the_run(store).record()
    without_checkpoints(store)
    assert main([*ASKED, f"paths.output_dir={store}"]) == 2
    assert WAYS_OUT in capsys.readouterr().err
    assert the_run(store).record() == first
    ask(store, "restart=true")
    assert the_run(store).record().training["steps"] == first.training["steps"]
    assert (the_run(store).checkpoints / "last.ckpt").exists()
    assert evaluations(the_run(store))[0]["metrics"] == first.metrics  # kept
    capsys.readouterr()
    for words in (["metrics.n_samples=20"], [], ["restart=true"]):
        ask(store, *words)
        assert "done before" in capsys.readouterr().err


def test_measurements_of_a_run_that_keeps_no_checkpoint(tmp_path, capsys):
    words = ["-m", "callbacks.checkpoints=null", "metrics.n_samples=20,30", "sweep=s", "launcher=inline"]
    assert main([*ASKED, *words, f"paths.output_dir={tmp_path}"]) == 1
    assert WAYS_OUT in capsys.readouterr().err
    assert [row["status"] for row in Sweep(tmp_path, "s").rows()] == ["completed", "failed"]
    ask(tmp_path, *words, "restart=true")
    found = [the_run(tmp_path).record().to_json(), *evaluations(the_run(tmp_path))]
    assert [record["metrics"]["psnr"]["n"] for record in found] == [30, 20]


def test_a_run_is_scored_later_under_the_conditions_of_its_training(store, tmp_path, monkeypatch):
    import torch

    from genlab.metrics.suite import Suite

    real, seen = Suite.evaluate, []

    def evaluate(suite, module, *given, **named):
        seen.append((torch.get_float32_matmul_precision(), str(module.device)))
        return real(suite, module, *given, **named)

    monkeypatch.setattr(Suite, "evaluate", evaluate)
    run = the_run(store)
    record = run.record()
    record.metrics, record.environment = {"old": {"value": 1.0}}, {"device": "cuda:7"}
    record.save(run.record_file)
    for folder in (tmp_path / "at_once", store):
        torch.set_float32_matmul_precision("highest")
        ask(folder, "trainer.accelerator=cpu")
    assert seen[0] == seen[1]
    assert evaluations(run)[0]["environment"]["device"] == "cpu"


def test_first_scores_reach_the_loggers_which_are_closed_whatever_happens(store, monkeypatch):
    from genlab.interop import loggers

    told, closed = [], []
    monkeypatch.setattr(loggers, "log_summary", lambda _, record, __: told.append(record["metrics"]["psnr"]["n"]))
    monkeypatch.setattr(loggers, "finish", lambda _, status: closed.append(status))
    ask(store, "logger=csv")
    ask(store, "logger=csv", "metrics.n_samples=20")  # not the first
    assert (len(told), closed) == (1, ["completed"])

    def failing(*_):
        raise OSError("the server is gone")

    without_scores = the_run(store).record()
    without_scores.metrics, without_scores.measurement = {}, None
    without_scores.save(the_run(store).record_file)
    monkeypatch.setattr(loggers, "log_summary", failing)
    assert main([*with_words(ASKED, "logger=csv", "metrics.n_samples=40"), f"paths.output_dir={store}"]) != 0
    assert closed == ["completed", "failed"]
    assert "psnr" in the_run(store).record().metrics


@pytest.mark.parametrize("again", [False, True])
def test_an_agent_is_told_the_scores_that_were_asked_for(store, monkeypatch, again):
    """Whether they are in the record or beside it, new or from the store; of a training, its own loggers tell."""
    import contextlib

    from genlab.commands import scoring
    from genlab.interop import loggers

    told = []
    monkeypatch.setattr(scoring, "opened", lambda nodes, _: contextlib.nullcontext(list(nodes)))
    monkeypatch.setattr(loggers, "log_summary", lambda name, record, _: told.append((name, record)))
    ask(store, "metrics.n_samples=40")
    monkeypatch.setenv("WANDB_SWEEP_ID", "s1")
    for n in (20, 40):
        if again:
            ask(store, f"metrics.n_samples={n}", "logger=wandb")
        told.clear()
        ask(store, f"metrics.n_samples={n}", "logger=wandb")
        assert [(name, record["metrics"]["psnr"]["n"]) for name, record in told] == [("wandb", n)]


def test_a_folder_whose_name_does_not_fit_its_config_is_no_older_run(store, capsys):
    run = the_run(store)
    run.path.rename(run.path.with_name("0123456789ab"))
    (store / FILE).unlink(missing_ok=True)
    ask(store, "test=false")
    assert len(list(Store(store))) == 2


@pytest.mark.parametrize("line", ["seed: ???", "metrics: hello", "model: ${nowhere}", "sampler: [", "dataset: 3"])
def test_an_odd_folder_in_an_older_store_stops_nobody(line, store):
    odd = shutil.copytree(the_run(store).path, store / "train" / "odd")
    config = (odd / "config.yaml").read_text()
    key = line.partition(":")[0]
    kept = re.sub(rf"^{key}:.*\n(?:[ -].*\n)*", "", config, flags=re.MULTILINE)
    (odd / "config.yaml").write_text(f"{kept}\n{line}\n")
    (store / FILE).unlink(missing_ok=True)
    ask(store, "seed=5", "test=false")
    assert len(list(Store(store))) == 3


def test_a_name_of_a_folder_that_is_gone_leads_nowhere(store):
    name = the_run(store).path.name
    (store / FILE).write_text(json.dumps({"schema": 1, "runs": {f"train/{name}": "0123456789ab"}}))
    shutil.rmtree(store / "train" / name)
    ask(store, "test=false")
    assert the_run(store).path.name == name
