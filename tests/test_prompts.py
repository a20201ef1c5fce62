"""A file of prompts: one a line."""

import pytest

from genlab.prompts import read_prompts


def test_each_line_is_a_prompt_and_empty_ones_are_none(tmp_path):
    file = tmp_path / "prompts.txt"
    file.write_text("\ufeffa red cat, sitting\r\n\n  ein Häschen \na\u2028b\x85c\n", encoding="utf-8")
    assert read_prompts(file) == ["a red cat, sitting", "ein Häschen", "a\u2028b\x85c"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "has no prompt: write one a line"), (b" \n\n", "has no prompt"), (b"\xff\xfe\x00", "is no text in UTF-8")],
)
def test_a_file_without_prompts_is_one_sentence(content, sentence, tmp_path):
    (tmp_path / "prompts.txt").write_bytes(content)
    with pytest.raises(ValueError, match=rf"prompts = .*prompts.txt {sentence}"):
        read_prompts(tmp_path / "prompts.txt")


def test_what_is_no_file_is_one_sentence(tmp_path):
    for name in ("nowhere.txt", ".", "a\0b"):
        with pytest.raises(ValueError, match="must be a text file with a prompt a line: "):
            read_prompts(f"{tmp_path}/{name}")
