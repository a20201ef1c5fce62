"""What identifies the data of a config before anything heavy is imported: part of the name of every run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from genlab.annotations.declared import declared, imported
from genlab.config.renamed import first_name
from genlab.config.sources import content_digest
from genlab.errors import ConfigError


def data_checksum(dataset: Mapping[str, Any], data_dir: Path) -> str:
    """What the `checksum` of the data module will be where its class says so without torch (`identified_by`, see
    `data.resident_data`); else a digest of its config.

    Nothing is fetched. Files of the user's own (a folder of pictures) are read.

    Args:
        dataset: the resolved config of a data module.
        data_dir: where data are fetched to.

    Raises:
        ConfigError: there is no such folder, or nothing in it that can be read.
    """
    identified_by = declared(str(dataset.get("_target_")), "identified_by")
    if identified_by is None:
        return _of_config(dataset)
    names = {field.name for field in fields(identified_by)}
    arguments = {key: built(value, data_dir) for key, value in dataset.items() if key in names}
    try:
        return str(identified_by(**arguments).checksum)
    except (ValueError, OSError) as error:
        raise ConfigError(str(error)) from error


def _of_config(dataset: Mapping[str, Any]) -> str:
    """A digest of all that the config says; files and folders of a `source` count by their content."""
    content = {key: _by_content(value) if key == "source" else value for key, value in dataset.items()}
    content["_target_"] = first_name(str(dataset.get("_target_")))
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _by_content(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: _by_content(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_by_content(value) for value in node]
    return content_digest(node) if isinstance(node, str) else node


def built(node: Any, data_dir: Path) -> Any:
    """A value of the config of a source, with the parts in it built: sources need no torch."""
    if not isinstance(node, Mapping) or "_target_" not in node:
        return node
    arguments = {key: built(value, data_dir) for key, value in node.items() if key != "_target_"}
    if "data_dir" in arguments:
        arguments["data_dir"] = data_dir
    return imported(str(node["_target_"]))(**arguments)
