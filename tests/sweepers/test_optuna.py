"""A search asks, runs, tells; goes on after failures; and continues to its total budget from its own journal."""

import math
import sys
from types import SimpleNamespace

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn
from omegaconf import OmegaConf

from genlab.commands.task import PlainTask
from genlab.errors import ConfigError
from hydra_plugins.genlab import sweeper as sweeper_module
from hydra_plugins.genlab.optuna_sweeper import OptunaSweeper

pytest.importorskip("optuna")


class Tried(list):
    """The numbers of every job that was launched, in batches."""


class Scored(PlainTask):
    """A task whose results have scores."""

    def __init__(self, scores):
        self._scores = scores

    def scores(self, result, metrics):
        return self._scores(result)


@pytest.fixture
def search(tmp_path, monkeypatch):
    """Searches with an analytic stand-in for a training: overrides -> its result."""

    def start(function, *words, metric="loss", n_trials=8, scores=None, **settings):
        tried = Tried()

        def launch(launcher, context, config, task, jobs, first):
            tried.append(jobs)
            results = []
            for words in jobs:
                result = JobReturn(overrides=words)
                try:
                    result.return_value = function(dict(word.split("=", 1) for word in words))
                except ArithmeticError as error:
                    result.return_value = error
                results.append(result)
            return results

        monkeypatch.setattr(sweeper_module, "launch", launch)
        sweeper = OptunaSweeper(metric, n_trials, **settings)
        sweeper._context = SimpleNamespace(config_loader=None)
        sweeper._task = Scored(scores) if scores else PlainTask(None)
        sweeper._config = OmegaConf.create({"paths": {"output_dir": str(tmp_path)}, "sweep": None})
        sweeper._launcher = None
        sweeper.sweep(list(words))
        return tried

    return start


BOWL = ("x=interval(-1,1)", "y=choice(a,b)", "fixed=3")


def bowl(words):
    return (float(words["x"]) - 0.3) ** 2 + (words["y"] == "a")


def values(tried, key):
    return [dict(word.split("=", 1) for word in job)[key] for batch in tried for job in batch]


def test_it_finds_the_minimum_of_a_bowl_better_than_it_began(search, capsys):
    tried = search(bowl, *BOWL, n_trials=40)
    losses = [bowl({"x": x, "y": y}) for x, y in zip(values(tried, "x"), values(tried, "y"), strict=True)]
    assert min(losses) < 0.01
    assert sum(losses[-10:]) < sum(losses[:10])
    assert values(tried, "fixed") == ["3"] * 40
    assert f"best: loss {min(losses):.5g}" in capsys.readouterr().out


def test_the_budget_is_total_and_started_again_only_the_rest_is_run(search):
    assert len(values(search(bowl, *BOWL, n_trials=5), "x")) == 5
    assert len(values(search(bowl, *BOWL, n_trials=8), "x")) == 3
    assert values(search(bowl, *BOWL, n_trials=8), "x") == []


def test_a_continued_search_draws_no_start_twice(search):
    first, second = (values(search(bowl, *BOWL, n_trials=n), "x") for n in (4, 8))
    assert not set(first) & set(second)


def test_failed_trials_are_told_and_the_study_goes_on(search, capsys):
    def fragile(words):
        if words["y"] == "a":
            raise ArithmeticError("no")
        return math.nan if float(words["x"]) < -0.5 else bowl(words)

    tried = search(fragile, *BOWL, n_trials=12)
    assert len(values(tried, "x")) == 12
    good = [x for x, y in zip(values(tried, "x"), values(tried, "y"), strict=True) if y == "b" and float(x) >= -0.5]
    assert f"12 of 12 trials, {12 - len(good)} failed" in capsys.readouterr().out


def test_batches_go_to_the_launcher_with_numbers_of_their_own(search):
    tried = search(bowl, *BOWL, n_trials=7, n_jobs=3)
    assert [len(batch) for batch in tried] == [3, 3, 1]


def test_a_killed_trial_is_tried_again_with_its_values_and_counts_once(search):
    seen = []

    def killed(words):
        seen.append(words["x"])
        if len(seen) == 3:
            raise KeyboardInterrupt
        return bowl(words)

    with pytest.raises(KeyboardInterrupt):
        search(killed, *BOWL, n_trials=5)
    again = values(search(bowl, *BOWL, n_trials=5), "x")
    assert again[0] == seen[2]
    assert len(again) == 3


def test_an_interrupted_run_ends_the_search_until_it_is_asked_for_again(search):
    stopped = SimpleNamespace(status="interrupted")
    assert len(search(lambda words: stopped, *BOWL, n_trials=5)) == 1
    assert len(values(search(bowl, *BOWL, n_trials=5), "x")) == 5


def test_the_record_says_which_way_is_better(search, capsys):
    def scores(x):
        return {"psnr": {"value": -((x - 0.3) ** 2), "better": "higher"}}

    tried = search(lambda words: float(words["x"]), "x=interval(-1,1)", metric="psnr", n_trials=30, scores=scores)
    best = min(map(float, values(tried, "x")), key=lambda x: abs(x - 0.3))
    assert f"with x={best}" in capsys.readouterr().out


def test_several_objectives_keep_what_nothing_beats(search, capsys):
    search(lambda words: (float(words["x"]), 4 - float(words["x"])), "x=range(0,5)", metric=["a", "b"], n_trials=10)
    out = capsys.readouterr().out
    assert out.count("best: a ") >= 3  # no value of x beats another in both


def test_a_metric_that_is_not_there_is_one_sentence(search):
    with pytest.raises(ConfigError, match="did you mean 'fid_digits'"):
        search(bowl, *BOWL, metric="fid_digit", scores=lambda v: {"fid_digits": {"value": v, "better": "lower"}})


def test_another_space_under_the_same_name_is_refused(search):
    search(bowl, *BOWL, "sweep=mine", n_trials=1)
    with pytest.raises(ConfigError, match="give another sweep=NAME"):
        search(bowl, "x=interval(0,9)", "y=a", "sweep=mine", n_trials=2)


def test_nothing_to_search_is_one_sentence(search):
    with pytest.raises(ConfigError, match="needs something to search"):
        search(bowl, "x=3")


@pytest.mark.parametrize(
    ("word", "holds"),
    [
        ("x=int(interval(1,4))", lambda v: v in ("1", "2", "3", "4")),
        ("x=tag(log,interval(1e-4,1e-2))", lambda v: 1e-4 <= float(v) <= 1e-2),
        ("x=2,16,64", lambda v: v in ("2", "16", "64")),
        ("x=range(0,10,5)", lambda v: v in ("0", "5")),
    ],
)
def test_spaces_are_hydras_words(search, word, holds):
    found = values(search(lambda words: float(words["x"]), word, n_trials=12), "x")
    assert all(map(holds, found))
    assert len(set(found)) > 1
    OverridesParser.create().parse_overrides([f"x={value}" for value in found])


def test_without_optuna_one_line_names_the_extra(search, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConfigError, match=r"genlab\[sweep\]"):
        search(bowl, *BOWL)
