"""Frozen towers from folders, against transformers' own models and tokenizers."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_towers import bert, clip, t5

from genlab.texts.from_folder import TextFromFolder

pytest.importorskip("transformers")
TEXTS = ["a red cat", "", "a blue dog with a hat and a red hat", "cat", "a red dog", "a red cat"]
KINDS = {"clip": clip, "bert": bert, "t5": t5}


@pytest.fixture(scope="module", params=KINDS)
def folder(request, tmp_path_factory):
    return KINDS[request.param](tmp_path_factory.mktemp("towers") / request.param)


@pytest.fixture
def tower(folder):
    return TextFromFolder(str(folder), width=16, length=12)


@torch.no_grad()
@pytest.mark.parametrize("full_length", [False, True])
def test_it_is_transformers_own(folder, tower, full_length):
    from transformers import AutoTokenizer, CLIPTextModel, T5EncoderModel
    from transformers import BertModel as Bert

    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = {"clip": CLIPTextModel, "bert": Bert, "t5": T5EncoderModel}[folder.name].from_pretrained(folder).eval()
    given = tokenizer(
        TEXTS, padding="max_length" if full_length else True, max_length=12, truncation=True, return_tensors="pt"
    )
    own = given["attention_mask"].bool()
    told = {} if folder.name == "clip" else {"attention_mask": given["attention_mask"]}
    expected, made = network(given["input_ids"], **told), tower(TEXTS, full_length)
    seen = torch.ones_like(own) if full_length else own
    assert torch.equal(made.mask, own)
    torch.testing.assert_close(made.tokens[seen], expected.last_hidden_state[seen], atol=2e-6, rtol=0)
    pooled = (expected.last_hidden_state * own[..., None]).sum(1) / own.sum(1, keepdim=True)
    if folder.name == "clip":
        pooled = expected.pooler_output
    torch.testing.assert_close(made.pooled, pooled, atol=2e-6, rtol=0)


@pytest.mark.parametrize("full_length", [False, True])
def test_a_text_is_the_same_bits_whatever_stands_beside(folder, tower, full_length):
    together = tower(TEXTS, full_length)
    for i in reversed(range(len(TEXTS))):
        alone = TextFromFolder(str(folder), width=16, length=12)([TEXTS[i]], full_length)
        n = alone.tokens.shape[1]
        assert torch.equal(together.tokens[i, :n], alone.tokens[0])
        assert torch.equal(together.pooled[i], alone.pooled[0])


def test_each_text_is_encoded_once(tower):
    seen = []
    tower.tower.network.register_forward_pre_hook(lambda module, given: seen.append(given))
    first = tower(TEXTS)
    blocks = len(seen)
    again = tower(TEXTS[::-1])
    assert len(seen) == blocks
    assert torch.equal(first.pooled, again.pooled.flip(0))
    tower(["a blue cat"])
    assert len(seen) == blocks + 1


def test_a_text_that_finds_no_room_takes_none_from_others(tower, monkeypatch):
    short, long = tower(["cat"]), tower(["a blue dog with a hat"])
    room = sum(part.nbytes for part in (short.tokens, short.pooled))
    assert room < sum(part.nbytes for part in (long.tokens, long.pooled))
    monkeypatch.setattr("genlab.texts.frozen_tower._MOST_KEPT", room)
    fresh, seen = TextFromFolder(str(tower.folder), width=16, length=12), []
    fresh.tower.network.register_forward_pre_hook(lambda module, given: seen.append(given))
    for text in ("a blue dog with a hat", "cat", "cat", "a blue dog with a hat"):
        fresh([text])
    assert len(seen) == 3
    assert torch.equal(fresh(["cat"]).tokens, short.tokens)


def test_it_is_frozen_and_no_state_has_it(tower):
    tower.train()
    assert not any(p.requires_grad for p in tower.parameters())
    assert not tower.tower.network.training
    assert not tower.state_dict()
    assert not tower(TEXTS).tokens.requires_grad


def test_it_works_in_float32_under_any_precision(folder, tower):
    with torch.autocast("cpu", torch.bfloat16):
        made = tower(TEXTS)
    assert made.tokens.dtype == torch.float32
    assert torch.equal(made.tokens, TextFromFolder(str(folder), width=16, length=12)(TEXTS).tokens)


def test_the_words_that_are_cut_are_named(folder):
    tower = TextFromFolder(str(folder), width=16, length=6)
    text = "a red cat with hats and a dog"
    assert tower.truncated(["a cat", text]) == ["", "hats and a dog"]
    made = tower([text])
    assert made.truncated == ["hats and a dog"]
    assert made.tokens.shape[1] == 6


def test_older_names_of_weights_are_known(folder, tower, tmp_path):
    prefix = {"clip": "text_model.", "bert": "bert.", "t5": ""}[folder.name]
    extra = {"clip": "vision_model.x", "bert": "cls.predictions.bias", "t5": "decoder.x"}[folder.name]
    weights = load_file(folder / "model.safetensors")
    renamed = {f"{prefix}{name.removeprefix(prefix)}": value for name, value in weights.items()}
    renamed[extra] = torch.zeros(2)
    save_file(renamed, copied(folder, tmp_path) / "model.safetensors")
    assert torch.equal(TextFromFolder(str(tmp_path / "copy"), 16, 12)(TEXTS).tokens, tower(TEXTS).tokens)


def copied(folder, tmp_path):
    import shutil

    return shutil.copytree(folder, tmp_path / "copy")


def changed(folder, **values):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | values))


def of_another_kind(folder):
    changed(folder, model_type="os.system")


def with_a_wrong_activation(folder):
    changed(folder, hidden_act="os.system", dense_act_fn="os.system")  # the latter is T5's


def without_tokenizer(folder):
    for name in ("tokenizer.json", "vocab.json", "merges.txt"):
        (folder / name).unlink(missing_ok=True)


def with_a_broken_tokenizer(folder):
    for name in ("tokenizer.json", "vocab.json"):
        if (folder / name).is_file():
            (folder / name).write_text("{")


def with_a_tokenizer_of_another_class(folder):
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "os.system"}))


def without_a_weight(folder):
    weights = load_file(folder / "model.safetensors")
    save_file(dict(list(weights.items())[1:]), folder / "model.safetensors")


def with_pickles(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (of_another_kind, r"has the model_type 'os\.system'; the text towers known here are"),
        (with_a_wrong_activation, r"config\.json describes no \w+Model: KeyError 'os\.system'"),
        (without_tokenizer, "has no tokenizer"),
        (with_a_broken_tokenizer, "has no tokenizer that can be read"),
        (with_a_tokenizer_of_another_class, r"is of the class 'os\.system'; the tokenizers known here are"),
        (without_a_weight, r"lacks 1 weight of config\.json"),
        (with_pickles, "a pickle, which can run code"),
    ],
)
def test_a_folder_that_will_not_do_is_one_sentence(folder, tmp_path, spoil, sentence):
    place = copied(folder, tmp_path)
    spoil(place)
    with pytest.raises(ValueError, match=sentence) as error:
        TextFromFolder(str(place), 16, 12)
    assert "\n" not in str(error.value)


def test_files_and_code_that_a_tokenizers_config_names_are_not_read(folder, tower, tmp_path):
    place = copied(folder, tmp_path)
    file = place / "tokenizer_config.json"
    settings = json.loads(file.read_text()) if file.is_file() else {}
    (tmp_path / "elsewhere.json").write_text('{"a": 0}')
    elsewhere = {f"{name}_file": str(tmp_path / "elsewhere.json") for name in ("vocab", "merges", "tokenizer", "spm")}
    code = {"auto_map": {"AutoTokenizer": ["mine.Tokenizer", None]}, "init_inputs": [str(tmp_path / "elsewhere.json")]}
    file.write_text(json.dumps(settings | elsewhere | code))
    assert torch.equal(TextFromFolder(str(place), 16, 12)(TEXTS).tokens, tower(TEXTS).tokens)


def test_the_width_and_the_length_are_the_folders(folder):
    with pytest.raises(ValueError, match=r"text\.width=32, and the tower in .* has vectors of 16"):
        TextFromFolder(str(folder), 32, 12)
    if folder.name != "t5":
        with pytest.raises(ValueError, match=r"text\.length=100, and the tower in .* reads at most"):
            TextFromFolder(str(folder), 16, 100)


@pytest.mark.parametrize("pad", ["!", "<|endoftext|>"])
def test_rows_are_filled_with_the_folders_own_token(tmp_path, pad):
    place = clip(tmp_path / "text_encoder")
    (tmp_path / "tokenizer").mkdir()
    for name in ("vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"):
        (place / name).rename(tmp_path / "tokenizer" / name)
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        file = tmp_path / "tokenizer" / name
        file.write_text(json.dumps(json.loads(file.read_text()) | {"pad_token": pad}))
    tower = TextFromFolder(str(place), 16, 12)
    seen = []
    tower.tower.network.register_forward_pre_hook(lambda module, given: seen.append(given[0][0]))
    tower(["a red cat"], full_length=True)
    ids = json.loads((tmp_path / "tokenizer" / "vocab.json").read_text())
    assert set(seen[0][5:].tolist()) == {ids[pad]}
