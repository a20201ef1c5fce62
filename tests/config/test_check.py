"""Every problem of a config is one sentence, found before anything heavy is imported."""

import shutil

import pytest
from omegaconf import OmegaConf

from composing import composed
from genlab.config.check import check
from genlab.errors import ConfigError


def problems(*overrides):
    with pytest.raises(ConfigError) as raised:
        check(composed(*overrides))
    return raised.value.problems


DIFFUSION = "experiment=diffusion/class_conditional_digits"


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["+typo=1"], "unknown key 'typo'"),
        (["+sede=1"], "unknown key 'sede'; did you mean 'seed'"),
        (["+model.codng_size=3"], "unknown key 'model.codng_size'; did you mean 'coding_size'?"),
        (["+dataset.source.foldr=x"], "unknown key 'dataset.source.foldr'"),
        (["model.coding_size=-1"], "model.coding_size = -1 must be 1 or more"),
        (["model.coding_size=abc"], "model.coding_size = 'abc' must be a whole number"),
        (["model.coding_size=1.5"], "model.coding_size = 1.5 must be a whole number"),
        (["dataset.batch_size=-4"], "dataset.batch_size = -4 must be 1 or more"),
        (["dataset.batch_size=null"], "dataset.batch_size must not be null"),
        (["dataset.size=9"], "dataset.size = 9 cannot be halved"),
        (["experiment=vector_quantized/vqvae_mnist", "network.levels=3"], "dataset.size = 28 cannot be halved 3 times"),
        (["model=vae", "dataset.classes=12"], "dataset.classes = 12 must be one of the data's classes, 0 to 9"),
        (["model=vae", "dataset.classes=[]"], "dataset.classes = [] must be one of the data's classes"),
        (["model=vae", "dataset.classes=[3,x]"], "dataset.classes = [3, 'x'] must be one of the data's classes"),
        (["dataset.classes=[3]"], "dataset.classes = [3] leaves classes without a picture"),
        (["dataset.binarize=sometimes"], "dataset.binarize = 'sometimes' must be stochastic or threshold, or null"),
        (["trainer.max_epochs=0"], "trainer.max_epochs = 0 must be 1 or more"),
        (["trainer.max_epochs=-1"], "trainer.max_epochs = -1 never ends"),
        (["task_name=../x"], "task_name = '../x' must be letters"),
        (["task_name=sweeps"], "task_name = 'sweeps' is a folder of the store's own"),
        (["task_name=evaluations"], "task_name = 'evaluations' is a folder of the store's own"),
        (["task_name=errors"], "task_name = 'errors' is a folder of the store's own"),
        (["optimizer._target_=torch.load"], "'torch.load' is not on the list"),
        (["+model.likelihood.inner={_target_: torch.hub.load}"], "'torch.hub.load' is not on the list"),
        (["callbacks.progress._target_=genlab.callbacks.progress.Progres"], "'genlab.callbacks.progress.Progress'"),
        ([DIFFUSION, "scheduler.beta_end=1.5"], "scheduler.beta_end = 1.5 must be in (0, 1)"),
        ([DIFFUSION, "scheduler.beta_start=0.5", "scheduler.beta_end=0.1"], "beta_start = 0.5 must not exceed"),
        ([DIFFUSION, "sampler.steps=0"], "sampler.steps = 0 must be 1 or more"),
        ([DIFFUSION, "sampler.steps=5000"], "sampler.steps = 5000 must not exceed"),
        ([DIFFUSION, "dataset.num_classes=null"], "the data set has none"),
        (["+scheduler=cosine", "model=vae"], "scheduler is given, but the model (VAE) uses none"),
        (["dataset.num_classes=null", "model=cvae"], "the data set has none"),
        ([DIFFUSION, "guidance=classifier_free"], "this model always sees one: train it with conditioner.dropout"),
        ([DIFFUSION, "guidance=dynamic_threshold"], "this model always sees one: train it with conditioner.dropout"),
        (["model=ddpm", "guidance=classifier_free"], "this model has none: take guidance=none"),
        ([DIFFUSION, "guidance=colour"], "has 3 values, and the pictures 1 channels"),
        ([DIFFUSION, "parameterization=learned_variance"], "give +network.out_channels=2"),
    ],
)  # fmt: skip
def test_a_problem_is_one_sentence(overrides, sentence):
    found = problems(*overrides)
    assert any(sentence in problem for problem in found), found
    assert all("\n" not in problem for problem in found)


@pytest.mark.parametrize(
    "overrides",
    [
        ["guidance=classifier_free", "conditioner.dropout=0.1"],
        ["guidance=interval", "conditioner.dropout=0.1"],
        ["guidance=classifier_free", "guidance.scale=1"],  # the conditional model itself
        ["guidance=colour", "guidance.loss.colour=[0.5]"],
        ["parameterization=learned_variance", "+network.out_channels=2", "objective=hybrid"],
    ],
)
def test_what_fits_together_is_sound(overrides):
    check(composed(DIFFUSION, *overrides))


def test_all_problems_are_found_at_once():
    found = problems("model.coding_size=-1", "dataset.batch_size=-4", "+typo=1")
    assert len(found) == 3


def test_a_sound_config_passes():
    check(composed())
    check(composed("experiment=autoencoder/cvae_digits", "model.coding_size=2"))


def test_targets_are_refused_at_any_depth():
    cfg = composed()
    OmegaConf.set_struct(cfg, False)
    cfg.trainer.callbacks = [{"a": [{"_target_": "sympy.sympify", "a": "1"}]}]
    with pytest.raises(ConfigError, match=r"sympy\.sympify"):
        check(cfg)


def test_a_name_that_the_user_allows_passes():
    cfg = composed("allow_targets=[collections.Counter]", "optimizer._target_=collections.Counter", "~optimizer.lr")
    check(cfg)


@pytest.fixture
def pets(tmp_path):
    """A folder of two classes, as the readers of names see it: nothing is opened."""
    for name in ("cats/0.png", "cats/1.png", "dogs/0.png"):
        (tmp_path / "pets" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pets" / name).touch()
    return tmp_path / "pets"


@pytest.mark.parametrize("model", ["cvae", "vae", "ddpm", "class_conditional_unet"])
def test_a_folder_of_pictures_is_sound_with_every_kind_of_model(model, pets):
    cfg = composed("dataset=image_folder", f"dataset.source.path={pets}", f"model={model}")
    check(cfg)
    assert cfg.dataset.num_classes == 2
    assert cfg.extractor._target_.endswith(".EfficientNetLite0")


def test_an_extractor_that_is_asked_for_stays(pets):
    cfg = composed("dataset=image_folder", f"dataset.source.path={pets}", "extractor=inception")
    assert cfg.extractor._target_.endswith(".Inception")


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("pets/cats", "cats has no two folders with pictures, which would be classes; take model=vae or another"),
        ("stray", "cover.png lies beside the class folders cats, dogs: move it into one, or out"),
        ("nowhere", "nowhere' is no folder"),
    ],
)
def test_a_conditional_model_says_why_a_folder_has_no_classes(path, sentence, pets):
    stray = pets.parent / "stray"
    shutil.copytree(pets, stray)
    (stray / "cover.png").touch()
    (problem,) = problems("dataset=image_folder", f"dataset.source.path={pets.parent / path}")
    assert sentence in problem


@pytest.mark.parametrize("model", ["ddpm", "cvae"])
def test_a_folder_that_is_not_given_is_one_problem(model):
    (problem,) = problems("dataset=image_folder", f"model={model}")
    assert problem.startswith("dataset.source.path is missing")


def test_fewer_pictures_than_classes_are_refused_for_a_model_that_is_told_the_class():
    (problem,) = problems("dataset.train_size=5")
    assert problem == (
        "dataset.train_size = 5 leaves classes without a picture, and the model is conditioned on all 10 of them"
    )
    check(composed("dataset.train_size=5", "model=vae"))
