"""What decides a result is in the fingerprint, and nothing else."""

import pytest
from omegaconf import OmegaConf

from composing import composed
from genlab.config.difference import differences
from genlab.config.fingerprint import decisive, fingerprint, measurement, self_contained, training

EXPERIMENT = "experiment=autoencoder/cvae_digits"


def name(*overrides, data="abc"):
    return fingerprint(composed(EXPERIMENT, *overrides), data)


@pytest.mark.parametrize(
    "override",
    [
        "paths.output_dir=elsewhere", "paths.data_dir=/data", "logger=none", "logger=csv", "launcher=local",
        "trainer.devices=2", "trainer.accelerator=cpu", "+callbacks.progress.log_seconds=1", "task_name=other",
        "tags=[a]", "force=true", "retries=5", "sweep=night", "callbacks.checkpoints.every_minutes=1",
        "trainer.log_every_n_steps=7", "callbacks.previews=null", "metrics.n_samples=10", "metrics=none", "test=false",
        "extractor.steps=5",
    ],
)  # fmt: skip
def test_what_cannot_change_the_training_is_left_out(override):
    assert name(override) == name()


@pytest.mark.parametrize(
    "override",
    [
        "seed=1", "seed=2", "model.coding_size=3", "optimizer.lr=0.5", "dataset.batch_size=17", "trainer.max_epochs=3",
        "dataset.train_size=100", "model.beta=0.5", "network.hidden=5",
        "trainer.precision=bf16-mixed", "trainer.gradient_clip_val=1.0", "dataset.flip=true",
    ],
)  # fmt: skip
def test_every_number_that_decides_is_in(override):
    assert name(override) != name()


def measures(*overrides):
    return measurement(composed(EXPERIMENT, *overrides))


def test_what_is_measured_has_a_name_of_its_own():
    found = [measures(), measures("metrics.n_samples=10"), measures("extractor.steps=5"), measures("metrics=bits")]
    assert len(set(found)) == len(found)
    assert measures("metrics=none") is measures("test=false") is None
    assert measures("seed=1", "optimizer.lr=0.5", "logger=none") == measures()


def test_an_extractor_that_nothing_looks_through_is_no_measurement():
    assert measures("metrics=bits", "extractor.steps=5") == measures("metrics=bits")


def test_what_the_training_asks_for_while_it_goes_on_is_part_of_it():
    scored = "callbacks=scored"
    assert name(scored, "metrics.n_samples=10") != name(scored) != name()
    assert name(scored, "extractor.steps=5") != name(scored)


def test_a_file_counts_by_its_content(tmp_path):
    first, second, third = (tmp_path / f"{n}.ckpt" for n in range(3))
    for path, content in ((first, b"a"), (second, b"a"), (third, b"b")):
        path.write_bytes(content)
    same, copied, others = (name(f"ckpt_path={path}") for path in (first, second, third))
    assert same == copied != others
    first.write_bytes(b"other")
    assert name(f"ckpt_path={first}") not in (same, others)
    assert name("ckpt_path=/nowhere/x.ckpt") != name("ckpt_path=/nowhere/y.ckpt")


def test_the_range_of_pictures_is_in_where_it_is_given_and_absent_where_it_is_not():
    folder = "dataset=image_folder", "dataset.source.path=/pictures", "dataset.num_classes=2"
    assert "range" not in decisive(composed(EXPERIMENT, *folder))["dataset"]["source"]
    assert name(*folder, "dataset.source.range=[0,4095]") != name(*folder)


def test_the_data_is_in():
    assert name(data="abc") != name(data="abd")


def test_the_code_version_is_in(monkeypatch):
    before = name()
    monkeypatch.setattr("genlab.config.fingerprint.RESULTS_VERSION", 10_000)
    assert name() != before


def test_seed_zero_is_a_seed():
    assert decisive(composed("seed=0"))["seed"] == 0
    assert name("seed=0") != name("seed=1")


def test_two_configs_differ_in_the_keys_that_were_set():
    found = differences(composed(EXPERIMENT), composed(EXPERIMENT, "model.coding_size=3", "logger=none"))
    assert [key for key, *_ in found] == ["model.coding_size"]


@pytest.mark.parametrize("network", ["dit", "unet", "small_unet", "unet_class_channels", "experts"])
@pytest.mark.parametrize(("size", "cells"), [(8, [4, 4]), ([8, 12], [4, 6])])
def test_a_network_asks_the_codec_for_what_it_sees_or_else_the_data(network, size, cells):
    words = [f"network={network}", f"dataset.size={size}", "++network.condition_channels=${codec_or_data:channels}"]
    stage = ["codec.channels=3", "codec.factor=2", "first_stage={experiment: any, model: null}"]
    shown = {}
    for model in ("ddpm", "latent"):
        cfg = composed(f"model={model}", *words, *(stage if model == "latent" else []))
        saved = self_contained(cfg)
        assert training(OmegaConf.create(saved))["network"] == training(cfg)["network"], "it names the same run"
        shown[model] = saved["network"]["networks"][0] if network == "experts" else saved["network"]
        assert saved["network"]["condition_channels"] == {"ddpm": 1, "latent": 3}[model]
    key = "in_channels" if network == "small_unet" else "channels"
    assert (shown["ddpm"][key], shown["latent"][key]) == (1, 3)
    if network != "small_unet":
        of_data = size if isinstance(size, int) else "${dataset.size}"  # a list: the text that is in the run's name
        assert [shown["ddpm"]["size"], shown["latent"]["size"]] == [of_data, cells]


def test_a_reference_to_a_list_counts_as_it_was_written_first():
    network = training(composed("model=ddpm", "dataset.size=[16,32]"))["network"]
    assert network["size"] == "${dataset.size}"
