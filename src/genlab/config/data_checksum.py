"""What identifies the data of a config before anything heavy is imported: part of the name of every run."""

from __future__ import annotations

import ast
import hashlib
import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genlab.config.definitions import Definition, UnknownTarget, bases, define, meaning
from genlab.config.renamed import first_name
from genlab.config.signatures import signature
from genlab.config.sources import content_digest
from genlab.errors import ConfigError

_DECLARATION = "identified_by"
"""The attribute by which a data module's class names the torch-free class that knows its checksum."""


def data_checksum(dataset: Mapping[str, Any], data_dir: Path) -> str:
    """What the `checksum` of the data module will be where its class says so without torch; else of its config.

    Nothing is fetched. Files of the user's own (a folder of pictures) are read.

    Args:
        dataset: the resolved config of a data module.
        data_dir: where data are fetched to.

    Raises:
        ConfigError: there is no such folder, or nothing in it that can be read.
    """
    identified_by = _identified_by(str(dataset.get("_target_")))
    if identified_by is None:
        return _of_config(dataset)
    fields = {parameter.name for parameter in signature(identified_by.name).parameters}
    arguments = {key: _built(value, data_dir) for key, value in dataset.items() if key in fields}
    try:
        return str(_named(identified_by.name)(**arguments).checksum)
    except (ValueError, OSError) as error:
        raise ConfigError(str(error)) from error


def _identified_by(target: str) -> Definition | None:
    """What the class `target`, or one that it is derived from, declares; read from the source, nothing is imported."""
    try:
        classes = bases(define(target))
        for each in classes:
            for statement in each.node.body:
                name = _value_of(statement)
                found = None if name is None else meaning(each.module, name)
                if isinstance(found, Definition):
                    return found
    except UnknownTarget:
        pass
    return None


def _value_of(statement: ast.stmt) -> str | None:
    """The name that `identified_by = NAME` gives, with or without an annotation."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
    declares = any(isinstance(each, ast.Name) and each.id == _DECLARATION for each in targets)
    value = getattr(statement, "value", None)
    return ast.unparse(value) if declares and isinstance(value, ast.Name | ast.Attribute) else None


def _of_config(dataset: Mapping[str, Any]) -> str:
    """Of all that the config says; files and folders of a `source` count by their content."""
    content = {key: _by_content(value) if key == "source" else value for key, value in dataset.items()}
    content["_target_"] = first_name(str(dataset.get("_target_")))
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _by_content(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: _by_content(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_by_content(value) for value in node]
    return content_digest(node) if isinstance(node, str) else node


def _built(node: Any, data_dir: Path) -> Any:
    """A value of the config, with the parts in it built."""
    if not isinstance(node, Mapping) or "_target_" not in node:
        return node
    arguments = {key: _built(value, data_dir) for key, value in node.items() if key != "_target_"}
    if "data_dir" in arguments:
        arguments["data_dir"] = data_dir
    return _named(str(node["_target_"]))(**arguments)


def _named(target: str) -> Any:
    module, _, name = target.rpartition(".")
    return getattr(importlib.import_module(module), name)
