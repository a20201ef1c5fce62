"""CLIP's byte-pair encoding, against transformers' own."""

import json
from pathlib import Path

import pytest

from genlab.texts.bpe import BPE, normalised, small_bpe, words

TEXTS = [
    "", " ", "a photo of a cat", "A  Red\tCAT's hat!!", "they'll say don't, we've 1234 of 5.6",
    "naïve café — déjà vu",
    "e\u0301tude", "日本語のテキスト", "🙂 a smile 👩‍🔬", "x²+½=٣", "under_score#hash 'quoted' it's'",
    "supercalifragilistic" * 3,
    "straße ÇA \u0130stanbul ΟΔΟΣ", "a\u00a0b", "!'s 'S 'RE",
]  # fmt: skip


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    clip = pytest.importorskip("transformers.models.clip.tokenization_clip")
    folder = tmp_path_factory.mktemp("tokenizer")
    small_bpe().save(folder, 77)
    return clip.CLIPTokenizer.from_pretrained(folder)


@pytest.mark.parametrize("text", TEXTS)
def test_the_numbers_are_those_of_clips_tokenizer(theirs, text):
    assert small_bpe()(text).ids == theirs(text)["input_ids"]


@pytest.mark.parametrize("length", [2, 3, 6, 9])
def test_the_end_is_never_cut(theirs, length):
    for text in TEXTS:
        assert small_bpe()(text, length).ids == theirs(text, truncation=True, max_length=length)["input_ids"]


def test_what_is_written_is_what_clip_writes(tmp_path):
    bpe = small_bpe()
    bpe.save(tmp_path, 77)
    ids = json.loads((tmp_path / "vocab.json").read_text(encoding="utf-8"))
    assert len(ids) == len(bpe) == 256 + 256 + 4000 + 2
    assert sorted(ids.values()) == list(range(len(bpe)))
    again = BPE((tmp_path / "merges.txt").read_text(encoding="utf-8").splitlines()[1:])
    assert again.ids == bpe.ids


def test_what_looks_like_the_end_of_a_text_is_text():
    ids = small_bpe()("a <|endoftext|> b").ids
    assert ids.count(small_bpe().end) == 1
    assert small_bpe().start not in ids[1:]


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_cut_is_the_rest_of_the_text(text):
    bpe = small_bpe()
    whole = len(bpe(text).ids)
    assert bpe(text, whole).truncated == ""
    for length in range(2, whole):
        cut = bpe(text, length)
        assert len(cut.ids) == length
        assert cut.truncated
        assert normalised(text).endswith(cut.truncated)
        kept = normalised(text).removesuffix(cut.truncated)
        assert bpe(kept).ids[:-1] == cut.ids[: len(bpe(kept).ids) - 1]


def test_words_are_letters_digits_and_signs():
    assert [word for _, word in words("it's 42!? a-b")] == ["it", "'s", "4", "2", "!?", "a", "-", "b"]


def test_the_licence_of_the_merges_lies_beside_them():
    import genlab.texts

    folder = Path(genlab.texts.__file__).parent
    assert "Permission is hereby granted" in (folder / "bpe_4000.LICENSE").read_text()
