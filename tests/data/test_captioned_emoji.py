"""Emoji in several styles: each picture has its own name, and what is held out is in the test alone."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genlab.data import catalog
from genlab.data.captioned_emoji import HELD_OUT, CaptionedEmoji
from genlab.data.digest import folder_digest
from genlab.data.image_datamodule import ImageDataModule
from genlab.data.line_art import LineArt

from .tiny import put

N = 12
"""Concepts; the first one waves and has skin tones."""
TONES = {"1F3FB": "light", "1F3FC": "medium-light", "1F3FD": "medium", "1F3FE": "medium-dark", "1F3FF": "dark"}


def png(shade: int, form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGBA", (8, 8), (shade, shade, shade, 255)).save(file, form, lossless=True)
    return file.getvalue()


def svg(shade: int) -> bytes:
    grey = f"#{shade:02x}{shade:02x}{shade:02x}"
    square = f'<rect width="72" height="72" fill="{grey}"/>' if shade < 255 else ""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 72">{square}</svg>'.encode()


def row(code: str, name: str, subgroup: str = "animal-mammal", base: str = "") -> dict[str, str]:
    return {
        "hexcode": code, "annotation": name, "tags": "pet, animal", "openmoji_tags": "animal",
        "group": "animals-nature", "subgroups": subgroup, "skintone_base_hexcode": base,
    }  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each picture is of one shade: 40, 80, 120 or 160 by style, one more for each concept, 10 more for each tone."""
    codes = ["1F44B", *(f"1F4{i:02X}-FE0F" for i in range(1, N))]
    concepts = [(code, f"thing {i}", i) for i, code in enumerate(codes)]
    concepts += [
        (f"1F44B-{tone}", f"thing 0: {name} skin tone", 10 * k) for k, (tone, name) in enumerate(TONES.items(), 1)
    ]
    variants = {tone: {"image": f"1f44b-{tone.lower()}.png", "has_img_google": True} for tone in TONES}
    table = [
        {"image": f"{code.lower()}.png", "category": "Animals & Nature", "sort_order": i, "has_img_google": True}
        | ({"skin_variations": variants} if i == 0 else {})
        for i, code in enumerate(codes)
    ]
    rows = [row(code.replace("-FE0F", ""), name, base="1F44B" if "skin" in name else "") for code, name, _ in concepts]
    rows += [row("1F1E6", "flag: A", "country-flag"), row("1F1E7", "red flag", "flag")]
    files = {
        "emoji": {f"64/{code.lower()}.png": png(40 + shade) for code, _, shade in concepts},
        "emoji_twitter": {f"64/{code.lower()}.png": png(80 + shade) for code, _, shade in concepts},
        "openmoji": {f"color/{code.replace('-FE0F', '')}.svg": svg(120 + shade) for code, _, shade in concepts},
        "emoji_fluent": {f"assets/{code.lower()}.webp": png(160 + shade, "WebP") for code, _, shade in concepts},
    }
    medium, lighter = "assets/1f44b-1f3fd.webp", "assets/1f44b-1f3fc.webp"
    fluent = files["emoji_fluent"]
    fluent[medium], fluent[lighter] = fluent[lighter], fluent[medium]  # as they are in the package
    del fluent[f"assets/{codes[3].lower()}.webp"]
    files["emoji"]["emoji.json"] = json.dumps(table).encode()
    files["openmoji"] |= {
        "openmoji.json": json.dumps(rows).encode(),
        "color/1F1E6.svg": svg(9),
        "color/1F1E7.svg": svg(8),
    }
    files["openmoji"] |= {
        name.replace("color", "black"): svg(255 if name.endswith("1F401.svg") else 0 if "1F1E" in name else 1 + k // 2)
        for k, name in enumerate(list(files["openmoji"])) if name.startswith("color")
    }  # fmt: skip
    for name, each in files.items():
        put(each, tmp_path / name)
        digests = {}
        for file in catalog.ENTRIES[name].files:
            path = tmp_path / name / file
            digests[file] = folder_digest(path) if file.endswith("/") else hashlib.sha256(path.read_bytes()).hexdigest()
        monkeypatch.setitem(catalog.ENTRIES, name, replace(catalog.ENTRIES[name], files=digests, origins=()))
    return tmp_path


def test_every_picture_is_of_what_its_caption_says(home: Path) -> None:
    images = CaptionedEmoji(home, skin_tones=True).load(3, 8)
    assert images.captions is not None
    start = {"google": 40, "twitter": 80, "openmoji": 120, "fluent": 160}
    tones = {f"{name} skin tone": 10 * k for k, name in enumerate(TONES.values(), 1)}
    for shade, (caption,) in zip(images.pixels[:, 0, 4, 4].tolist(), images.captions, strict=True):
        thing, style = caption.removesuffix(" style").split(", ")
        number, _, tone = thing.removeprefix("thing ").partition(": ")
        assert shade == start[style] + int(number) + tones.get(tone, 0)
    assert len({caption for (caption,) in images.captions}) == len(images.pixels) == 4 * (N + 5) - 1


def test_captions_say_what_is_asked_for(home: Path) -> None:
    source = CaptionedEmoji(home, captions=["annotation", "tags", "group", "colours"], style_word=False)
    captions = source.load(3, 8).captions
    assert captions is not None
    assert captions[0] == ["thing 0", "thing 0, pet, animal", "thing 0, animal mammal", "thing 0, grey"]
    assert source.load(3, 8).told == {"group"}
    assert CaptionedEmoji(home, captions=["tags"]).load(3, 8).told == {"group", "style"}
    with_style = CaptionedEmoji(home, captions=["tags"]).load(3, 8).captions
    assert with_style is not None
    assert with_style[0] == ["thing 0, pet, animal, twitter style"]


def test_held_out_pairs_are_the_test_and_their_concepts_and_styles_are_trained(home: Path) -> None:
    data = ImageDataModule(CaptionedEmoji(home, skin_tones=True), 3, 8, None, 4, val_size=4)
    told = {split: data.captions(split) for split in ("train", "val", "test")}
    tested = set(told["test"] or [])
    tones = [f": {name} skin tone" for name in TONES.values()]
    assert tested == {
        *(f"thing 0{tone}, google style" for tone in ("", *tones)), "thing 5, twitter style",
        "thing 10, openmoji style",
    }  # fmt: skip
    for split in ("train", "val", "test"):
        held_out = data.attributes(split)["held_out"]
        assert {held_out.names[value] for value in held_out.values} == {HELD_OUT[split == "test"]}
    assert "thing 5, google style" in [*(told["train"] or []), *(told["val"] or [])]


def test_a_style_can_be_held_out(home: Path) -> None:
    images = CaptionedEmoji(home, held_out="twitter", captions=["annotation"], style_word=False).load(3, 8)
    assert images.n_test == N
    assert (np.asarray(images.pixels[-N:, 0, 4, 4]) // 40 == 2).all()
    assert images.attributes is not None
    style = images.attributes["style"]
    assert [style.names[value] for value in style.values[-N:]] == ["twitter"] * N


def test_the_identity_follows_what_is_asked_for(home: Path) -> None:
    sources = [
        CaptionedEmoji(home, **options)
        for options in (
            {}, {"styles": ["google", "twitter"]}, {"captions": ["tags"]}, {"style_word": False},
            {"held_out": "fluent"}, {"skin_tones": True},
        )
    ]  # fmt: skip
    assert len({source.identity() for source in sources}) == len(sources)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"styles": ["google", "apple"]}, r"dataset.source.styles=\['google', 'apple'\]: give some of fluent, google"),
        ({"styles": ["google"]}, r"styles=\['google'\]: what is held out in one needs another style"),
        ({"captions": []}, r"dataset.source.captions=\[\]: give some of annotation, colours, group, tags"),
        (
            {"styles": ["google", "twitter"], "held_out": "fluent"},
            "held_out='fluent': give pairs, or a style of google, twitter",
        ),
    ],
)
def test_what_makes_no_sense_is_one_sentence(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CaptionedEmoji("", **options)  # type: ignore[arg-type]


def test_without_resvg_it_says_how_to_get_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "resvg_py", None)
    with pytest.raises(ValueError, match=r"OpenMoji's drawings need the extra composed: uv pip install 'genlab"):
        CaptionedEmoji(home).load(3, 8)
    assert len(CaptionedEmoji(home, styles=["google", "twitter"]).load(3, 8).pixels) == 2 * N


def test_line_art_lies_beside_its_picture_and_equal_lines_in_one_split(home: Path) -> None:
    images = LineArt(home).load(3, 16)
    assert images.captions is not None
    assert images.others is not None
    assert images.groups is not None
    names = [caption for (caption,) in images.captions]
    assert "thing 1" not in names  # it has no lines
    assert not {"flag: A", "red flag"} & set(names)  # theirs are an empty rectangle
    lines, colours = images.others[:, 0, 8, 8].tolist(), images.pixels[:, 0, 8, 8].tolist()
    assert colours[names.index("thing 0")] == 120
    of_group = dict(zip(images.groups.tolist(), lines, strict=True))
    assert [of_group[group] for group in images.groups.tolist()] == lines
    assert len(of_group) == len(set(lines)) < len(lines)
    assert len(LineArt(home, skin_tones=False).load(3, 16).pixels) == len(lines) - 5
