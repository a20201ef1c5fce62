"""guidance=instruct needs a model that was trained without the text and without the picture."""

import pytest
from omegaconf import OmegaConf

from genlab.guidance.rules import guidance_knows_no_condition, instruct_knows_each_left_away


@pytest.mark.parametrize(
    ("scales", "dropouts", "missing"),
    [
        ((7.5, 1.5), (0.1, 0.1), []),
        ((7.5, 1.5), (0.1, 0.0), ["picture"]),
        ((7.5, 1.5), (0.0, 0.1), ["text"]),
        ((7.5, 1.5), (0.0, 0.0), ["text", "picture"]),
        ((1.0, 1.5), (0.0, 0.1), ["text"]),
        ((7.5, 1.0), (0.1, 0.0), []),
        ((1.0, 1.0), (0.0, 0.0), []),
    ],
)
def test_each_is_left_away_in_training_where_its_estimate_counts(scales, dropouts, missing):
    text, picture = (
        {"_target_": f"genlab.conditioning.{name}", "dropout": dropout}
        for name, dropout in zip(("text.TextConditioner", "picture.PictureConditioner"), dropouts, strict=True)
    )
    guidance = {"_target_": "genlab.guidance.instruct.Instruct", "scale": scales[0], "picture_scale": scales[1]}
    joined = {"_target_": "genlab.conditioning.joined.Joined", "conditioners": [text, picture]}
    cfg = OmegaConf.create({"guidance": guidance, "conditioner": joined})
    sentences = list(instruct_knows_each_left_away(cfg))
    assert [next(what for what in ("text", "picture") if f"the {what}," in each) for each in sentences] == missing
    assert not list(guidance_knows_no_condition(cfg))


def test_a_model_without_a_picture_is_told():
    text = {"_target_": "genlab.conditioning.text.TextConditioner", "dropout": 0.1}
    guidance = {"_target_": "genlab.guidance.instruct.Instruct", "scale": 7.5, "picture_scale": 1.5}
    cfg = OmegaConf.create({"guidance": guidance, "conditioner": text})
    assert list(instruct_knows_each_left_away(cfg)) == [
        "guidance goes by a picture, and this model has none: take guidance=none"
    ]
