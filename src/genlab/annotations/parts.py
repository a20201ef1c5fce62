"""Whether a part fits the parameter that it is given to, read from the annotations in the sources.

A config is read from strangers' run folders: what is written where a path or a number belongs must not be built at
all, and an optimiser must be one. Nothing is imported, so that the answer takes no time.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from genlab.annotations.definitions import Alias, Definition, UnknownTarget, bases, define, meaning, qualified
from genlab.annotations.terms import parsed, terms

_TYPING = ("typing.", "typing_extensions.", "collections.abc.", "types.")
_OF_ITEMS = {
    "list", "tuple", "set", "frozenset", "List", "Tuple", "Sequence", "Iterable", "Collection", "Iterator", "Set",
}  # fmt: skip
_MODULE = "torch.nn.modules.module.Module"
_OF_VALUES = {"dict", "Dict", "Mapping", "MutableMapping"}


class Kind(NamedTuple):
    """What a parameter takes: an annotation, and the module whose names it is written in."""

    annotation: str
    module: str


@dataclass(frozen=True)
class _Type:
    """One member of an annotation: a special form ("Callable", "list", "Any") with its arguments, or a class."""

    form: str
    arguments: tuple[tuple[ast.expr, str], ...] = ()
    definition: Definition | None = None


@cache
def fits(target: str, partial: bool, kind: Kind) -> bool:
    """Whether the object that `target` builds (`partial`: a call of it that waits for more arguments) is of a kind."""
    try:
        definition = define(target)
    except UnknownTarget:
        return False
    return any(_is(definition, partial, member) for member in _members(parsed(kind.annotation), kind.module))


def items_of(kind: Kind) -> list[Kind]:
    """What the items of a list, or the values of a mapping, must be where `kind` is asked for; empty for neither."""
    kinds = []
    for member in _members(parsed(kind.annotation), kind.module):
        if member.form in _OF_ITEMS:
            kinds += [Kind(ast.unparse(node), module) for node, module in member.arguments]
        elif member.form in _OF_VALUES and len(member.arguments) == 2:
            node, module = member.arguments[1]
            kinds.append(Kind(ast.unparse(node), module))
    return kinds


def _members(node: ast.expr, module: str) -> Iterator[_Type]:
    """The members of a union, aliases followed."""
    for term in terms(node, module):
        if not term.name or term.name == "None":
            continue
        if term.arguments and (form := _special(term.name, module)) is not None:
            yield _Type(form, tuple((argument, module) for argument in term.arguments))
        else:
            yield from _named(term.name, module)


def _named(name: str, module: str) -> Iterator[_Type]:
    if (form := _special(name, module)) is not None:
        yield _Type(form)
        return
    try:
        definition = meaning(module, name)
    except UnknownTarget:
        return
    if isinstance(definition, Alias):
        yield from _members(definition.value, definition.module)
    elif isinstance(definition.node, ast.ClassDef):
        yield _Type("class", definition=definition)


def _special(name: str, module: str) -> str | None:
    """ "Callable", "list", "int": a name of `typing` or a builtin; None for any other."""
    whole = qualified(module, name)
    for prefix in _TYPING:
        if whole.startswith(prefix):
            return whole.removeprefix(prefix)
    return whole if "." not in whole else None


def _is(given: Definition, partial: bool, expected: _Type) -> bool:
    if expected.form == "Callable":
        return _calls(given, partial, expected)
    if expected.definition is None:
        return False
    if isinstance(given.node, ast.FunctionDef) and not partial:
        return any(_is(each, False, expected) for each in _results(given.node, given.module))
    call = _own(expected.definition).get("__call__") if _is_protocol(expected.definition) else None
    if partial:
        return isinstance(call, ast.FunctionDef) and _gives(given, call.returns, expected.definition.module)
    return _instance(given, expected.definition)


def _calls(given: Definition, partial: bool, expected: _Type) -> bool:
    """Whether it may be called as a Callable says."""
    parameters, result = expected.arguments if len(expected.arguments) == 2 else (None, None)
    if partial:
        return result is None or _gives(given, *result)
    objects = _results(given.node, given.module) if isinstance(given.node, ast.FunctionDef) else [given]
    n = len(parameters[0].elts) if parameters is not None and isinstance(parameters[0], ast.List) else None
    return any(_answers(each, n, result) for each in objects)


def _answers(given: Definition, n: int | None, result: tuple[ast.expr, str] | None) -> bool:
    """Whether objects of a class may be called with `n` arguments and, where that is of a class, give `result`."""
    member = _member(given, "__call__")
    if not isinstance(member, tuple):
        return member and (result is None or not _is_of_a_class(*result))
    call, module = member
    gives = (
        result is None or not _is_of_a_class(*result) or any(_gives(each, *result) for each in _results(call, module))
    )
    return gives and (n is None or _takes(call, n, set()))


def _gives(given: Definition, result: ast.expr | None, module: str) -> bool:
    """Whether a call of `given` gives what `result` says; a result that no class stands for is taken for any."""
    if result is None or not _is_of_a_class(result, module):
        return True
    return any(_is(given, False, member) for member in _members(result, module))


def _is_of_a_class(result: ast.expr, module: str) -> bool:
    return any(member.definition is not None for member in _members(result, module))


def _results(node: ast.FunctionDef, module: str) -> list[Definition]:
    """The classes that a function says it returns."""
    members = [] if node.returns is None else _members(node.returns, module)
    return [member.definition for member in members if member.definition is not None]


def _instance(given: Definition, expected: Definition) -> bool:
    """Whether objects of a class are of another, or have what a protocol asks for."""
    above = bases(given)
    if expected.name in {each.name for each in above}:
        return True
    if not _is_protocol(expected):
        return False
    members = {name: what for each in bases(expected) if _is_protocol(each) for name, what in _own(each).items()}
    return all(_has(given, name, what) for name, what in members.items())


def _has(given: Definition, name: str, expected: ast.stmt) -> bool:
    """Whether objects of a class have a member that can be used as the one that is asked for."""
    member = _member(given, name)
    if not isinstance(member, tuple):
        return member
    if not isinstance(expected, ast.FunctionDef) or expected.decorator_list or member[0].decorator_list:
        return True  # an attribute or a property
    arguments = expected.args
    needed = len(arguments.args) - 1 - len(arguments.defaults)
    return _takes(member[0], needed, {each.arg for each in arguments.kwonlyargs})


def _member(given: Definition, name: str) -> tuple[ast.FunctionDef, str] | bool:
    """A method of a class with the module that it is written in; else whether there is a member of that name."""
    above = bases(given)
    if name == "__call__" and any(each.name == _MODULE for each in above):
        name = "forward"  # which torch calls
    for each in above:
        if (member := _own(each).get(name)) is not None:
            return (member, each.module) if isinstance(member, ast.FunctionDef) else True
    return any(name in _set_by_methods(each) for each in above)


def _takes(call: ast.FunctionDef, n: int, keywords: set[str]) -> bool:
    """Whether a method may be called with `n` arguments by position and with these by name."""
    arguments = call.args
    positional = [each.arg for each in (*arguments.posonlyargs, *arguments.args)][1:]
    optional = set(positional[len(positional) - len(arguments.defaults) :])
    missing = set(positional[n:]) - optional - keywords
    by_name = {*positional[n:], *(each.arg for each in arguments.kwonlyargs)}
    knows = arguments.kwarg is not None or keywords <= by_name
    return knows and not missing and (n <= len(positional) or arguments.vararg is not None)


def _is_protocol(definition: Definition) -> bool:
    node = definition.node
    written = [ast.unparse(base) for base in node.bases] if isinstance(node, ast.ClassDef) else []
    return any(qualified(definition.module, name.partition("[")[0]).endswith(".Protocol") for name in written)


def _own(definition: Definition) -> dict[str, ast.stmt]:
    """The members that a class writes down itself."""
    members: dict[str, ast.stmt] = {}
    for statement in definition.node.body:
        if isinstance(statement, ast.FunctionDef):
            members[statement.name] = statement
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            members[statement.target.id] = statement
        elif isinstance(statement, ast.Assign):
            members |= {target.id: statement for target in statement.targets if isinstance(target, ast.Name)}
    return members


@cache
def _set_by_methods(definition: Definition) -> frozenset[str]:
    """x, of every `self.x = ...` and `self.register_buffer("x", ...)` in the methods of a class."""
    names: set[str] = set()
    for node in ast.walk(definition.node):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self":
            names.add(node.attr)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "self.register_buffer":
            names |= {str(first.value) for first in node.args[:1] if isinstance(first, ast.Constant)}
    return frozenset(names)
