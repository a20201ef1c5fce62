"""DINOv2, CLIP and the CLIP score on tiny random models in the format of the published ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from genlab.metrics.clip_score import CLIPScore
from genlab.metrics.extractors.clip import CLIP
from genlab.metrics.extractors.dinov2 import DINOv2
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.frechet import FrechetDistance
from genlab.metrics.source import Fixed
from genlab.metrics.suite import Suite

transformers = pytest.importorskip("transformers")
LONGEST = 20


def pictures(n: int, side: int, channels: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (n, channels, side, side), dtype=torch.uint8, generator=generator)


@pytest.fixture(scope="module")
def dino(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dino")
    config = transformers.Dinov2Config(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=28, patch_size=14
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        transformers.Dinov2Model(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a tokenizer of single bytes."""
    folder = tmp_path_factory.mktemp("clip")
    letters = [chr(i) for i in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    end = len(words) - 1
    tokenizer = transformers.CLIPTokenizer.from_pretrained(str(folder))
    tokenizer.save_pretrained(folder)
    shared = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.CLIPConfig(
        text_config={**shared, "vocab_size": len(words), "max_position_embeddings": LONGEST, "eos_token_id": end,
                     "bos_token_id": end - 1, "pad_token_id": end},
        vision_config={**shared, "image_size": 32, "patch_size": 8}, projection_dim=12,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        transformers.CLIPModel(config).save_pretrained(folder)
    return folder


def prepared(extractor: Extractor) -> Extractor:
    extractor.check(None)
    extractor.prepare(None)
    return extractor


def test_dinov2_gives_the_class_token_of_the_published_preprocessing(dino: Path) -> None:
    seen = prepared(DINOv2("unused", str(dino), size=28)).features(pictures(3, 28))
    model = transformers.Dinov2Model.from_pretrained(dino).eval()
    processor = transformers.BitImageProcessor(
        do_resize=False, do_center_crop=False, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225]
    )
    with torch.no_grad():
        x = processor(images=[picture.permute(1, 2, 0).numpy() for picture in pictures(3, 28)], return_tensors="pt")
        expected = model(**x).last_hidden_state[:, 0]
    assert torch.allclose(seen, expected, atol=1e-5)


@pytest.mark.parametrize(("side", "channels"), [(28, 3), (13, 3), (60, 1)])
def test_any_size_and_grey_pictures_are_seen_and_a_picture_alone_as_in_company(
    dino: Path, side: int, channels: int
) -> None:
    extractor = prepared(DINOv2("unused", str(dino), size=28))
    together = extractor.features(pictures(3, side, channels))
    assert together.shape == (3, 16)
    assert torch.allclose(together[1:2], extractor.features(pictures(3, side, channels)[1:2]), atol=1e-5)


@pytest.mark.parametrize("kind", [DINOv2, CLIP])
def test_a_model_in_the_folder_of_weights_is_found_by_its_name(
    kind: Any, dino: Path, clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "owner--tiny").symlink_to(dino if kind is DINOv2 else clip)
    found = prepared(kind(str(tmp_path), "owner/tiny"))
    assert found.features(pictures(2, 32)).shape[0] == 2
    assert len(found.sha256) == 64


@pytest.mark.parametrize("kind", [DINOv2, CLIP])
def test_a_model_that_cannot_be_had_is_one_sentence(kind: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ValueError, match=r"needs the model 'owner/absent', which is neither a folder nor in .*choose"):
        kind(str(tmp_path), "owner/absent").check(None)


CAPTIONS = ["a cat", "two dogs", "a cat"]


def test_the_clip_score_is_that_of_torchmetrics(clip: Path, data: Any, tmp_path: Path) -> None:
    """Pictures of CLIP's own size, so that neither resamples."""
    from torchmetrics.functional.multimodal import clip_score

    class Plain(transformers.CLIPModel):
        """Gives tensors, as torchmetrics expects of every version of transformers."""

        def get_image_features(self, pixel_values: torch.Tensor) -> torch.Tensor:
            return self.visual_projection(self.vision_model(pixel_values=pixel_values).pooler_output)

        def get_text_features(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            return self.text_projection(self.text_model(input_ids, attention_mask).pooler_output)

    def theirs() -> Any:
        images = transformers.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
        tokenizer = transformers.CLIPTokenizer.from_pretrained(str(clip))
        return Plain.from_pretrained(clip).eval(), transformers.CLIPProcessor(images, tokenizer)

    expected = [
        max(0.0, clip_score(picture, caption, theirs).item())
        for picture, caption in zip(pictures(3, 32), CAPTIONS, strict=True)
    ]
    found = scored(clip, data, tmp_path, CAPTIONS)
    assert found.value == pytest.approx(sum(expected) / 3, abs=1e-3)
    assert max(expected) > 0
    assert 0 <= found.low <= found.value <= found.high <= 100
    assert found.provenance["captions_truncated"] == 0


def scored(clip: Path, data: Any, tmp_path: Path, captions: list[str] | None, labels: Any = None) -> Any:
    large = type(data)()
    large.shape = (3, 32, 32)
    large.class_names = [f"number {i}" for i in range(10)]
    suite = Suite({"clip": CLIPScore(CLIP("unused", str(clip)))}, 10, 2, 0, "test", str(tmp_path))
    return suite.evaluate_pictures(Fixed(pictures(3, 32), labels, "a test", captions), large)["clip_score"]


def test_long_captions_are_cut_before_their_end_and_reported(clip: Path, data: Any, tmp_path: Path) -> None:
    extractor = prepared(CLIP("unused", str(clip)))
    long = "abcdefghijklmnopqrstuvwxyz"
    texts = extractor.texts([long, "abc"])
    assert texts.truncated.tolist() == [True, False]
    model = transformers.CLIPModel.from_pretrained(clip).eval()
    ids = torch.tensor([transformers.CLIPTokenizer.from_pretrained(str(clip))(long)["input_ids"]])
    with_end = torch.cat([ids[:, : LONGEST - 1], ids[:, -1:]], dim=1)
    with torch.no_grad():
        expected = model.text_projection(model.text_model(with_end).pooler_output)
    assert torch.allclose(texts.features[:1], expected, atol=1e-5)
    with pytest.warns(UserWarning, match="33.3% of the captions are longer than CLIP reads"):
        found = scored(clip, data, tmp_path, [long, "a", "b"])
    assert found.provenance["captions_truncated"] == pytest.approx(1 / 3)


def test_classes_are_captioned_by_their_names(clip: Path, data: Any, tmp_path: Path) -> None:
    of_classes = scored(clip, data, tmp_path, None, torch.tensor([3, 1, 3]))
    named = [f"a picture of number {i}" for i in (3, 1, 3)]
    assert of_classes.value == pytest.approx(scored(clip, data, tmp_path, named).value)


def test_only_clip_serves_the_clip_score_and_pictures_without_captions_are_left_out(
    clip: Path, dino: Path, data: Any, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"the CLIP score needs an extractor that reads texts, .*, not dinov2"):
        CLIPScore(DINOv2("unused", str(dino)))
    shared = CLIP("unused", str(clip))
    suite = Suite({"score": CLIPScore(shared), "fid": FrechetDistance(shared)}, 10, 2, 0, "test", str(tmp_path))
    assert set(suite.applicable(Fixed(pictures(3, 32), None, "a test"), data)) == {"fid"}


def test_the_score_is_a_cosine_cut_at_zero(clip: Path, data: Any, tmp_path: Path) -> None:
    extractor = prepared(CLIP("unused", str(clip)))
    features, texts = extractor.features(pictures(3, 32)), extractor.texts(CAPTIONS).features
    cosines = [F.cosine_similarity(a, b, dim=0).item() for a, b in zip(features, texts, strict=True)]
    expected = 100 * sum(max(0, cosine) for cosine in cosines) / 3
    assert scored(clip, data, tmp_path, CAPTIONS).value == pytest.approx(expected, abs=1e-4)


def test_a_folder_of_captioned_pictures_gets_its_clip_score_on_the_command_line(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    from genlab.cli import main

    (tmp_path / "pictures").mkdir()
    names = [f"{i}.png" for i in range(3)]
    for name, picture in zip(names, pictures(3, 32), strict=True):
        Image.fromarray(picture.permute(1, 2, 0).numpy()).save(tmp_path / "pictures" / name)
    rows = [f"{name},{caption}" for name, caption in zip(names, CAPTIONS, strict=True)]
    (tmp_path / "captions.csv").write_text("\n".join(["file_name,text", *rows]))
    words = [
        f"folder={tmp_path}/pictures", f"captions={tmp_path}/captions.csv", "reference=digits", "reference.channels=3",
        "reference.size=32", "metrics=text_image", "metrics.only=[clip_score]", f"extractors.clip.model={clip}",
        f"out={tmp_path}/scores.json", f"paths.data_dir={tmp_path}/cache",
    ]  # fmt: skip
    assert main(["evaluate", *words]) == 0
    found = json.loads((tmp_path / "scores.json").read_text())["metrics"]["clip_score"]
    extractor = prepared(CLIP("unused", str(clip)))
    cosines = F.cosine_similarity(extractor.features(pictures(3, 32)), extractor.texts(CAPTIONS).features)
    assert found["value"] == pytest.approx(100 * cosines.clamp(min=0).mean().item(), abs=1e-4)
    assert "CLIP" in capsys.readouterr().out
