"""The house keeps its order: dependencies point one way, and each config names a part of its own noun."""

import ast
import re
from pathlib import Path

import pytest
from omegaconf import OmegaConf

import genlab
from genlab.config.allowed import is_allowed
from genlab.config.files import conf_dir

SOURCE = Path(genlab.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
LAYERS = (
    # what any module may use
    "contents", "errors", "ranges", "picture_size", "regular", "prompts", "finite", "randomness", "redact", "notice",
    "programs", "progress", "training_stopped", "signals", "atomic", "failures",
    # what a model is made of
    "conditions", "protocols", "foreign_folder", "from_folder", "frozen", "first_stage", "modalities", "data",
    "texts", "processes", "conditioning", "denoisers",
    "networks", "codecs",
    "guidance", "constraints", "samplers", "objectives", "editing", "models",
    # what is done with models
    "annotations", "config", "runs", "crash_report", "metrics", "reports", "interop", "callbacks", "commands",
    # its doors: Python and the command line
    "api", "cli", "__main__",
)  # fmt: skip
"""Every package and module of genlab, the lowest first: each imports only from those before it."""
APART = {
    "networks": {"data", "texts", "processes", "denoisers", "conditioning"},
    "samplers": {"data", "networks"},
    "metrics": {"models", "editing"}, "reports": {"models"}, "config": {"models", "networks"},
}  # fmt: skip
"""What a package may not import although it lies below: networks know nothing of training, samplers of networks."""
HOMES = {
    "model": "genlab.models.", "scheduler": "genlab.processes.", "sampler": "genlab.samplers.",
    "dataset": "genlab.data.", "optimizer": "torch.optim.", "trainer": "pytorch_lightning.",
    "network": ("genlab.networks.", "diffusers."), "parameterization": "genlab.denoisers.",
    "logger": ("genlab.interop.", "pytorch_lightning."), "guidance": "genlab.guidance.",
    "conditioner": "genlab.conditioning.", "objective": "genlab.objectives.", "codec": "genlab.codecs.",
    "extractor": "genlab.metrics.", "callbacks": "genlab.callbacks.", "metrics": "genlab.metrics.",
    "generator": "genlab.networks.", "discriminator": "genlab.networks.", "loss": "genlab.objectives.",
    "penalty": "genlab.objectives.",
    "augmentation": ("genlab.networks.", "torch.nn."),
    "text": "genlab.texts.", "edit": "genlab.editing.",
    "lr_scheduler": ("torch.optim.lr_scheduler.", "diffusers.optimization.", "genlab.models."),
}  # fmt: skip


def layer_of(module):
    """The package of a module; a package's `rules` speak of configs, and are of the layer of config."""
    package, _, inside = module.removeprefix("genlab.").partition(".")
    return "config" if inside.partition(".")[0] == "rules" else package


def imports(path):
    """The modules that a module imports, at any depth of the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_every_package_has_its_layer():
    assert {path.name.removesuffix(".py") for path in SOURCE.iterdir()} - {
        "__init__",
        "__pycache__",
        "conf",
        "py.typed",
    } == set(LAYERS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_imports_from_below_only(path):
    module = ".".join(("genlab", *path.relative_to(SOURCE).with_suffix("").parts))
    package = layer_of(module)
    if package == "__init__":
        return
    own = module.split(".")[1]  # rules may read what their own package knows without torch
    below = set(LAYERS[: LAYERS.index(package) + 1]) - APART.get(package, set()) | {own}
    found = {layer_of(name) for name in imports(path) if name.startswith("genlab.")}
    assert found & set(LAYERS) <= below


@pytest.mark.parametrize("library", ["wandb", "diffusers"])
def test_a_foreign_library_has_one_door(library):
    doors = {"interop"} if library == "wandb" else {"interop", "networks", "commands"}
    users = {
        path.relative_to(SOURCE).parts[0]
        for path in MODULES
        if any(name.split(".")[0] == library for name in imports(path))
    }
    assert users <= doors


def test_no_drawers():
    names = {part for path in MODULES for part in path.relative_to(SOURCE).with_suffix("").parts}
    assert names.isdisjoint({"utils", "helpers", "common", "misc", "base2", "util"})


CONFIGS = [
    pytest.param(path, id=str(path.relative_to(conf_dir())))
    for group in HOMES
    for path in sorted((conf_dir() / group).glob("*.yaml"))
]


def targets(node):
    if isinstance(node, dict):
        if "_target_" in node:
            yield str(node["_target_"])
        for child in node.values():
            yield from targets(child)
    elif isinstance(node, list):
        for child in node:
            yield from targets(child)


@pytest.mark.parametrize("path", CONFIGS)
def test_a_config_names_a_part_of_its_noun(path):
    group = path.parent.name
    content = OmegaConf.to_container(OmegaConf.load(path))
    content.pop("defaults", None)
    own = content.get(group, content)
    first = own.get("_target_") if isinstance(own, dict) else None
    if first is not None:
        assert first.startswith(HOMES[group])
    assert all(is_allowed(target) for target in targets(content))


@pytest.mark.parametrize("path", CONFIGS)
def test_a_config_says_what_it_is_or_is_named_for_it(path):
    assert path.stem == path.stem.lower()
    assert len(path.read_text().splitlines()) <= 40


def test_files_stay_one_idea():
    long = {str(path.relative_to(SOURCE)): n for path in MODULES if (n := len(path.read_text().splitlines())) > 320}
    assert not long


_CITATION = re.compile(r"[A-Z][\w-]+ (?:et al\.|&|and [A-Z][\w-]+|& [A-Z][\w-]+)?,? ?(?:19[89]|20[0-3])\d\b")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_paper_that_is_cited_has_a_link(path):
    text = path.read_text()
    assert not _CITATION.search(text) or "https://" in text
