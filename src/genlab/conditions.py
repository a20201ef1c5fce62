"""Conditions: what a person asks a model for, and what a network gets of it, each by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from genlab.errors import nearest


class ConditionTensors(NamedTuple):
    """What a network gets besides the noisy data: every field has one row for each item of the batch, or is None.

    A tuple, so that Lightning moves it between devices by itself.
    """

    label: Tensor | None = None
    """(batch,) int64: the class."""

    tokens: Tensor | None = None
    """(batch, length, width): what cross-attention looks at, such as the words of a text."""

    mask: Tensor | None = None
    """(batch, length) bool, true where a token counts; None where all of them do."""

    pooled: Tensor | None = None
    """(batch, width): one vector for all of the condition, such as a text's."""

    channels: Tensor | None = None
    """(batch, channel, *size of x): laid beside the noisy data as further input channels."""

    control: Tensor | None = None
    """(batch, channel, height, width) in [0, 1], in pixels: the control picture of a ControlNet."""

    guidance_scale: Tensor | None = None
    """(batch,): the scale, for a network that was distilled for many."""

    @property
    def names(self) -> frozenset[str]:
        """The fields that are there."""
        return frozenset(name for name, value in zip(self._fields, self, strict=True) if value is not None)

    def rows(self, index: Tensor | slice) -> ConditionTensors:
        """The rows that `index` chooses (numbers, true ones of a mask, or a slice)."""
        return ConditionTensors(*(None if field is None else field[index] for field in self))

    def to(self, device: torch.device | str | None) -> ConditionTensors:
        """The same on another device."""
        return ConditionTensors(*(None if field is None else field.to(device) for field in self))


def concatenate(parts: Sequence[ConditionTensors]) -> ConditionTensors:
    """The rows of all parts, one after the other. Shorter tokens are padded by zeros, and the mask says so.

    Raises:
        ValueError: a field is in some of the parts and not in others.
    """
    if len({part._replace(mask=None).names for part in parts}) > 1:
        kinds = " and ".join(sorted({", ".join(sorted(part.names)) or "nothing" for part in parts}))
        raise ValueError(f"conditions of one batch must tell a network the same things, and these tell {kinds}")
    parts = _of_one_length(parts)
    return ConditionTensors(
        *(None if fields[0] is None else torch.cat(list(fields)) for fields in zip(*parts, strict=True))
    )


def replaced(given: ConditionTensors, null: ConditionTensors, where: Tensor) -> ConditionTensors:
    """`given`, with the row of `null` in every place where `where` is true.

    Args:
        where: (batch,) bool for all fields alike, or (batch, fields) in the order of `ConditionTensors`' fields.

    Raises:
        ValueError: a field is in one of them and not in the other.
    """
    if given.names - {"mask"} != null.names - {"mask"}:
        concatenate([given, null])  # says what differs
    given, null = _of_one_length([given, null])
    columns = where.unbind(1) if where.ndim == 2 else [where] * len(given)
    return ConditionTensors(
        *(
            None if a is None or b is None else torch.where(column.reshape(-1, *[1] * (a.ndim - 1)), b, a)
            for a, b, column in zip(given, null, columns, strict=True)
        )
    )


def _of_one_length(parts: Sequence[ConditionTensors]) -> list[ConditionTensors]:
    """Tokens and masks of the longest part's length; masks only where a token may not count."""
    lengths = [part.tokens.shape[1] for part in parts if part.tokens is not None]
    if not lengths or (len(set(lengths)) == 1 and len({part.mask is None for part in parts}) == 1):
        return list(parts)
    longest, padded = max(lengths), []
    for part in parts:
        assert part.tokens is not None, "all parts have tokens where one has"
        n, length, width = part.tokens.shape
        mask = part.tokens.new_ones(n, length, dtype=torch.bool) if part.mask is None else part.mask
        tokens = torch.cat([part.tokens, part.tokens.new_zeros(n, longest - length, width)], 1)
        padded.append(part._replace(tokens=tokens, mask=torch.cat([mask, mask.new_zeros(n, longest - length)], 1)))
    return padded


class ConditionInput(NamedTuple):
    """What a person asks a model for, in the data's own terms. A field is None, one for all samples, or one for each.

    Models and verbs take it wherever they take `Conditions`: labels (n,) and a list of prompts are turned into one.
    """

    label: Tensor | None = None
    """() or (n,) int64: the class."""

    prompt: list[str] | None = None
    """1 or n texts."""

    negative_prompt: list[str] | None = None
    """1 or n texts, of what is not to be seen; guidance leads away from them."""

    picture: Tensor | None = None
    """(1 or n, channel, height, width) in [-1, 1]: a picture that samples go by."""

    mask: Tensor | None = None
    """(1 or n, 1, height, width) bool: true where `picture` is to be made anew."""

    depth: Tensor | None = None
    """(1 or n, channel, height, width) in any range: how near each place of a picture is, white is near."""

    @property
    def names(self) -> frozenset[str]:
        """The fields that are there."""
        return frozenset(name for name, value in zip(self._fields, self, strict=True) if value is not None)

    def only(self, names: Iterable[str]) -> ConditionInput:
        """These fields and no others."""
        return ConditionInput(**{name: getattr(self, name) for name in names if name in self._fields})

    def for_each(self, n: int) -> ConditionInput:
        """One of everything for each of `n` samples.

        Raises:
            ValueError: there is neither one nor n.
        """
        return ConditionInput(
            *(None if v is None else _for_each(k, v, n) for k, v in zip(self._fields, self, strict=True))
        )

    def part(self, start: int, stop: int) -> ConditionInput:
        """The conditions of samples start, ..., stop - 1, where each has its own."""
        fields: list[Any] = [None if value is None else value[start:stop] for value in self]
        return ConditionInput(*fields)

    def at(self, rows: Sequence[int]) -> ConditionInput:
        """The conditions of the samples of these numbers, where each has its own."""
        return ConditionInput(*(None if v is None else _at(v, rows) for v in self))

    def to(self, device: torch.device | str | None) -> ConditionInput:
        """The same on another device."""
        fields: list[Any] = [value.to(device) if isinstance(value, Tensor) else value for value in self]
        return ConditionInput(*fields)


def concatenate_inputs(parts: Sequence[ConditionInput]) -> ConditionInput:
    """The conditions of all parts, one after the other; all have the same fields."""
    return ConditionInput(
        *(None if field[0] is None else _one_after_the_other(field) for field in zip(*parts, strict=True))
    )


Conditions = Tensor | list[str] | ConditionInput | None
"""What samples are conditioned on: labels (batch,), prompts, all of a `ConditionInput`, or nothing."""

_SHOWN = {"label": "a label", "prompt": "a prompt", "negative_prompt": "a negative prompt", "picture": "a picture",
          "mask": "a mask", "depth": "depths"}  # fmt: skip


def as_input(condition: Any) -> ConditionInput:
    """A `ConditionInput` of anything that is taken for conditions: a bare label or labels, a prompt or prompts."""
    if condition is None:
        return ConditionInput()
    if isinstance(condition, ConditionInput):
        return condition
    if isinstance(condition, str):
        return ConditionInput(prompt=[condition])
    if not isinstance(condition, Tensor) and len(texts := list(condition)) and all(isinstance(t, str) for t in texts):
        return ConditionInput(prompt=texts)
    return ConditionInput(label=torch.as_tensor(condition))


def request_by_name(condition: Conditions, words: Mapping[str, Any]) -> Conditions:
    """`condition` with what is asked for by the names of `ConditionInput`'s fields, each one value or one for each
    sample: {"prompt": "a red cat", "negative_prompt": "a hat"}.

    Raises:
        ValueError: there is no such name, or it is given twice.
    """
    if not words:
        return condition
    request = as_input(condition)
    for name, value in words.items():
        if name not in ConditionInput._fields:
            known = nearest(name, ConditionInput._fields) or f"; what can be asked for is {_names(' and ')}"
            raise ValueError(f"a sample is not asked for by {name!r}{known}")
        if value is None:
            continue
        if name in request.names:
            raise ValueError(f"{name} is asked for twice, by its name and without it")
        is_text = name in ("prompt", "negative_prompt")
        own: Any = ([value] if isinstance(value, str) else list(value)) if is_text else torch.as_tensor(value)
        request = request._replace(**{name: own})
    return request


def asks_of(model: Any) -> frozenset[str]:
    """What a model, or a conditioner, can be asked for: names of `ConditionInput`'s fields."""
    own: Iterable[str] | None = getattr(model, "asks", None)
    if own is not None:
        return frozenset(own)
    return frozenset({"label"}) if getattr(model, "num_classes", None) else frozenset()


def check_request(request: ConditionInput, asks: Iterable[str]) -> None:
    """Raise ValueError, one sentence, for what a model cannot be asked for; it can be asked for `asks`."""
    asks = frozenset(asks)
    if not (wrong := [name for name in ConditionInput._fields if name in request.names - asks]):
        return
    thing = _SHOWN[wrong[0]]
    if not asks:
        raise ValueError(f"this model is unconditional: it cannot be asked for {thing}")
    able = " and ".join(_SHOWN[name] for name in ConditionInput._fields if name in asks)
    raise ValueError(f"this model cannot be asked for {thing}, only for {able}")


def conditions_for(
    model: Any, data: Any, split: str, n: int, prompts: Sequence[str] | None = None
) -> ConditionInput | None:
    """The conditions of `n` samples where no person gives any: for scores, pictures of a training, and reflow.

    A model of classes alone goes through them in turn; any other model takes those of the data of a split, in their
    order (labels, captions, pictures), from the beginning again where there are fewer than `n`. Second pictures are the
    depths of a model that goes by depths; one that estimates them gets the data's own pictures where there are none.
    One that fills in gets the data's own pictures, and its middle is made anew.

    Args:
        prompts: those that take the place of captions, in turn.

    Raises:
        ValueError: the data do not have what the model needs.
    """
    asks = asks_of(model)
    if not asks:
        return None
    if asks == {"label"}:
        return ConditionInput(label=torch.arange(n) % model.num_classes)
    of_data = data.conditions(split, n) if hasattr(data, "conditions") else None
    if prompts is not None:
        of_data = (of_data or ConditionInput())._replace(prompt=[prompts[i % len(prompts)] for i in range(n)])
    request = _with_depths_and_masks(of_data or ConditionInput(), asks, data, split, n).only(asks)
    if lacking := not_told(asks, request.names):
        lacks = {
            "label": "labels", "prompt": "captions", "picture": "pictures of conditions", "mask": "masks",
            "depth": "second pictures, of depths",
        }  # fmt: skip
        name = getattr(data, "name", type(data).__name__)
        raise ValueError(f"the model is asked for {_SHOWN[lacking[0]]}, and {name} has no {lacks[lacking[0]]}")
    return request


def not_told(asks: frozenset[str], names: frozenset[str]) -> list[str]:
    """What a model that can be asked for `asks` must be told beside `names`. Depths may be those of a picture."""
    if {"picture", "depth"} <= asks and names & {"picture", "depth"}:
        names |= {"picture", "depth"}
    return [name for name in ConditionInput._fields if name in asks - names - {"negative_prompt"}]


def _with_depths_and_masks(
    of_data: ConditionInput, asks: frozenset[str], data: Any, split: str, n: int
) -> ConditionInput:
    if "depth" in asks:
        of_data = of_data._replace(depth=of_data.picture, picture=None)
    is_estimated = {"picture", "depth"} <= asks and of_data.depth is None
    if ("mask" in asks or is_estimated) and hasattr(data, "items"):
        stored, _ = data.items(split)
        picture = data.to_model(stored[torch.arange(n) % len(stored)].cpu())
        if is_estimated:
            return of_data._replace(picture=picture)
        height, width = picture.shape[-2:]
        anew = torch.zeros(1, 1, height, width, dtype=torch.bool)
        anew[..., height // 4 : height - height // 4, width // 4 : width - width // 4] = True
        of_data = of_data._replace(picture=picture, mask=anew.expand(n, -1, -1, -1))
    return of_data


def _names(last: str) -> str:
    *names, end = ConditionInput._fields
    return ", ".join(names) + last + end


def _one_after_the_other(values: Sequence[Any]) -> Any:
    return torch.cat(list(values)) if isinstance(values[0], Tensor) else [text for part in values for text in part]


def _at(value: Any, rows: Sequence[int]) -> Any:
    return value[torch.as_tensor(rows)] if isinstance(value, Tensor) else [value[i] for i in rows]


def _for_each(name: str, value: Any, n: int) -> Any:
    if isinstance(value, Tensor) and value.ndim == 0:
        return value.expand(n)
    if len(value) == n:
        return value
    if len(value) == 1:
        return value.expand(n, *value.shape[1:]) if isinstance(value, Tensor) else value * n
    kind = name.replace("_", " ") + "s"
    shape = f"a condition of shape {tuple(value.shape)}" if isinstance(value, Tensor) else str(len(value))
    raise ValueError(f"{n} samples need {n} {kind}, got {shape}")
