"""What a word of the command line, or a value of a config, that could not be read means, in one sentence each."""

from __future__ import annotations

import re
from typing import Any

from genlab.annotations.misfits import misfits
from genlab.annotations.signatures import signature
from genlab.config.schema import Paths, Train
from genlab.config.stages import unknown_stage
from genlab.config.words import unreadable


def misread(error: Exception) -> str | None:
    """A sentence on a word that is no override, or one that cannot be applied; None for another error."""
    text = str(error)
    if (word := getattr(error, "override", None)) is not None:  # Hydra's OverrideParseException
        return unreadable(str(word))
    if match := re.search(r"An item is already at '(.+?)'", text):
        return f"+{match[1]}: the config has {match[1]!r} already: write {match[1]}=... to change it"
    if match := re.search(r"Multiple values for (\S+?)\. ", text):
        return f"+{match[1]}: a {match[1]} is chosen already: write {match[1]}=... to choose another"
    if match := re.search(r"The value of '(.+?)' is (.+?) and not (.+?)\.$", text):
        return f"~{match[1]}={match[3]}: {match[1]} is {match[2]}; write ~{match[1]} to take it out"
    if match := re.search(r"Override (.+?) looks like a config group override, but config group '(.+?)'", text):
        return f"{match[1]}: there is no config group {match[2]!r}"
    if match := re.search(r"config groups is not supported: '\+\+(.+?)'", text):
        return f"++{match[1]}: write +{match[1]} to choose an option of a new group"
    return None


_KINDS = {"Integer": "a whole number", "Float": "a number", "Boolean": "true or false", "list": "a list"}


def ill_typed(error: Exception) -> str | None:
    """A sentence on a value that a key of the schema, or of Hydra's own, cannot take; None for another error."""
    cause = next((e for e in (error.__cause__, error) if getattr(e, "full_key", None)), None)
    if cause is None:
        return None
    key, value = str(cause.full_key), getattr(cause, "value", None)  # type: ignore[attr-defined]
    match = re.search(r"Error merging override \+*([^=]+)=(.*)", str(error))
    if match and match[1] == key and value is None and match[2].lower() != "null":  # the error does not tell it
        value = match[2]
    if "index out of range" in str(cause):
        return f"{key}: the list has no such entry"
    if sentence := _of_schema(key, value):
        return sentence
    match = re.search(r"could not be converted to (\w+)|not a valid (\w+)", str(cause))
    kind = next((word for word in match.groups() if word), "") if match else ""
    return f"{key} = {value!r} must be {_KINDS.get(kind, 'of another type')}"


def _of_schema(key: str, value: object) -> str | None:
    """What the schema says of a root key or one of `paths`; an entry of a list is reported with its list."""
    name = key.partition("[")[0]
    keys, name = (Paths, name.removeprefix("paths.")) if name.startswith("paths.") else (Train, name)
    entry = key[len(name) :] if keys is Train else key[len(name) + len("paths.") :]
    for parameter in signature(f"{keys.__module__}.{keys.__name__}").parameters:
        if parameter.name == name:
            whole = [value] if entry else value
            for where, what in misfits(whole, parameter.annotation, parameter.module, key.partition("[")[0]):
                return f"{key if entry else where} {what}"
    return None


def unresolved(error: Exception, path: str, cfg: Any) -> str:
    """A sentence on a reference, `${...}`, at `path` of `cfg` that leads nowhere."""
    text = str(error)
    if match := re.search(r"Interpolation key '(.+?)' not found", text):
        if stage := unknown_stage(match[1], cfg):
            return f"{path} refers to {stage}"
        return f"{path} refers to {match[1]!r}, which the config does not have"
    if match := re.search(r"InterpolationToMissing\w*|[Mm]issing.*'(\S+?)'", text):
        return f"{path} refers to a key that has no value yet{f': {match[1]}' if match[1] else ''}"
    if match := re.search(r"Environment variable '(.+?)' not found", text):
        return f"{path} refers to the environment variable {match[1]}, which is not set"
    if match := re.search(r"Unsupported interpolation type (\S+)", text):
        return f"{path} refers to ${{{match[1]}:...}}, and there is no such function"
    if "Recursive interpolation" in text:
        return f"{path} refers to itself"
    return f"{path}: {one_line(error)}"


def one_line(error: Exception) -> str:
    """An error that has no sentence of its own, in one line and without its author's advice."""
    cause = f"; {error.__cause__}" if error.__cause__ is not None and str(error.__cause__) not in str(error) else ""
    text = re.sub(r"\s*\n\s*", "; ", (str(error) + cause).strip())
    return re.split(r"; (?:full_key|See https?:)", text)[0]
