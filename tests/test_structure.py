"""The house keeps its order: dependencies point one way, and each config names a part of its own noun."""

import ast
from pathlib import Path

import pytest
from omegaconf import OmegaConf

import genlab
from genlab.config.allowed import is_allowed
from genlab.config.files import conf_dir

SOURCE = Path(genlab.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
LOWEST = {"processes", "denoisers", "objectives", "solvers", "guidance", "constraints", "conditioning", "codecs"}
FORBIDDEN = {
    "networks": {"families", "objectives", "processes", "solvers", "denoisers", "commands", "runs", "data"},
    "data": {"families", "networks", "metrics", "commands", "callbacks", "reports", "objectives"},
    "metrics": {"families", "commands", "callbacks"},
    "reports": {"families", "commands", "callbacks"},
    "families": {"commands", "callbacks", "metrics", "reports", "runs"},
    "config": {"commands", "families", "networks", "metrics", "callbacks", "reports"},
    "solvers": {"networks", "families", "commands", "data"},
    **{package: {"families", "commands", "callbacks", "metrics", "reports", "runs"} for package in LOWEST - {"codecs"}},
}
HOMES = {
    "model": "genlab.families.", "scheduler": "genlab.processes.", "sampler": "genlab.solvers.",
    "dataset": "genlab.data.", "optimizer": "torch.optim.", "trainer": "pytorch_lightning.",
    "network": ("genlab.networks.", "diffusers."), "parameterization": "genlab.denoisers.",
    "logger": ("genlab.interop.", "pytorch_lightning."), "guidance": "genlab.guidance.",
    "conditioner": "genlab.conditioning.", "objective": "genlab.objectives.", "codec": "genlab.codecs.",
    "extractor": "genlab.metrics.", "callbacks": "genlab.callbacks.", "metrics": "genlab.metrics.",
    "edit": "genlab.editing.",
}  # fmt: skip


def imports(path):
    """The genlab packages that a module imports, at any depth of the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (name for name in names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_dependencies_point_one_way(path):
    package = path.relative_to(SOURCE).parts[0]
    found = {name.split(".")[1] for name in imports(path) if name.startswith("genlab.") and "." in name}
    assert not found & FORBIDDEN.get(package, set())


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
