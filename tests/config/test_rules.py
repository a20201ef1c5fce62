"""Rules between the values of a config: each lies with the part that it speaks of, and none stumbles over a value."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

import genlab
from composing import composed
from genlab.config.check import check
from genlab.config.rules import rules
from genlab.errors import ConfigError

RECIPES = (
    ("experiment=vector_quantized/vqvae_digits",),
    (
        "model=cvae", "dataset=image_folder", "dataset.source.path=nowhere", "+init_from={run: 12}",
        "+first_stages={a: {run: 3}, b: {experiment: none}}",
    ),
    *(
        pytest.param(words, marks=pytest.mark.slow)
        for words in (
            ("experiment=diffusion/classifier_free_digits",),
            ("experiment=diffusion/experts_digits",),
            ("experiment=diffusion/improved_ddpm_digits",),
            ("model=cold", "dataset=digits", "guidance=colour"),
        )
    ),
)  # fmt: skip
WRONG: tuple[Any, ...] = (
    None, True, -1, 10**30, 0.5, "", "text", "${nowhere}", "???", [], [1, "a", None], [[2]], {}, {"_target_": 3},
    {"_target_": "no.such.Part"},
)  # fmt: skip


def nodes(node: Any) -> Iterator[tuple[DictConfig | ListConfig, Any]]:
    """(parent, key) of every value of a config, however deep; what is referred to counts where it stands."""
    keys = list(node) if isinstance(node, DictConfig) else range(len(node))
    for key in keys:
        yield node, key
        refers = OmegaConf.is_interpolation(node, key) or OmegaConf.is_missing(node, key)
        if not refers and isinstance(child := node[key], DictConfig | ListConfig):
            yield from nodes(child)


@pytest.mark.parametrize("recipe", RECIPES)
def test_no_rule_raises_whatever_stands_in_a_config(recipe: tuple[str, ...]) -> None:
    cfg = composed(*recipe)
    OmegaConf.set_struct(cfg, False)
    for key in ("paths", "hydra", "callbacks", "logger", "extractors", "metrics", "optimizer"):  # which no rule reads
        cfg.pop(key, None)
    tried = 0
    for parent, key in list(nodes(cfg)):
        before = parent._get_node(key)
        for value in WRONG:
            try:
                parent[key] = value
            except OmegaConfBaseException:
                continue  # the schema does not let it in
            for rule in rules():
                assert all(isinstance(sentence, str) for sentence in rule(cfg))
            tried += 1
        parent._set_item_impl(key, before)
    assert tried > 500


def test_a_value_of_the_wrong_type_is_one_sentence() -> None:
    with pytest.raises(ConfigError) as raised:
        check(composed("model=ddpm", "dataset=digits", "network.block_out_channels=64"))
    assert raised.value.problems == [
        "network.block_out_channels = 64 must be a list, each entry a whole number of 1 or more"
    ]


def test_every_package_with_rules_is_heard_and_none_needs_torch() -> None:
    program = """
import sys
from genlab.config.rules import rules
print(*sorted({rule.__module__ for rule in rules()}))
assert not {"torch", "pytorch_lightning", "numpy"} & set(sys.modules)
"""
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    files = Path(genlab.__file__).parent.glob("*/rules.py")
    assert set(printed.split()) >= {f"genlab.{path.parent.name}.rules" for path in files}
