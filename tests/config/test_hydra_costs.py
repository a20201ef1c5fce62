"""What Hydra does once instead of twice changes no config."""

from types import SimpleNamespace

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from composing import composed
from genlab.commands.app import App, run_app
from genlab.config.files import conf_dir
from genlab.config.hydra_costs import read_once

WORDS = ["experiment=autoencoder/cvae_digits", "model.coding_size=3"]


@pytest.mark.parametrize(
    "words",
    [
        [],
        WORDS,
        ["experiment=text_to_image/latent_critters"],
        ["hparams_search=tpe", "~callbacks.progress", "logger=many"],
    ],
)
def test_a_config_is_what_hydra_alone_composes(words):
    found = [OmegaConf.to_yaml(composed(*words)) for _ in range(2)]
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        assert found == [OmegaConf.to_yaml(compose("train", words))] * 2


def test_what_refers_to_a_choice_in_a_list_of_defaults_still_finds_it(tmp_path):
    (tmp_path / "debug").mkdir()
    text = "# @package _global_\ndefaults: [{/optimizer@callbacks.copy: '${debug}'}]\n"
    (tmp_path / "debug/adamw.yaml").write_text(text)
    app = App(task=lambda cfg: cfg, check=lambda cfg: None)
    run_app("train", app, ["--config-dir", str(tmp_path), "debug=adamw", "optimizer=adamw"])
    (job,) = app.results
    assert job.value.callbacks["copy"] == job.value.optimizer


def test_a_file_is_read_again_when_it_has_changed_and_each_caller_has_a_copy(tmp_path):
    source, path, read = SimpleNamespace(provider="main", path=str(tmp_path)), tmp_path / "a.yaml", []

    def load(source, config_path):
        read.append(config_path)
        return {"text": path.read_text()}

    path.write_text("one")
    first = read_once(load, source, "a", path)
    first["text"] = "spoilt"
    assert (read_once(load, source, "a", path), len(read)) == ({"text": "one"}, 1)
    path.write_text("three")
    assert (read_once(load, source, "a", path), len(read)) == ({"text": "three"}, 2)
    assert read_once(load, source, "b", path) == {"text": "three"}
