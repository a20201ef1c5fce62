"""The words of a command line as Hydra's grammar reads them: paths and prompts need no quotes, no key is given twice.

Hydra parses what stands behind `key=` (lists, sweeps, functions), and many a file name is no value of its grammar.
Quotes are added where a value is plainly a path, and around a prompt, which may hold commas, brackets and quotes;
whatever else cannot be read is refused with the word in question.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genlab.config.renamed import present_word
from genlab.errors import ConfigError

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

_SEVERAL = ("-m", "--multirun")
_FOLDERS = ("/", "./", "../", "~/")
"""How a path from a folder begins."""
_STRUCTURE = re.compile(r"[,()\[\]{}'\"]")
"""Signs of the grammar: what cannot be read and has none of them is a text, and nothing else."""
_PROMPTS = {"prompt", "negative_prompt", "to_prompt"}
"""Last parts of the keys whose values are texts for a model, whatever signs they hold."""
_REFERENCE = re.compile(r"\$\{[\w.:,]+\}")
"""A prompt that is nothing but a reference to another key."""
_OPENING = re.compile(r"[\[{('\"]|\w+\(")
"""How lists, dicts, quoted texts and functions begin: with a slash inside they are no path for that."""


def as_hydra_reads(argv: Sequence[str]) -> list[str]:
    """A command line with quotes around the values that are paths, and Hydra's flags first, as it wants them.

    Raises:
        ConfigError: words that Hydra's grammar cannot read, or a key that is given twice.
    """
    flags, words = flags_and_words(argv)
    several = any(flag in _SEVERAL for flag in flags) or "hydra.mode=MULTIRUN" in words
    return [*flags, *understood(words, several)]


def flags_and_words(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Hydra's flags with their values, and the words that set keys."""
    from hydra._internal.utils import get_args_parser

    actions = get_args_parser()._option_string_actions
    with_value = {flag for flag, action in actions.items() if action.nargs is None}
    flags: list[str] = []
    words: list[str] = []
    for word in argv:
        before = flags[-1] if flags else ""
        is_flag = word.startswith("-") or before in with_value or (before in ("-i", "--info") and "=" not in word)
        (flags if is_flag else words).append(word)
    return flags, words


def understood(words: Sequence[str], several: bool) -> list[str]:
    """The words with quotes around the values that are paths.

    Args:
        words: `key=value`, `+key=value`, `~key`.
        several: a comma separates the values of a sweep, unless the whole is a path that exists.

    Raises:
        ConfigError: words that cannot be read, a key that is given twice, a sweep where one value is wanted.
    """
    read: list[str] = []
    problems: list[str] = []
    given: dict[tuple[str, bool], str] = {}
    for word in words:
        try:
            text, override = _understood(word, several)
        except ConfigError as error:
            problems += error.problems
            continue
        if override.is_sweep_override() and not several:
            problems.append(f"{word} gives several values: add -m for a run of each{_remedies(word)}")
        if (name := name_of(override)) in given:
            problems.append(f"{name[0]} is given twice, as {given[name]} and as {word}: give it once")
        given[name] = word
        read.append(text)
    if problems:
        raise ConfigError(problems)
    return read


def value_of(words: Sequence[str], key: str, default: str) -> str:
    """The text that the words give to a plain key, quotes of Hydra's grammar taken off."""
    given = [word for word in words if word.partition("=")[0] == key]
    if not given:
        return default
    value = _understood(given[-1], several=False)[1].value()
    return value if isinstance(value, str) else given[-1].partition("=")[2]


def names_allowed(words: Sequence[str]) -> frozenset[str]:
    """Every name that `allow_targets` has in the words, in all values of a sweep."""
    given = [word.partition("=")[2] for word in words if word.partition("=")[0].lstrip("+~") == "allow_targets"]
    return frozenset(re.findall(r"[\w.]+", " ".join(given)))


def is_swept(word: str) -> bool:
    """Whether a word gives several values."""
    override = _parsed(word)
    return override is not None and override.is_sweep_override()


def name_of(override: Override) -> tuple[str, bool]:
    """What an override is about, and whether it removes it: two words of the same name contradict each other."""
    package = f"@{override.package}" if override.package else ""
    return override.key_or_group + package, override.is_delete()


def quoted(text: str) -> str:
    """A text in quotes from which Hydra's grammar reads the same text."""
    from hydra.core.override_parser.types import Quote, QuotedString

    return str(QuotedString(text, Quote.single).with_quotes())


def written(value: Any) -> str:
    """A plain value as a command line has it: null, true, 1e-05, [a,'b,c'], {lr:0.1}.

    A text is bare where Hydra's grammar reads the same text from it, else in quotes.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{','.join(map(written, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{key}:{written(each)}' for key, each in value.items())}}}"
    if not isinstance(value, str):
        return str(value)
    override = _parsed(f"key=[{value}]")
    return value if override is not None and override._value == [value] else quoted(value)


def _understood(word: str, several: bool) -> tuple[str, Override]:
    given, word = word, present_word(word)
    key, _, value = word.partition("=")
    override = _parsed(word) if key.strip("+~") else None
    if key.strip("+").rpartition(".")[2] in _PROMPTS and not (override is not None and _is_quoted(value, override)):
        literal = value.replace("${", "\\${")
        override = _parsed(word := f"{key}={quoted(literal)}")
    is_text = value and _is_text(value) if override is None else _is_a_path(value, override, several)
    if is_text and key.strip("+~"):
        literal = value.replace("${", "\\${") if _exists(value) else value  # else a reference to another key
        word = f"{key}={quoted(literal)}"
        override = _parsed(word)
    if override is None:
        raise ConfigError(unreadable(given))
    return word, override


def _is_quoted(value: str, override: Override) -> bool:
    """Whether what is given for a prompt is to be read as Hydra does: a text in quotes, a sweep over such, nothing."""
    from hydra.core.override_parser.types import ChoiceSweep, QuotedString

    read = override._value
    if isinstance(read, ChoiceSweep):
        return all(isinstance(each, QuotedString) for each in read.list)
    return not value or read is None or isinstance(read, QuotedString) or bool(_REFERENCE.fullmatch(value))


def _parsed(word: str) -> Override | None:
    """The override that a word is; None for a word that the grammar does not know."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        return OverridesParser.create().parse_override(word)
    except HydraException:
        return None


def _is_text(value: str) -> bool:
    """Whether a value that the grammar does not know is a plain text."""
    if not _STRUCTURE.search(value) or value.startswith((*_FOLDERS, "${")) or _exists(value):
        return True  # ${add:${seed},1}: a reference within another is beyond the grammar, and not beyond OmegaConf
    return "/" in value and not _OPENING.match(value)


def _is_a_path(value: str, override: Override, several: bool) -> bool:
    """Whether a value that the grammar reads as something else than this text is a path that exists."""
    from hydra.core.override_parser.types import QuotedString, ValueType

    read, may_be_bare = override._value, isinstance(override._value, str)
    if override.value_type == ValueType.SIMPLE_CHOICE_SWEEP:
        may_be_bare = not several
    elif override.value_type != ValueType.ELEMENT or isinstance(read, QuotedString):
        return False
    return read != value and ("/" in value or may_be_bare) and _exists(value)


def _exists(value: str) -> bool:
    try:
        return bool(value) and Path(value).expanduser().exists()
    except (OSError, ValueError, RuntimeError):  # too long for a name, a null byte, a home that is not known
        return False


def unreadable(word: str) -> str:
    """A sentence on a word that Hydra's grammar cannot read, with the remedy."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    key, sign, _ = word.partition("=")
    if not sign:
        return f"{word!r} sets nothing: settings are written key=value, and ~key removes one"
    if not key.strip("+~") or _parsed(f"{key}=0") is None:
        return f"{word!r} begins with no key: settings are written key=value, as in model.coding_size=16"
    try:
        OverridesParser.create().parse_override(word)
    except HydraException as error:
        if "while evaluating" in str(error):  # a function of the grammar that does not take these arguments
            return f"{word!r} is not possible: {str(error).splitlines()[0]}"
    return f"{word!r} cannot be read{_remedies(word)}"


def _remedies(word: str) -> str:
    """How to say one text in the shell and in Hydra's grammar."""
    key, _, value = word.partition("=")
    in_quotes = quoted(value) if set(value) & {'"', "\\"} else f'"{value}"'
    return f"; if {value!r} is one text, write {shlex.quote(f'{key}={in_quotes}')}"
