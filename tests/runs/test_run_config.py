"""A run's own config.yaml asks for the same run again."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from genlab.commands.app import App, run_app
from genlab.commands.training import with_first_stage
from genlab.config.check import check
from genlab.config.files import options
from genlab.config.fingerprint import decisive
from genlab.errors import ConfigError
from genlab.runs.store import Run, save_config

RECIPES = [name for name in options("experiment") if "/" in name and not name.startswith(("report/", "quickstart/"))]


def composed(*words):
    """The config of `genlab train *words`, its first stage known, as a job has it when it is saved."""
    app = App(task=lambda cfg: cfg, check=check, plan=lambda jobs: [with_first_stage(cfg) for cfg in jobs])
    run_app("check", app, [*words, "-m", "hydra/launcher=genlab_compose"], config_name="train")
    (job,) = app.results
    return job.value


@pytest.fixture
def saved(tmp_path):
    """Saves what the words compose as the config of a run in a folder of an odd name; gives the words to ask again."""

    def save(cfg):
        run = Run(tmp_path / "a=1, b")
        run.path.mkdir()
        run.record_file.write_text("{}")
        save_config(cfg, run.config_file)
        return ["--config-dir", str(run.path), "--config-name", "config"]

    return save


@pytest.mark.parametrize(  # two seconds each: a third of them here, all in `make test-full`
    "name", [name if i % 3 == 0 else pytest.param(name, marks=pytest.mark.slow) for i, name in enumerate(RECIPES)]
)
def test_the_saved_config_of_every_recipe_asks_for_the_same_result(name, saved, tmp_path):
    paths = f"paths.output_dir={tmp_path}/store"
    cfg = composed(f"experiment={name}", paths, "tags=[a]", "logger=csv", "seed=3", "sweep=night")
    again = composed(*saved(cfg), paths)
    assert decisive(again) == decisive(cfg)
    assert (again.task_name, again.tags, list(again.logger)) == (cfg.task_name, cfg.tags, ["csv"])
    assert again.sweep != "night"


def test_so_it_does_where_pictures_are_no_squares(saved):
    cfg = composed("model=ddpm", "dataset=digits", "network=dit", "network.num_classes=null", "dataset.size=[16,32]")
    assert decisive(composed(*saved(cfg))) == decisive(cfg)


def test_what_is_given_replaces_a_value_or_a_whole_part_of_the_saved_config(saved):
    words = saved(composed("experiment=diffusion/class_conditional_digits", "logger=csv", "optimizer.lr=0.5"))
    assert composed(*words, "optimizer.lr=0.25").optimizer.lr == 0.25
    changed = composed(*words, "logger=none", "sampler=heun", "optimizer=adamw")
    assert (changed.logger, changed.sampler.solver._target_) == ({}, "genlab.samplers.heun.Heun")
    assert changed.optimizer._target_ == "torch.optim.AdamW"
    assert changed.model.optimizer.lr != 0.5


def test_a_saved_config_allows_itself_nothing(saved):
    cfg = composed("experiment=autoencoder/cvae_digits")
    cfg.allow_targets = ["os.system"]
    assert composed(*saved(cfg)).allow_targets == []


ELSEWHERE = {
    "logger": {"_target_": "pytorch_lightning.loggers.CSVLogger", "save_dir": "elsewhere"},
    "callbacks": {"_target_": "pytorch_lightning.callbacks.ModelCheckpoint", "dirpath": "/elsewhere"},
    "trainer.profiler": {"_target_": "pytorch_lightning.profilers.SimpleProfiler", "dirpath": "${tags.0}"},
    "trainer.default_root_dir": "~/elsewhere",
    "callbacks.previous": {"_target_": "pytorch_lightning.callbacks.ModelCheckpoint", "filename": "../../elsewhere"},
    "logger.x": {"_target_": "pytorch_lightning.loggers.CSVLogger", "save_dir": "${paths.run_dir}/../elsewhere"},
    "logger.data": {"_target_": "pytorch_lightning.loggers.CSVLogger", "save_dir": "${paths.data_dir}"},
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_a_saved_config_writes_into_its_run_only_unless_the_command_says_so(where, saved):
    key = f"{where}.mine" if where in ("logger", "callbacks") else where
    cfg = composed("experiment=autoencoder/cvae_digits", "logger=many", "debug=profiler", "tags=[/elsewhere]")
    OmegaConf.set_struct(cfg, False)
    words = saved(cfg)
    config = Run(Path(words[1])).config_file
    content = OmegaConf.load(config)
    OmegaConf.update(content, key, ELSEWHERE[where], force_add=True)
    config.write_text(OmegaConf.to_yaml(content))
    with pytest.raises(ConfigError, match=f"{key}.*is no place in the run's own folder"):
        composed(*words)


def test_a_place_that_the_command_gives_is_taken(saved):
    cfg = composed("experiment=autoencoder/cvae_digits", "logger=csv")
    cfg.logger.csv.file = "/elsewhere/x.csv"
    words = saved(cfg)
    assert composed(*words, "logger.csv.file=/mine.csv").logger.csv.file == "/mine.csv"
    assert composed(*words, "logger=none").logger == {}
