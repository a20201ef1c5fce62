"""How well samples fit their prompts, in the eyes of a reader whose answers are known, and of a model trained here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image as Pictures
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.metrics.cache import digest
from genlab.metrics.clip_score import CLIPScore
from genlab.metrics.compare import differences
from genlab.metrics.extractors.classifier import OwnClassifier
from genlab.metrics.extractors.extractor import Activations, Extractor
from genlab.metrics.extractors.image_text import ImageText, ImageTextNetwork, weights_sha256
from genlab.metrics.extractors.texts import Texts
from genlab.metrics.frechet import FrechetDistance
from genlab.metrics.retrieval import Retrieval
from genlab.metrics.sample_retrieval import SampleRetrieval
from genlab.metrics.suite import Suite

from .composed import COLOURS, CORNERS, Drawing, Squares, of_caption


class Exact(nn.Module):
    """Pictures fit the caption of which they are; the vectors are the pictures without their grey."""

    def forward(self, images: Tensor) -> Activations:
        return Activations(self.embed_images(images.float() / 127.5 - 1), None)

    def embed_images(self, x: Tensor) -> Tensor:
        return F.normalize((x - (100 / 127.5 - 1)).flatten(1), dim=1)

    def embed_texts(self, texts: list[str]) -> Tensor:
        return self(torch.stack([of_caption(text) for text in texts])).features

    def truncated(self, texts: list[str]) -> list[str]:
        return ["" for _ in texts]


class Reader(Extractor):
    """Sees as `Exact` does."""

    name, resize, identity = "squares", "none", ("the reader of the tests",)

    def check(self, data: Any, report: Any = None) -> None:
        pass

    def load(self, data: Any, report: Any) -> tuple[nn.Module, str]:
        return Exact(), weights_sha256(Exact())

    def texts(self, captions: list[str]) -> Texts:
        return Texts(Exact().embed_texts(captions), torch.zeros(len(captions), dtype=torch.bool))


class Loaded(Reader):
    """Sees as a network does that is at hand."""

    def __init__(self, network: ImageTextNetwork) -> None:
        super().__init__()
        self.network = network

    def load(self, data: Any, report: Any) -> tuple[nn.Module, str]:
        return self.network, weights_sha256(self.network.model)

    def texts(self, captions: list[str]) -> Texts:
        return self.network.texts(captions)


def scored(model: Any, folder: Any, n: int = 44, **settings: Any) -> Any:
    metrics = {"fit": CLIPScore(Reader()), "retrieval": SampleRetrieval(Reader())}
    return Suite(metrics, n, 20, 0, "test", str(folder), **settings).evaluate(model, Squares())


def test_samples_of_their_prompts_fit_and_find_them_and_the_name_is_not_clips(tmp_path: Path) -> None:
    found = scored(Drawing(), tmp_path)
    assert set(found) == {"fit_squares", "retrieval_at_1_squares", "retrieval_at_5_squares"}
    assert found["fit_squares"].value == pytest.approx(100, abs=1e-3)
    assert found["retrieval_at_1_squares"].value == 1
    assert found["retrieval_at_1_squares"].made["chance"] == pytest.approx(1 / len(COLOURS) / len(CORNERS))


def test_samples_of_another_colour_find_their_prompt_where_it_asks_for_that_colour(tmp_path: Path) -> None:
    asked = [colour == "green" for colour, _ in Squares().pairs["test"]]
    found = scored(Drawing(always="green"), tmp_path)
    assert found["retrieval_at_1_squares"].value == pytest.approx(sum(asked) / 44)


def test_few_samples_are_sought_among_all_captions_of_the_split(tmp_path: Path) -> None:
    assert scored(Drawing(), tmp_path, n=2)["retrieval_at_5_squares"].measured["texts"] == 12


def test_prompts_of_a_file_are_asked_for_in_turn_and_sought_among_themselves(tmp_path: Path) -> None:
    file = tmp_path / "prompts.txt"
    file.write_text("red square, upper left\n\nblue square, lower right\n")
    found = scored(Drawing(always="blue"), tmp_path, n=5, prompts=str(file))
    assert found["retrieval_at_1_squares"].measured["texts"] == 2
    assert found["retrieval_at_1_squares"].value == pytest.approx(2 / 5)
    texts = "red square, upper left", "blue square, lower right"
    assert found["fit_squares"].made["conditions"] == f"prompts {digest(*texts)[:12]}"


def test_prompts_for_a_model_without_texts_or_without_a_line_are_one_sentence(
    tmp_path: Path, data: Any, copying: Any
) -> None:
    file = tmp_path / "prompts.txt"
    file.write_text("\n")
    with pytest.raises(ValueError, match=r"prompts.txt has no prompt: write one a line"):
        scored(Drawing(), tmp_path, prompts=str(file))
    file.write_text("a digit\n")
    suite = Suite({"fit": CLIPScore(Reader())}, 10, 10, 0, "test", str(tmp_path), prompts=str(file))
    with pytest.raises(ValueError, match=r"metrics.prompts='.*': this model does not go by texts"):
        suite.check(copying(data), data)


def test_a_score_by_who_guided_the_samples_is_warned_of(tmp_path: Path) -> None:
    model = Drawing()
    model.guidance = nn.Sequential(Exact())  # type: ignore[attr-defined]
    with pytest.warns(UserWarning, match="the samples were guided by squares, which gives this score"):
        found = scored(model, tmp_path)
    assert "guided by squares" in found["fit_squares"].made["warning"]


def test_an_extractor_without_texts_and_a_false_clip_are_refused(tmp_path: Path) -> None:
    digits = OwnClassifier("digits", str(tmp_path), 16, steps=1, train_batch_size=64, lr=0.01, seed=0)
    with pytest.raises(ValueError, match="retrieval by samples needs an extractor that reads texts, clip or image_te"):
        SampleRetrieval(digits)
    with pytest.raises(ValueError, match="a model that was trained here is no CLIP; give it a name of its own"):
        ImageText("clip", "latest", str(tmp_path), str(tmp_path))


def test_real_pictures_find_their_captions_with_a_model_that_knows(tmp_path: Path) -> None:
    found = Suite({"it": Retrieval()}, 44, 20, 0, "test", str(tmp_path)).evaluate(Exact(), Squares())
    assert {name: score.value for name, score in found.items()} == {"retrieval_at_1": 1, "retrieval_at_5": 1}
    assert found["retrieval_at_1"].measured["texts"] == 12


# ---- a model that was trained here ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With one finished run of model=contrastive, on a folder of captioned squares."""
    from genlab.cli import main

    folder = tmp_path_factory.mktemp("trained")
    (folder / "squares").mkdir()
    for i, (colour, corner) in enumerate(Squares(holds_out=False).pairs["train"]):
        caption = f"{colour} square, {corner}"
        picture = np.asarray(of_caption(caption)).transpose(1, 2, 0)
        Pictures.fromarray(picture).save(folder / "squares" / f"{i:03}.png")
        (folder / "squares" / f"{i:03}.txt").write_text(caption)
    words = [
        "model=contrastive", "dataset=image_folder", f"dataset.source.path={folder}/squares", "dataset.size=8",
        "dataset.source.captions=auto",
        "dataset.channels=3", "network={width: 8, features: 8}", "text={width: 8, depth: 1, heads: 1}", "model.width=8",
        "trainer.max_epochs=1", "dataset.batch_size=32", "dataset.test_size=20", "dataset.val_size=12", "logger=none",
        "metrics=retrieval", f"paths.output_dir={folder}/store", f"paths.data_dir={folder}/data", "model.ema_decay=0.5",
    ]  # fmt: skip
    assert main(["train", *words]) == 0
    return folder / "store"


def test_a_finished_run_is_an_extractor_with_its_averaged_weights(store: Path) -> None:
    from genlab.runs.restore import newest, restore
    from genlab.runs.run_config import own_config
    from genlab.runs.store import Store

    run = Store(store).find("latest")
    record = run.record()
    assert record is not None
    assert set(record.metrics) == {"retrieval_at_1", "retrieval_at_5"}
    extractor = ImageText("squares", run.path.name, str(store), "unused")
    extractor.check(Squares())
    model, captions = restore(own_config(run), newest(run)), Squares().captions("test")[:3]
    images = Squares().items("test")[0][:3]
    with torch.no_grad():
        raw = model.embed_texts(captions)
        with model.averaged():
            assert torch.allclose(extractor.features(images), model.embed_images(images.float() / 127.5 - 1), atol=1e-5)
            assert torch.equal(extractor.texts(captions).features, model.embed_texts(captions))
        assert not torch.equal(extractor.texts(captions).features, raw)
    assert extractor.provenance()["resize"] == "none"


def test_pictures_of_another_size_are_brought_to_the_learnt_one_and_other_channels_refused(store: Path) -> None:
    large, grey = Squares(), Squares()
    large.shape, grey.shape = (3, 16, 16), (1, 8, 8)
    extractor = ImageText("squares", "latest", str(store), "unused")
    extractor.check(large)
    assert extractor.provenance()["resize"] == "bicubic-antialiased to 8x8"
    small = Squares().items("test")[0][:3]
    features = extractor.features(small.repeat_interleave(2, 2).repeat_interleave(2, 3))
    assert F.cosine_similarity(features, extractor.features(small)).min() > 0.9
    with pytest.raises(ValueError, match="has learnt pictures of 3 channels, and those of squares have 1"):
        ImageText("squares", "latest", str(store), "unused").check(grey)


def test_a_recipe_is_its_newest_finished_run_and_a_config_names_it(store: Path, tmp_path: Path) -> None:
    """So that a score by another run's weights is another measurement, and not taken for the same."""
    from genlab.commands.extractor_runs import note_runs
    from genlab.config.fingerprint import measurement

    of_store = next(store.glob("*/*/record.json"))
    told = [("old", "2026-01-01", "completed"), ("new", "2026-01-02", "completed"), ("bad", "2026-01-03", "failed")]
    for name, started, status in told:
        record = json.loads(of_store.read_text()) | {"started": started, "status": status, "experiment": "any/squares"}
        (tmp_path / "train" / name).mkdir(parents=True)
        (tmp_path / "train" / name / "record.json").write_text(json.dumps(record))
    of_recipe = {"_target_": "ImageText", "run": "any/squares", "output_dir": str(tmp_path)}
    cfg = OmegaConf.create({"extractor": of_recipe, "metrics": {"metrics": {"fit": {"extractor": "${extractor}"}}}})
    unnoted = measurement(cfg)
    note_runs(cfg)
    assert cfg.extractor.run == "new"
    assert measurement(cfg) != unnoted
    note_runs(cfg)
    assert cfg.extractor.run == "new"


def test_other_weights_are_another_measurement_and_other_features(store: Path, tmp_path: Path) -> None:
    """Under one name, on one reference."""
    kept: dict[str, Any] = {}
    for seed in (0, 1):
        reader = ImageText("squares", "latest", str(store), "unused")
        network, _ = reader.load(Squares(), None)
        assert isinstance(network, ImageTextNetwork)
        torch.manual_seed(seed)
        nn.init.normal_(network.model.image_head.weight)
        other = Loaded(network)
        kept[str(seed)] = Suite(
            {"fit": CLIPScore(other), "fid": FrechetDistance(other)}, 44, 20, 0, "test", str(tmp_path)
        ).evaluate(Drawing(), Squares())
    for name in ("fit_squares", "fid_squares"):
        assert differences(kept["0"][name], kept["1"][name]) == ["extractor_sha256"]
    assert len(list(tmp_path.glob("reference/*.features.safetensors"))) == 2


def test_a_recipe_without_a_finished_run_is_one_sentence(store: Path) -> None:
    with pytest.raises(ValueError, match=r"contrastive/emoji has no finished run in .*: genlab train experiment="):
        ImageText("emoji", "contrastive/emoji", str(store), "unused").check(Squares())
