"""The verbs for W&B: offline runs are found and sent once; a sweep file asks what Hydra's words ask."""

import itertools
import json

import pytest
import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser

from genlab.cli import main
from genlab.commands.wandb_sweep import sweep_file
from genlab.config.words import understood
from genlab.errors import ConfigError
from genlab.runs.sweeps import Sweep


@pytest.fixture
def store(tmp_path):
    """A store with a sweep of one run that has one offline part, and one that was sent already."""
    run = tmp_path / "train" / "abc"
    for name, files in {
        "offline-run-1": ["run-x.wandb"],
        "offline-run-2": ["run-x.wandb", "run-x.wandb.synced"],
    }.items():
        (run / "wandb" / name).mkdir(parents=True)
        for file in files:
            (run / "wandb" / name / file).touch()
    Sweep(tmp_path, "night").plan([(["seed=1"], run)])
    return tmp_path


def test_only_what_was_not_sent_is_offline(store):
    from genlab.interop.wandb_sync import offline_parts

    assert [part.name for part in offline_parts(store / "train" / "abc")] == ["offline-run-1"]


def test_without_a_key_one_sentence_says_what_to_set(store, capsys, monkeypatch, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    for key, value in {
        "HOME": str(home),
        "NETRC": str(home / ".netrc"),
        "WANDB_BASE_URL": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(key, value)
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    assert main(["wandb-sync", "sweep=night", f"paths.output_dir={store}"]) == 2
    assert "set WANDB_API_KEY" in capsys.readouterr().err


def test_an_unknown_sweep_is_one_sentence(store, capsys):
    assert main(["wandb-sync", "sweep=nigth", f"paths.output_dir={store}"]) == 2
    assert "did you mean 'night'" in capsys.readouterr().err


def test_a_store_without_offline_runs_has_nothing_to_send(tmp_path, capsys):
    assert main(["wandb-sync", f"paths.output_dir={tmp_path}"]) == 0
    assert "nothing to upload" in capsys.readouterr().out


def test_a_grid_becomes_a_grid_with_values_of_their_own_type(tmp_path, capsys):
    out = tmp_path / "sweep.yaml"
    words = ["-m", "experiment=autoencoder/cvae_digits", "model.coding_size=2,16", "optimizer.lr=1e-3,0.01"]
    words.append("trainer.precision=32-true,bf16-mixed")
    assert main(["wandb-sweep", f"out={out}", "metric=psnr", "goal=maximize", *words]) == 0
    content = yaml.safe_load(out.read_text())
    assert content["method"] == "grid"
    assert content["metric"] == {"name": "test/psnr", "goal": "maximize"}
    assert content["parameters"] == {
        "model.coding_size": {"values": [2, 16]}, "optimizer.lr": {"values": [0.001, 0.01]},
        "trainer.precision": {"values": ["32-true", "bf16-mixed"]},
    }  # fmt: skip
    assert content["command"] == ["genlab", "train", "experiment=autoencoder/cvae_digits", "${args_no_hyphens}"]


def test_intervals_become_distributions():
    words = ["lr=tag(log,interval(1e-4,1e-2))", "n=int(interval(1,8))", "p=interval(0,1)"]
    content = sweep_file(words)
    assert content["method"] == "bayes"
    assert content["parameters"] == {
        "lr": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1e-2},
        "n": {"distribution": "int_uniform", "min": 1, "max": 8},
        "p": {"distribution": "uniform", "min": 0.0, "max": 1.0},
    }
    with pytest.raises(ConfigError, match="method = grid needs values"):
        sweep_file(words, method="grid")


def test_words_without_a_sweep_are_refused():
    with pytest.raises(ConfigError, match="nothing is swept"):
        sweep_file(["seed=1"])


def agents_words(content):
    """What `wandb agent` says to `genlab train` for each run of a grid, after the server had the values as JSON."""
    from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

    parameters = json.loads(json.dumps(content["parameters"]))
    for values in itertools.product(*(each["values"] for each in parameters.values())):
        given = {"args": {key: {"value": value} for key, value in zip(parameters, values, strict=True)}}
        said = create_sweep_command_args(given)["args_no_hyphens"]
        for word in create_sweep_command(list(content["command"]))[2:]:
            yield from said if word == "${args_no_hyphens}" else [word]


@pytest.mark.parametrize(
    ("value", "values"),
    [
        ("null,500", [None, 500]),
        ("true,false", [True, False]),
        ("1,-2,+3", [1, -2, 3]),
        ("1e-5,-1E-4,.5,2.0,inf", [1e-5, -1e-4, 0.5, 2.0, float("inf")]),
        ("'a b','c,d',\"it's\",'say \"x\"'", ["a b", "c,d", "it's", 'say "x"']),
        ("'null','1','true','1e-3',x", ["null", "1", "true", "1e-3", "x"]),
        ("a b,c\\,d,e\\=f", ["a b", "c,d", "e=f"]),
        ("[1,2],[],['a b',null,1e-3]", [[1, 2], [], ["a b", None, 1e-3]]),
        ("{lr:1e-3},{a:[true,'x,y'],b:{c:null}}", [{"lr": 1e-3}, {"a": [True, "x,y"], "b": {"c": None}}]),
        ("${seed},'${add:${seed},3}',t_${seed}", ["${seed}", "${add:${seed},3}", "t_${seed}"]),
        ("choice(1,x,[2])", [1, "x", [2]]),
        ("range(0,3)", [0, 1, 2]),
        ("Häuser,'日本'", ["Häuser", "日本"]),
        ("/a/b,'/a/b=1',~/c", ["/a/b", "/a/b=1", "~/c"]),
    ],
)
def test_an_agent_says_what_the_sweep_means(value, values):
    if any(sign in value for sign in "ä~"):  # beyond the grammar without quotes
        value = ",".join(f"'{each}'" for each in values)
    content = yaml.safe_load(yaml.safe_dump(sweep_file(understood([f"key={value}"], several=True))))
    words = [understood([word], several=False)[0] for word in agents_words(content)]
    assert [OverridesParser.create().parse_override(word).value() for word in words] == values


def test_a_glob_gives_its_options():
    names = sweep_file(["experiment=glob(diffusion/ddpm*,exclude=*digits)"])["parameters"]["experiment"]["values"]
    assert names == ["diffusion/ddpm_butterflies", "diffusion/ddpm_emoji"]
    samplers = sweep_file(["sampler=heun,glob(dd*,exclude=*sd)"])["parameters"]["sampler"]["values"]
    assert samplers == ["heun", "ddim", "ddpm"]


def test_words_that_are_not_swept_and_flags_go_to_every_run(tmp_path):
    words = understood(["seed=1,2", "tags=['a b']", f"paths.output_dir={tmp_path}/a=1, b"], several=True)
    command = sweep_file(words, flags=["--config-dir", "my conf"])["command"]
    assert command[2:4] == ["--config-dir", "my conf"]
    assert understood(command[4:-1], several=False) == ["tags=['a b']", f"paths.output_dir='{tmp_path}/a=1, b'"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["metric=fid_digit"], "metric = 'fid_digit' is no score of these runs; did you mean 'fid_digits'?"),
        (["metric=fid"], "'fid_digits'"),
        (["metrics=none"], "metric = 'fid_digits' is no score of these runs"),
        (["metric=kid_clip", "metrics=text_image"], None),
        (["metric=bits_per_dim", "metrics=likelihood"], None),
        (["model.codng_size=3"], "did you mean 'model.coding_size'?"),
        (["seed=1"], "seed is given twice"),
        (["goal=minimise"], "did you mean 'minimize'?"),
    ],
)
def test_what_no_run_can_have_is_refused(words, sentence, capsys):
    status = main(["wandb-sweep", "experiment=autoencoder/cvae_digits", "seed=1,2", *words])
    said = capsys.readouterr()
    assert (status, said.err) == (0, "") if sentence is None else (status == 2 and sentence in said.err)


def test_every_metric_tells_the_names_of_its_scores(digits_run):
    """What an evaluation of all metrics has made is what the suite had promised."""
    from composing import composed
    from genlab.config.instantiate import build

    words = ["metrics=[all,bits]", "metrics.n_samples=40", "extractor.steps=20", "metrics.metrics.bound.draws=2"]
    assert main(["evaluate", f"run={digits_run.path}", *words, "sampler.steps=2"]) == 0
    (file,) = (f for f in (digits_run.path / "evaluations").glob("*.json") if "recall_digits" in f.read_text())
    scores = set(json.loads(file.read_text())["metrics"])
    assert len(scores) > 12
    assert scores <= set(build(composed("metrics=[all,bits]").metrics).names)
