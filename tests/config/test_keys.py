"""What a key decides is one fact: the name of the run, its row, its column and its readable link all follow it."""

from dataclasses import fields
from pathlib import Path

import pytest
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from composing import composed
from genlab.config.fingerprint import fingerprint, measurement, self_contained
from genlab.config.keys import KEYS, decides, is_shown, key, names
from genlab.config.schema import Train
from genlab.reports.collect import Collected
from genlab.reports.groups import group, varied_keys
from genlab.runs.store import Run
from genlab.runs.sweeps import readable

CONFIGS = {
    "cvae": ["experiment=autoencoder/cvae_digits"],
    "diffusion": [
        "experiment=diffusion/classifier_free_digits", "+callbacks.swa.swa_lrs=0.1",
        "+callbacks.swa._target_=pytorch_lightning.callbacks.StochasticWeightAveraging",
    ],
    "scored": ["experiment=diffusion/class_conditional_digits", "callbacks=scored"],
}  # fmt: skip


def leaves(node, name=""):
    for child in node:
        path = f"{name}.{child}" if name else str(child)
        if OmegaConf.is_missing(node, child) or path in ("hydra", "experiment"):
            continue
        value = node[child]
        if isinstance(value, DictConfig) and not OmegaConf.is_interpolation(node, child):
            yield from leaves(value, path)
        elif not isinstance(value, DictConfig):
            yield path


def other(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return "else" if value is None or isinstance(value, str) else ["else"]


def changed(cfg, name):
    new = cfg.copy()
    with open_dict(new):
        OmegaConf.update(new, name, other(OmegaConf.select(cfg, name)))
    return new


def collected(cfg, *overrides):
    record = {"overrides": list(overrides), "metrics": {}, "seed": cfg.seed, "task_name": "train"}
    return Collected(Run(Path("nowhere")), record, self_contained(cfg))


@pytest.mark.parametrize("recipe", CONFIGS)
def test_name_row_column_and_link_agree_for_every_key(recipe):
    cfg = composed(*CONFIGS[recipe])
    seen = set()
    for name in leaves(cfg):
        value, new = OmegaConf.select(cfg, name), changed(cfg, name)
        trains = fingerprint(new, "data") != fingerprint(cfg, "data")
        measures = measurement(new) != measurement(cfg)
        row = [collected(cfg, f"{name}={value}"), collected(new, f"{name}={other(value)}")]
        if name == "seed":
            assert trains
            continue
        asked_by_training = recipe == "scored" and name.partition(".")[0] in ("metrics", "extractor")
        assert trains == (decides(name) == "training" or (asked_by_training and decides(name) == "measurement")), name
        assert measures == (decides(name) == "measurement"), name
        assert (len(group(row, varied_keys(row))) == 2) == (decides(name) != "nothing" or is_shown(name)), name
        assert (varied_keys(row) == [name]) == is_shown(name), name
        assert bool(readable([f"{name}=1"])) == (decides(name) != "nothing"), name
        seen.add(decides(name))
    assert seen == {"training", "measurement", "nothing"}


def test_what_one_run_has_and_another_lacks_parts_their_rows_as_it_parts_their_names():
    """A part more, such as a callback, is in no override that both have: the configs alone tell the two apart."""
    cfg = composed(*CONFIGS["diffusion"])
    parted = set()
    for name in (path for path in leaves(cfg) if "." in path and not path.endswith("seed")):
        if OmegaConf.select(cfg, name) is None or decides(name) != "training":
            continue
        above, _, last = name.rpartition(".")
        less = cfg.copy()
        with open_dict(less):
            del OmegaConf.select(less, above)[last]
        try:
            with_and_without = [collected(cfg), collected(cfg), collected(less), collected(less)]
            same_name = fingerprint(less, "data") == fingerprint(cfg, "data")
            found = group(with_and_without, varied_keys(with_and_without))
        except OmegaConfBaseException:  # something refers to what is taken away
            continue
        assert [row.members for row in found] == ([[0, 1, 2, 3]] if same_name else [[0, 1], [2, 3]]), name
        parted.add(name)
    assert len(parted) > 10


def test_every_root_key_has_its_line_and_no_line_is_written_twice():
    lines = [line.name for line in KEYS]
    assert len(lines) == len(set(lines))
    assert {field.name for field in fields(Train)} <= set(lines)


def test_the_longest_beginning_counts():
    assert decides("trainer.max_epochs") == "training"
    assert decides("trainer.devices") == "nothing"
    assert decides("+callbacks.swa.swa_lrs") == "training"
    assert decides("callbacks.previews.times") == "nothing"
    assert decides("extractor.cache_dir") == "nothing"
    assert decides("hydra/launcher") == "nothing"
    assert decides("what.nobody.knows") == "training"
    assert key("model.sampler.steps").name == "model"
    assert names(replaceable=True) == ["sampler", "guidance", "metrics", "extractor"]
