"""A folder of configs from somebody else, a run's or any other, starts no program, whatever is asked with it."""

import json
import re

import pytest

from genlab.cli import main

WAYS = {
    "callbacks": {"callbacks": {"x": "EVIL"}},
    "launcher": {"launcher": "EVIL"},
    "within the launcher": {"launcher": {"workers": "EVIL"}},
    "sweeper": {"sweeper": "EVIL"},
    "within the sweeper": {"sweeper": {"params": "EVIL"}},
    "job_logging": {"job_logging": {"handlers": {"x": "FACTORY"}, "root": {"handlers": ["x"]}}},
    "hydra_logging": {"hydra_logging": {"version": 1, "handlers": {"x": "FACTORY"}, "root": {"handlers": ["x"]}}},
}
"""What Hydra builds by itself, from the config that it has composed."""
VERBS = [["train"], ["train", "-m"], ["check"], ["wandb-sweep", "metric=fid_digits", "seed=1,2"]]
COMPOSED = {"model": {"_target_": "genlab.models.vae.VAE", "network": {}, "seed": 0}}
COMPOSED |= {"dataset": {"_target_": "genlab.data.image_datamodule.ImageDataModule", "channels": 1, "size": 8}}


@pytest.fixture
def pwned(tmp_path):
    """The file that is there if a program was started."""
    return tmp_path / "PWNED"


@pytest.fixture
def config(tmp_path, pwned):
    """Writes a folder with the config of a kind; gives the words that choose it."""
    program = {"_target_": "genlab.programs.run_program", "command": ["touch", str(pwned)], "seconds": 5}
    factory = {"()": "genlab.programs.run_program", "command": ["touch", str(pwned)], "seconds": 5}

    def fill(node):
        if isinstance(node, dict):
            return {key: fill(value) for key, value in node.items()}
        return {"EVIL": program, "FACTORY": factory}.get(node, node) if isinstance(node, str) else node

    def write(kind, hydra):
        folder, content = tmp_path / "folder", {"hydra": fill(hydra)}
        (folder / "experiment").mkdir(parents=True)
        if kind == "experiment":
            (folder / "experiment" / "x.yaml").write_text("# @package _global_\n" + json.dumps(content))
            return ["--config-dir", str(folder), "experiment=x"]
        if kind == "reference":
            content = {"first_stage": content["hydra"], "hydra": {key: f"${{first_stage.{key}}}" for key in hydra}}
        if kind == "run":
            (folder / "record.json").write_text("{}")
        content |= {"defaults": ["/train", "_self_"]} if kind in ("own", "reference") else COMPOSED
        (folder / "config.yaml").write_text(json.dumps(content))
        return [f"--config-dir={folder}", "--config-name", "config"]

    return write


@pytest.mark.parametrize("kind", ["run", "no record", "own", "reference", "experiment"])
@pytest.mark.parametrize(
    ("way", "verb"), [*((way, VERBS[0]) for way in WAYS), *(("callbacks", verb) for verb in VERBS[1:])]
)
def test_no_file_of_a_folder_of_configs_makes_hydra_start_a_program(
    way, kind, verb, config, pwned, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    status = main([verb[0], *config(kind, WAYS[way]), *verb[1:]])
    said = capsys.readouterr().err
    assert not pwned.exists()
    assert status == 2
    assert "Traceback" not in said
    if kind == "experiment" and way != "sweeper":  # which has no key for it; and of a run nothing of Hydra's is read
        assert "a config cannot run code" in said


@pytest.mark.parametrize("verb", ["sample", "evaluate", "edit", "export", "compare", "plot", "train", "check"])
@pytest.mark.parametrize("flag", ["-cp", "--config-path", "--config-path="])
def test_configs_lie_in_one_folder_beside_genlabs_own(verb, flag, tmp_path, capsys):
    given = [f"{flag}{tmp_path}"] if flag.endswith("=") else [flag, str(tmp_path)]
    runs = [f"a={tmp_path}", f"b={tmp_path}"] if verb == "compare" else []
    (tmp_path / "config.yaml").write_text(json.dumps(COMPOSED))
    assert main([verb, *given, *runs, *([f"run={tmp_path}"] if verb not in ("compare", "plot") else [])]) == 2
    assert re.search("has no flag '(-cp|--config-path)'", capsys.readouterr().err)


@pytest.mark.parametrize("file", ["experiment", "rows", "params"])
def test_a_file_cannot_allow_itself_a_name(file, tmp_path, capsys):
    """What `allow_targets` names is code of anybody's, and only the command line says that it may be built."""
    (tmp_path / "experiment").mkdir()
    evil = {"allow_targets": ["os.system"]}
    content = {"hydra": {"sweeper": {"params": {"allow_targets": "[os.system]"}}}} if file == "params" else evil
    (tmp_path / "experiment" / "x.yaml").write_text("# @package _global_\n" + json.dumps(content))
    (tmp_path / "rows.yaml").write_text(json.dumps([{"allow_targets": ["os.system"]}]))
    words = [f"rows={tmp_path}/rows.yaml"] if file == "rows" else ["--config-dir", str(tmp_path), "experiment=x"]
    assert main(["check", *words]) == 2
    assert "allow_targets = ['os.system'] stands in a file" in capsys.readouterr().err


def test_options_of_launchers_and_sweepers_and_names_on_the_command_line_are_what_people_write(tmp_path, capsys):
    (tmp_path / "experiment").mkdir()
    hydra = {"launcher": {"workers": 2, "threads": 1}, "sweeper": {"params": {"seed": "1,2"}}}
    (tmp_path / "experiment" / "x.yaml").write_text("# @package _global_\n" + json.dumps({"hydra": hydra}))
    words = ["--config-dir", str(tmp_path), "experiment=x", "allow_targets=[my.Net]"]
    for more in (["--cfg", "all"], ["--cfg", "all", "hydra/job_logging=stdout", "hydra/hydra_logging=disabled"]):
        assert main(["train", *words, *more]) == 0
        assert "workers: 2" in capsys.readouterr().out
    searches = ["hparams_search=tpe", "hydra.sweeper.n_trials=3", "launcher=inline", "--cfg", "all"]
    (tmp_path / "experiment" / "x.yaml").write_text("# @package _global_\nmodel: {coding_size: 5}\n")
    assert main(["train", *words, *searches]) == 0
    assert "n_trials: 3" in capsys.readouterr().out
