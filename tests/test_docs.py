"""What the documents name is there, and what is there is named."""

import ast
import re
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from genlab.annotations.definitions import bases, define
from test_structure import LAYERS, SOURCE

ROOT = Path(__file__).parents[1]
ARCHITECTURE = ROOT / "docs/architecture.md"
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*/?")


def code(path):
    """The texts in backticks outside blocks, and the words of each."""
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    return [word for quoted in re.findall(r"`([^`\n]+)`", text) for word in quoted.split()]


def is_place(word):
    """A path of the checkout: a folder that begins as one of ours, or a module of genlab."""
    first = word.split("/")[0]
    is_ours = first in {path.name for path in (*ROOT.iterdir(), *SOURCE.iterdir()) if path.name != "outputs"}
    return PATH.fullmatch(word) and ((is_ours and "/" in word) or word.endswith(".py"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_what_is_there(path):
    absent = [w for w in code(path) if is_place(w) and not (ROOT / w).exists() and not (SOURCE / w).exists()]
    assert not absent


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_links_to_what_is_there(path):
    links = re.findall(r"\]\(([^)#]+)", path.read_text())
    assert not [link for link in links if "://" not in link and not (path.parent / link).exists()]


def test_every_package_is_in_the_table_of_layers_in_their_order():
    table = ARCHITECTURE.read_text().split("\n## ")[1]
    rows = [word.strip("/") for word in code_of_rows(table) if word.endswith("/") and "/" not in word[:-1]]
    assert rows == [name for name in LAYERS if (SOURCE / name).is_dir()]


def code_of_rows(table):
    return [
        word
        for row in table.splitlines()
        if row.startswith("| `")
        for word in re.findall(r"`([^`]+)`", row.split("|")[1])
    ]


def test_every_config_group_is_in_the_document():
    """Where to add a part, and where its package has another name."""
    text = " ".join(code(ARCHITECTURE))
    groups = [path.name for path in (ROOT / "conf").iterdir() if path.is_dir()]
    unnamed = {group for group in groups if not re.search(rf"\b{group}\b", text)}
    assert unnamed <= {"experiment", "debug", "paths"}


@pytest.mark.parametrize("group", ["scheduler", "parameterization", "objective", "sampler", "guidance", "network"])
def test_whatever_a_denoiser_can_be_made_of_is_in_the_table_of_choices(group):
    (row,) = re.findall(rf"^\| `{group}` \|.*$", (ROOT / "docs/denoising.md").read_text(), flags=re.MULTILINE)
    named = re.findall(r"`(\w+)`", row)[1:]
    assert set(named) == {path.stem for path in (ROOT / "conf" / group).glob("*.yaml") if is_of_a_denoiser(path)}


def is_of_a_denoiser(config):
    """Whether a network takes the level of the noise, an objective a denoiser or a score, a sampler steps."""
    if config.parent.name == "sampler":
        return "steps" in OmegaConf.load(config)
    target = define(OmegaConf.load(config)["_target_"])
    if config.parent.name not in ("network", "objective") or isinstance(target.node, ast.FunctionDef):
        return True
    calls = (f for base in bases(target) for f in base.node.body if getattr(f, "name", "") in ("forward", "__call__"))
    return any(argument.arg in ("level", "denoiser", "score") for call in calls for argument in call.args.args)


def test_the_ways_to_work_are_ten_lines():
    lines = [line for line in (ROOT / "CONTRIBUTING.md").read_text().splitlines() if re.match(r"\d+\. ", line)]
    assert len(lines) == 10
