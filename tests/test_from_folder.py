"""A part read from a folder of others: all of its weights or a sentence, and none of them in a state."""

import json
import shutil

import pytest
import torch
from omegaconf import OmegaConf
from safetensors.torch import save_file
from torch import nn

from genlab.commands.foreign_folders import note_folders
from genlab.config.fingerprint import fingerprint
from genlab.config.rules import folders_are_there
from genlab.errors import ConfigError
from genlab.foreign_folder import content, named_class, tokenizer_of
from genlab.from_folder import FromFolder


class Part(FromFolder):
    def __init__(self, folder, sha256=None, ignored=()):
        super().__init__(folder, sha256)
        named_class(self.folder, {"Linear"})
        self.layer = self.taken(nn.Linear(3, 2), ignored)


class Model(nn.Module):
    def __init__(self, folder):
        super().__init__()
        self.own = nn.Linear(2, 2)
        self.part = Part(folder)


@pytest.fixture
def weights():
    return {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.ones(2)}


@pytest.fixture
def folder(tmp_path, weights):
    place = tmp_path / "part"
    place.mkdir()
    (place / "config.json").write_text(json.dumps({"_class_name": "Linear"}))
    save_file(weights, place / "model.safetensors")
    return place


def test_the_weights_are_the_folders_frozen_and_stay_out_of_the_state(folder, weights):
    model = Model(str(folder)).train()
    assert torch.equal(model.part.layer.weight, weights["weight"])
    assert not model.part.training
    assert not any(p.requires_grad for p in model.part.parameters())
    assert set(model.state_dict()) == {"own.weight", "own.bias"}
    other = Model(str(folder))
    other.load_state_dict(model.state_dict())
    assert torch.equal(other.own.weight, model.own.weight)
    assert torch.equal(other.part.layer.weight, weights["weight"])


def test_parts_of_an_index_are_one(folder, weights):
    whole = Part(str(folder)).layer.state_dict()
    (folder / "model.safetensors").unlink()
    save_file({"weight": weights["weight"]}, folder / "model-1.safetensors")
    save_file({"bias": weights["bias"]}, folder / "model-2.safetensors")
    places = {"weight": "model-1.safetensors", "bias": "model-2.safetensors"}
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": places}))
    assert all(torch.equal(value, whole[name]) for name, value in Part(str(folder)).layer.state_dict().items())
    index.write_text(json.dumps({"weight_map": {"weight": "../part/model-1.safetensors"}}))
    with pytest.raises(ValueError, match="no name of a safetensors file in the folder"):
        Part(str(folder))


def test_another_content_is_an_error(folder, weights):
    noted = content(folder)
    assert Part(str(folder), noted).sha256 == noted
    (folder / "README.md").write_text("words")
    assert content(folder) == noted
    save_file(weights | {"bias": torch.zeros(2)}, folder / "model.safetensors")
    with pytest.raises(ValueError, match=f"another content than the model was made of: its SHA-256 was {noted[:12]}"):
        Part(str(folder), noted)


def test_the_place_of_a_folder_is_no_content(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "elsewhere")
    assert content(tmp_path / "elsewhere") == content(folder)


def test_a_tokenizer_beside_its_model_is_content(tmp_path, folder):
    place = folder.rename(tmp_path / "text_encoder_2")
    with pytest.raises(ValueError, match="has no tokenizer"):
        tokenizer_of(place)
    (tmp_path / "tokenizer_2").mkdir()
    (tmp_path / "tokenizer_2" / "vocab.json").write_text("{}")
    assert tokenizer_of(place) == tmp_path / "tokenizer_2"
    before = content(place)
    (tmp_path / "tokenizer_2" / "vocab.json").write_text('{"a": 1}')
    assert content(place) != before


def lose_config(folder, weights):
    (folder / "config.json").unlink()


def pickle_only(folder, weights):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def variant_only(folder, weights):
    (folder / "model.safetensors").rename(folder / "model.fp16.safetensors")


def other_class(folder, weights):
    (folder / "config.json").write_text(json.dumps({"_class_name": "os.system"}))


def no_json(folder, weights):
    (folder / "config.json").write_text("[" * 100_000)


def damaged(folder, weights):
    (folder / "model.safetensors").write_bytes(b"no weights")


def lacking(folder, weights):
    save_file({"weight": weights["weight"]}, folder / "model.safetensors")


def left_over(folder, weights):
    save_file(weights | {"more": torch.ones(1)}, folder / "model.safetensors")


def other_shape(folder, weights):
    save_file(weights | {"bias": torch.ones(3)}, folder / "model.safetensors")


def not_finite(folder, weights):
    save_file(weights | {"bias": torch.tensor([1.0, float("nan")])}, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lose_config, "part has no config.json"),
        (pickle_only, "part has its weights in pytorch_model.bin alone, a pickle, which can run code"),
        (variant_only, "it has model.fp16.safetensors, and the file must have that name"),
        (other_class, "config.json is of the class 'os.system'; what is known here is Linear"),
        (no_json, "config.json cannot be read as JSON"),
        (damaged, "model.safetensors is damaged"),
        (lacking, "model.safetensors lacks 1 weight of config.json: bias"),
        (left_over, "model.safetensors has 1 weight that config.json does not speak of: more"),
        (other_shape, r"bias is \(3,\), and \(2,\) by config.json"),
        (not_finite, "model.safetensors has NaN or infinity in 1 weight: bias"),
    ],
)
def test_what_is_wrong_with_a_folder_is_one_sentence(folder, weights, change, words):
    change(folder, weights)
    with pytest.raises(ValueError, match=words) as error:
        Part(str(folder))
    assert "\n" not in str(error.value)


def test_a_weight_that_is_known_to_be_too_many_is_passed_over(folder, weights):
    save_file(weights | {"e.position_ids": torch.ones(1)}, folder / "model.safetensors")
    assert torch.equal(Part(str(folder), ignored=["*.position_ids"]).layer.bias, weights["bias"])


def test_a_folder_that_is_not_there_is_told_with_the_nearest(folder):
    with pytest.raises(ValueError, match="does not exist; did you mean 'part'"):
        Part(f"{folder}s")


def test_a_run_is_named_by_the_content_of_a_folder_and_not_by_its_place(folder, weights, tmp_path, monkeypatch):
    def name(text):
        cfg = OmegaConf.create({"codec": {"_target_": "mine.Codec", "folder": str(text), "sha256": None}})
        note_folders(cfg)
        return cfg.codec.folder, fingerprint(cfg, "data", follow=False)

    shutil.copytree(folder, tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path)
    place, first = name("part")
    assert place == str(folder)
    assert name("elsewhere")[1] == first
    save_file(weights | {"bias": torch.zeros(2)}, folder / "model.safetensors")
    assert name("part")[1] != first
    with pytest.raises(ConfigError, match=r"codec.folder: the folder nowhere does not exist"):
        name("nowhere")
    cfg = OmegaConf.create({"codec": {"_target_": "mine.Codec", "folder": str(tmp_path), "sha256": None}})
    assert [*folders_are_there(cfg)] == [f"codec.folder: {tmp_path} has no diffusion_pytorch_model.safetensors or "
                                         "model.safetensors"]  # fmt: skip
