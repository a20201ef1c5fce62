"""The jobs of a sweep: the grid of the swept values, or rows times the grid."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from genlab.config.explicit_rows import read_rows
from genlab.errors import ConfigError
from hydra_plugins.genlab.grid_sweeper import combinations, new_name


def jobs(*words):
    return combinations(OverridesParser.create().parse_overrides(list(words)))


def test_the_last_key_varies_fastest():
    assert jobs("a=1,2", "b=x", "c=3,4") == [
        ["a=1", "b=x", "c=3"], ["a=1", "b=x", "c=4"], ["a=2", "b=x", "c=3"], ["a=2", "b=x", "c=4"],
    ]  # fmt: skip


def test_the_grid_equals_hydras_own():
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper

    words = ["a=1,2", "b=range(0,3)", "c=choice(x,y)", "+d=[1,2]", "e.f=null"]
    parsed = OverridesParser.create().parse_overrides(words)
    assert combinations(parsed) == BasicSweeper.split_arguments(parsed, None)[0]


def test_an_interval_is_refused():
    with pytest.raises(ConfigError, match="a grid needs values"):
        jobs("lr=interval(0,1)")


@pytest.fixture
def loader():
    """What knows the configs, as for the command line."""
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    from genlab.config.files import conf_dir

    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        yield GlobalHydra.instance().config_loader()


def test_a_glob_sees_options_in_folders(loader):
    from genlab.config.files import options

    def globbed(word):
        return [job[0] for job in combinations(OverridesParser.create(loader).parse_overrides([word]))]

    recipes = [f"experiment={name}" for name in options("experiment") if name.startswith("diffusion/")]
    assert len(recipes) > 10
    assert sorted(globbed("experiment=glob(diffusion/*)")) == recipes
    assert globbed("experiment=glob(diffusion/ddpm*,exclude=*digits)") == [
        "experiment=diffusion/ddpm_butterflies", "experiment=diffusion/ddpm_emoji",
    ]  # fmt: skip
    assert sorted(globbed("sampler=glob(ddp*)")) == ["sampler=ddpm"]
    assert globbed("sampler=heun,glob(dd*),ddpm") == [
        "sampler=heun", "sampler=ddim", "sampler=ddim_sd", "sampler=ddpm",
    ]  # fmt: skip
    assert len(globbed("experiment=glob(diffusion/ddpm_*),glob(autoencoder/ae_*)")) == 4


def test_a_glob_that_nothing_fits_is_refused(loader):
    with pytest.raises(ConfigError, match=r"experiment=glob\(difusion/\*\) fits none of the options of experiment"):
        combinations(OverridesParser.create(loader).parse_overrides(["experiment=glob(difusion/*)"]))


@pytest.mark.parametrize(
    "text", ["- {a.b: 1, c: x}\n- {a.b: true}\n", "title: t\nrows:\n  one: {a.b: 1, c: x}\n  two: {a.b: true}\n"]
)
def test_rows_are_read_from_a_list_or_a_study(tmp_path, text):
    (tmp_path / "rows.yaml").write_text(text)
    assert read_rows(tmp_path / "rows.yaml") == [["a.b=1", "c=x"], ["a.b=true"]]


@pytest.mark.parametrize("text", ["", "a: 1\n", "rows: 3\n", "- 3\n", "rows: [\n", "rows: []\n"])
def test_a_file_without_rows_is_one_sentence(tmp_path, text):
    (tmp_path / "rows.yaml").write_text(text)
    with pytest.raises(ConfigError, match="rows = "):
        read_rows(tmp_path / "rows.yaml")


def test_names_of_sweeps_do_not_repeat():
    assert len({new_name() for _ in range(100)}) == 100


def checked(*words):
    """The jobs that `genlab check` looks at, as their overrides; with the exit status."""
    from genlab.commands.app import App, run_app

    app = App(task=lambda cfg: cfg, check=lambda cfg: None)
    run_app("check", app, [*words, "-m", "hydra/launcher=genlab_compose", "sweep=s"], config_name="train")
    return [[word for word in job.overrides if word != "sweep=s" and "rows=" not in word] for job in app.results]


def test_rows_and_the_command_line_do_not_give_the_same_key(tmp_path):
    file = tmp_path / "rows=1, 2.yaml"
    file.write_text("- {seed: 1, tags: [a b, 'c,d']}\n- {seed: 2, dataset.train_size: null}\n")
    assert checked(f"rows={file}", "retries=2,3") == [
        ["seed=1", "tags=[a b,'c,d']", "retries=2"], ["seed=1", "tags=[a b,'c,d']", "retries=3"],
        ["seed=2", "dataset.train_size=null", "retries=2"], ["seed=2", "dataset.train_size=null", "retries=3"],
    ]  # fmt: skip
    with pytest.raises(ConfigError, match=r"seed is given twice, as seed=1 in row 1 of .* and as seed=3,4 beside it"):
        checked(f"rows={file}", "seed=3,4")


def test_the_command_line_takes_the_place_of_a_configs_params(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment/swept.yaml").write_text(
        "# @package _global_\nhydra: {sweeper: {params: {seed: '1,2', retries: 5, dataset.train_size: 'null'}}}\n"
    )
    words = ["--config-dir", str(tmp_path), "experiment=swept"]
    rest = ["dataset.train_size=null", "experiment=swept"]
    assert checked(*words) == [["seed=1", "retries=5", *rest], ["seed=2", "retries=5", *rest]]
    assert checked(*words, "seed=7") == [["retries=5", *rest, "seed=7"]]
