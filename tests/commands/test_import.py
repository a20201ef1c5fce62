"""`genlab import`: folders of diffusers become runs, and what is wrong with one is a sentence."""

import json
import shutil

import pytest
import torch
from diffusers.models import UNet2DModel
from diffusers.pipelines import DDPMPipeline
from diffusers.schedulers import DDPMScheduler
from PIL import Image
from safetensors.torch import load_file, save_file

from equivalence.tiny_pipelines import pipeline
from genlab.cli import main
from genlab.interop.stable_diffusion import described
from genlab.notice import Notice
from genlab.runs.restore import newest, restore
from genlab.runs.store import Store

SCHEDULER = "scheduler/scheduler_config.json"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return pipeline("text", tmp_path_factory.mktemp("text"))[1]


@pytest.fixture(scope="module")
def drawable(folder, tmp_path_factory):
    return imported(folder, tmp_path_factory.mktemp("store"))


@pytest.fixture
def copied(folder, tmp_path):
    """The folder, with files that a test may change."""
    return shutil.copytree(folder, tmp_path / "text")


def imported(folder, root, *words):
    assert main(["import", str(folder), *words, f"paths.output_dir={root}"]) == 0
    return next(iter(Store(root)))


def test_the_run_has_no_weights_and_draws_as_any_other(folder, tmp_path, capsys):
    run = imported(folder, tmp_path, "mine")
    assert (run.path.parent.name, run.record().status) == ("mine", "completed")
    state = torch.load(newest(run), weights_only=True)["state_dict"]
    assert sum(value.numel() for value in state.values()) < 10
    out = tmp_path / "drawn"
    words = [f"run={run.path}", "n=2", "prompt=a red cat", "negative_prompt=low", "sampler.steps=2", f"out={out}"]
    assert main(["sample", *words, "format=folder"]) == 0
    assert len(list(out.glob("*.png"))) == 2
    again = imported(folder, tmp_path, "mine")
    assert again.path == run.path


def test_a_folder_that_has_changed_is_refused(copied, tmp_path, capsys):
    run = imported(copied, tmp_path)
    file = copied / "vae" / "diffusion_pytorch_model.safetensors"
    save_file({name: value + 1 for name, value in load_file(file).items()}, file)
    assert main(["sample", f"run={run.path}", "n=1", "prompt=a", "sampler.steps=1"]) == 2
    assert "has another content than the model was made of" in capsys.readouterr().err


def test_a_pipeline_of_pixels(tmp_path):
    torch.manual_seed(0)
    network = UNet2DModel(
        sample_size=8, in_channels=3, out_channels=3, block_out_channels=(8, 16), layers_per_block=1,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        norm_num_groups=8,
    )  # fmt: skip
    scheduler = DDPMScheduler(beta_end=0.3, num_train_timesteps=20, clip_sample_range=0.9)
    theirs = DDPMPipeline(network.eval(), scheduler)
    theirs.save_pretrained(tmp_path / "pixels")
    run = imported(tmp_path / "pixels", tmp_path / "store")
    model = restore(run.config(), newest(run))
    expected = theirs(2, generator=torch.Generator().manual_seed(1), num_inference_steps=20, output_type="np").images
    with torch.no_grad():
        ours = model.sample(2, generator=torch.Generator().manual_seed(1)).permute(0, 2, 3, 1)
    assert (ours.clamp(-1, 1) / 2 + 0.5 - torch.from_numpy(expected)).abs().max() < 1e-5


def set_in(name, **values):
    def change(folder):
        file = folder / name
        file.write_text(json.dumps({**json.loads(file.read_text()), **values}))

    return change


def pickled(folder):
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))


def without(name):
    return lambda folder: (folder / name).unlink()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("model_index.json"), "is no folder of a pipeline of diffusers: it has no model_index.json"),
        (without("unet/config.json"), "unet has no config.json"),
        (without("vae/diffusion_pytorch_model.safetensors"), "vae has no diffusion_pytorch_model.safetensors"),
        (pickled, "has its weights in diffusion_pytorch_model.bin alone, a pickle"),
        (set_in("model_index.json", _class_name="os.system"), "is of the class 'os.system'; what is known here is"),
        (set_in("model_index.json", unet=[None, None]), "names no unet, which a StableDiffusionPipeline has"),
        (
            set_in("unet/config.json", in_channels=7),
            "has 7 input channels, and a StableDiffusionPipeline of this vae has 4",
        ),
        (set_in("unet/config.json", _class_name="Mine"), "is of the class 'Mine'"),
        (set_in("unet/config.json", sample_size=None), "has sample_size = None"),
        (set_in(SCHEDULER, prediction_type="score"), "has prediction_type = 'score'"),
        (set_in(SCHEDULER, beta_schedule="exp"), "has beta_schedule = 'exp'"),
        (set_in(SCHEDULER, rescale_betas_zero_snr=True, beta_schedule="linear"), "known of scaled_linear"),
        (set_in(SCHEDULER, timestep_spacing="karras"), r"= 'karras'; what is known is leading, linspace, trailing"),
        (set_in(SCHEDULER, timestep_spacing=3), "has timestep_spacing = 3"),
        (set_in(SCHEDULER, num_train_timesteps=None), "has num_train_timesteps = None"),
        (set_in(SCHEDULER, num_train_timesteps="abc"), r"scheduler_config\.json has num_train_timesteps = 'abc'"),
        (set_in(SCHEDULER, beta_schedule=[1]), r"has beta_schedule = \[1\]"),
        (set_in(SCHEDULER, prediction_type=["epsilon"]), r"has prediction_type = \['epsilon'\]"),
        (set_in(SCHEDULER, trained_betas=3), "has trained_betas = 3"),
        (set_in(SCHEDULER, trained_betas=[0.1, None]), r"has trained_betas = \[0\.1, None\]"),
        (set_in(SCHEDULER, beta_end=float("nan")), "has beta_end = nan; what is known is a number"),
        (set_in(SCHEDULER, beta_end=10**400), "has beta_end = 1000"),
        (set_in("model_index.json", unet=[]), "names no unet"),
        (set_in("vae/config.json", block_out_channels=5), "has block_out_channels = 5"),
        (set_in("vae/config.json", latent_channels=True), "has latent_channels = True"),
        (set_in("text_encoder/config.json", hidden_size="32"), r"config\.json has hidden_size = '32'"),
    ],
)
def test_what_is_wrong_with_a_folder_is_one_sentence(copied, change, words):
    change(copied)
    with pytest.raises(ValueError, match=words) as error:
        described(copied)
    assert "\n" not in str(error.value)


def test_a_network_of_another_shape_is_one_sentence(copied, tmp_path, capsys):
    set_in("unet/config.json", block_out_channels=[16, 64])(copied)
    assert main(["import", str(copied), f"paths.output_dir={tmp_path}"]) == 2
    assert "of another shape" in capsys.readouterr().err
    assert not list(Store(tmp_path))


def test_a_sampler_that_is_not_known_is_replaced_and_told(copied):
    set_in(SCHEDULER, _class_name="DEISMultistepScheduler")(copied)
    with pytest.warns(UserWarning, match="the sampler of DEISMultistepScheduler is not known: sampler=ddim"):
        parts = described(copied)
    assert parts["sampler"]["solver"]["_target_"].endswith("Ancestral")


@pytest.mark.parametrize("name", ["LMSDiscreteScheduler", "EulerDiscreteScheduler"])
def test_steps_between_those_of_training_are_not_known_and_told(copied, name):
    set_in(SCHEDULER, _class_name=name, timestep_spacing="linspace")(copied)
    with pytest.warns(UserWarning, match=f"{name} with the spacing linspace, .* is not known: sampler=ddim"):
        parts = described(copied)
    assert parts["sampler"]["solver"]["_target_"].endswith("Ancestral")
    set_in(SCHEDULER, timestep_spacing="leading")(copied)
    assert described(copied)["sampler"]["grid"]["_target_"].endswith("grids.Leading")


@pytest.mark.parametrize(
    ("scheduler", "options", "words"),
    [
        ("UniPCMultistepScheduler", {"solver_type": "bh1", "disable_corrector": [0]}, "solver_type='bh1': that is not"),
        ("DPMSolverMultistepScheduler", {"solver_type": "heun"}, "solver_type='heun': that is not followed"),
        ("DPMSolverMultistepScheduler", {"euler_at_final": True}, "euler_at_final=True: that is not followed"),
        ("EulerDiscreteScheduler", {"timestep_spacing": "leading", "final_sigmas_type": "sigma_min"}, "final_sigmas_"),
        ("UniPCMultistepScheduler", {"solver_order": 5}, "of order 5 is not known: sampler=ddim"),
        ("DDPMScheduler", {"variance_type": "fixed_large_log"}, "is not known: sampler=ddim"),
    ],
)  # fmt: skip
def test_an_option_that_is_not_followed_is_told_once(copied, scheduler, options, words):
    set_in(SCHEDULER, _class_name=scheduler, **options)(copied)
    with pytest.warns(UserWarning, match=words) as told:
        described(copied)
    assert len(told) == 1


def test_what_is_followed_is_not_told(copied, recwarn):
    set_in(SCHEDULER, _class_name="UniPCMultistepScheduler", solver_order=3, solver_type="bh2", predict_x0=True)(copied)
    assert described(copied)["sampler"]["solver"]["order"] == 3
    assert not recwarn.list
    set_in(SCHEDULER, variance_type="learned")(copied)
    with pytest.raises(ValueError, match="has variance_type = 'learned'; what is known is fixed_large"):
        described(copied)


@pytest.mark.parametrize(("kind", "part"), [("Depth2Img", "DepthConditioner"), ("InstructPix2Pix", "PictureCondition")])
def test_the_kind_of_a_pipeline_says_what_lies_beside_a_map_of_one_channel(copied, kind, part):
    set_in("vae/config.json", latent_channels=1)(copied)
    set_in("unet/config.json", in_channels=2)(copied)
    set_in("model_index.json", _class_name=f"StableDiffusion{kind}Pipeline")(copied)
    assert part in described(copied)["conditioner"]["conditioners"][1]["_target_"]


@pytest.fixture(scope="module")
def estimating(tmp_path_factory):
    return pipeline("estimated depth", tmp_path_factory.mktemp("depth"))[1]


def of_depth_only(folder):
    (folder / "depth_estimator" / "model.safetensors").rename(folder / "depth_estimator" / "pytorch_model.bin")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (of_depth_only, "depth_estimator has its weights in pytorch_model.bin alone, a pickle"),
        (set_in("depth_estimator/config.json", architectures=["Mine"]), "is of the class 'Mine'"),
        (without("feature_extractor/preprocessor_config.json"), r"feature_extractor has no preprocessor_config\.json"),
        (
            set_in("feature_extractor/preprocessor_config.json", image_processor_type="Mine"),
            "feature_extractor is of the class 'Mine'",
        ),
    ],
)
def test_what_keeps_depths_from_being_estimated_is_told(estimating, tmp_path, change, words):
    folder = shutil.copytree(estimating, tmp_path / "depth")
    change(folder)
    with pytest.warns(Notice, match=f"{words}.*: depths cannot be estimated, and are given") as told:
        parts = described(folder)
    assert len(told) == 1
    assert parts["conditioner"]["conditioners"][1]["estimator"] is None


def test_depths_are_asked_for_where_nothing_estimates_them(estimating, tmp_path, capsys):
    folder = shutil.copytree(estimating, tmp_path / "depth")
    set_in("model_index.json", depth_estimator=[None, None])(folder)
    run = imported(folder, tmp_path / "store")
    Image.new("RGB", (32, 32)).save(tmp_path / "photo.png")
    assert main(["edit", f"run={run.path}", f"picture={tmp_path}/photo.png", "prompt=a"]) == 2
    err = capsys.readouterr().err
    assert "Give depth=FILE, white is near: the model was imported without a depth_estimator" in err
    assert "cannot be estimated" not in err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["sample", "picture=x.png"], "cannot be asked for a picture, only for a prompt and a negative prompt"),
        (["sample", "prompt=a", "size=33x32"], "size = 33x32 must be multiples of 4, such as 32x32"),
        (["sample", "prompt=a", "negative_prompt=b", "guidance.scale=1"], "only guidance looks at a negative prompt"),
        (["sample", "prompt=a", "negative_prompt=b", "guidance=distilled"], "only guidance looks at a negative prompt"),
        (["sample"], "dataset.source.path='pictures' is no folder"),
        (["edit", "picture=nowhere.png", "prompt=a"], "picture = nowhere.png is not a picture file"),
        (["edit", "picture={photo}"], "prompt is missing: what is"),
        (["edit", "picture={photo}", "prompt=a", "mask={black}"], "is white nowhere"),
        (["edit", "picture={photo}", "prompt=a", "mask={small}"], "is 9 x 9 pixels, and the model's pictures are"),
        (["edit", "edit=sdedit", "picture={photo}", "prompt=a", "mask=left"], "and edit=inpaint alone fills in"),
        (["evaluate", "metrics=image"], "dataset.source.path='pictures' is no folder"),
    ],
)  # fmt: skip
def test_a_wish_that_cannot_be_met_is_told_before_weights_are_read(
    drawable, tmp_path, words, sentence, monkeypatch, capsys
):
    monkeypatch.setattr("genlab.from_folder.read_weights", lambda folder: pytest.fail("weights are read"))
    for name, size in (("photo", (60, 40)), ("black", (60, 40)), ("small", (9, 9))):
        Image.new("RGB", size).save(tmp_path / f"{name}.png")
    verb, *rest = [word.format(**{n: tmp_path / f"{n}.png" for n in ("photo", "black", "small")}) for word in words]
    assert main([verb, f"run={drawable.path}", *rest]) == 2
    assert sentence in capsys.readouterr().err


def test_words_that_make_no_sense(capsys):
    assert main(["import"]) == 2
    assert "takes a folder and a name" in capsys.readouterr().err
    assert main(["import", ""]) == 2
    assert "takes a folder and a name" in capsys.readouterr().err
    assert main(["import", "a" * 300]) == 2
    assert "cannot be read: File name too long" in capsys.readouterr().err
    assert main(["import", "a=" + "a" * 300]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert main(["import", "nowhere"]) == 2
    assert "the folder nowhere does not exist" in capsys.readouterr().err
