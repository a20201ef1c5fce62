"""Parts got better names: configs, runs and commands that use the old ones still mean what they meant."""

import json
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from composing import composed
from genlab.annotations.definitions import define
from genlab.cli import main
from genlab.config.allowed import declared, is_allowed
from genlab.config.fingerprint import measurement
from genlab.config.renamed import _PARTS, first_name, present_name, present_names, present_word
from genlab.runs.job import find

RENAMED = sorted(name for name in declared() if first_name(name) != name)


def test_every_old_name_leads_to_a_part():
    assert RENAMED, "declared parts with another first name"
    for old, new in _PARTS.items():
        assert present_name(old) == new == present_name(new)
        assert first_name(new) == old == first_name(old)
        define(new)


@pytest.mark.parametrize("name", sorted(declared()))
def test_names_come_back(name):
    assert present_name(name) == name, "no part has an old name"
    assert present_name(first_name(name)) == name
    assert not (first_name(name) != name and is_allowed(first_name(name))), "what was renamed is gone"


def test_a_config_is_read_with_todays_names_at_any_depth():
    old = OmegaConf.create(
        {
            "model": {"_target_": "genlab.families.diffusion.Diffusion", "sampler": "${sampler}", "none": None},
            "sampler": {"grids": [{"_target_": "genlab.solvers.grids.Even", "steps": "???"}]},
            "text": "genlab.families.diffusion.Diffusion",
        }
    )
    present_names(old)
    assert old.model._target_ == "genlab.models.diffusion.Diffusion"
    assert old.sampler.grids[0]._target_ == "genlab.samplers.grids.Even"
    assert old.text == "genlab.families.diffusion.Diffusion", "a text is no part"


def test_an_old_name_of_an_option_is_read_as_todays(capsys):
    assert present_word("objective=restoring,denoising") == "objective=restoration,denoising"
    assert present_word("out=restoring") == "out=restoring", "only of its own group"
    assert main(["train", "model=cold", "objective=restoring", "--cfg", "job"]) == 0
    assert "genlab.objectives.restoration.Restoration" in capsys.readouterr().out


NAMES = json.loads(Path(__file__).with_name("names_of_recipes.json").read_text())


@pytest.mark.parametrize("recipe", NAMES)
def test_a_recipe_keeps_the_name_of_its_run_and_of_what_is_measured(recipe):
    cfg = composed(f"experiment={recipe}")
    assert [find(cfg).path.name, measurement(cfg)] == NAMES[recipe]


def test_an_old_name_on_the_command_line_is_todays_part(tmp_path, capsys):
    word = "model.sampler.solver._target_=genlab.solvers.heun.Heun"
    words = ["experiment=diffusion/ddpm_digits", word.replace("model.", ""), f"paths.output_dir={tmp_path}"]
    assert main(["train", *words, "--cfg", "job"]) == 0
    assert "genlab.samplers.heun.Heun" in capsys.readouterr().out
