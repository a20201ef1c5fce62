"""A text as the condition, as a text tower reads it.

Paper: https://arxiv.org/abs/2112.10752 (Rombach et al. 2022, section 3.3)
"""

from __future__ import annotations

import warnings
from typing import Any, Literal

import torch
from torch import Tensor, nn

from genlab.conditioning.condition import Condition
from genlab.conditions import Conditions, ConditionTensors, as_input, check_request
from genlab.data.batch import Batch
from genlab.notice import Notice
from genlab.randomness import Randomness, rand
from genlab.ranges import Rate
from genlab.texts.text_encoder import TextEncoder

_NO_CAPTIONS = "conditioner=text needs data with captions, and {} has none"


class TextConditioner(nn.Module):
    """`tokens` (batch, length, width), their `mask`, and `pooled` (batch, width): what cross-attention looks at.

    A negative prompt takes the place of the null: guidance leads away from it instead. Equal texts of a batch are
    encoded once.

    Args:
        text: the tower; it is trained along where its weights take gradients.
        dropout: share of training texts replaced by the null, which classifier-free guidance needs.
        null: what stands for no text, in training and in sampling: "empty" is the text "", "zeros" are zeros.
        attend_padding: rows are filled to the tower's full length and the network looks at the filling too, as in
            Stable Diffusion. Otherwise a batch is as long as its longest text, and the filling is masked.
    """

    num_classes: int | None = None
    asks = frozenset({"prompt", "negative_prompt"})
    gives = frozenset({"tokens", "mask", "pooled"})
    share_cut: Tensor

    def __init__(
        self, text: TextEncoder, dropout: Rate = 0.0, null: Literal["empty", "zeros"] = "empty",
        attend_padding: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.text = text
        self.dropout = dropout
        self.null = null
        self.attend_padding = attend_padding
        self.register_buffer("share_cut", torch.tensor(0.0))
        self._reported: set[str] = set()

    def prepare(self, data: Any) -> None:
        """Count the captions to train on, of a data module, that are longer than the tower reads, and say so."""
        if (captions := data.all_captions("train")) is None:
            raise ValueError(_NO_CAPTIONS.format(getattr(data, "name", "the dataset")))
        cut = {text: rest for text, rest in self._cut(captions).items() if rest}
        n = sum(text in cut for text in captions)
        self.share_cut.fill_(n / max(1, len(captions)))
        if cut:
            text, rest = next(iter(cut.items()))
            warnings.warn(
                Notice(
                    f"text.length={self.text.length} tokens: {n} of the {len(captions)} training captions are longer "
                    f"and are cut; of {_short(text)!r} these words are not read: {_short(rest)!r}"
                ),
                stacklevel=2,
            )

    def provenance(self) -> dict[str, Any]:
        """For the record of scores: the tower, and the share of training captions that were cut."""
        return {"text": type(self.text).__name__, "captions_cut": round(float(self.share_cut), 6)}

    def forward(self, batch: Batch, generator: Randomness = None) -> Condition:
        if batch.caption is None:
            raise ValueError(_NO_CAPTIONS.format("the dataset"))
        condition = self._condition(batch.caption)
        if self.training and self.dropout > 0:
            return condition.without(rand((len(batch.caption),), generator, batch.x.device) < self.dropout)
        return condition

    def from_input(self, n: int, condition: Conditions, device: torch.device | None = None) -> Condition:
        request = as_input(condition)
        check_request(request, self.asks)
        if request.negative_prompt is not None and not self.dropout:
            raise ValueError(
                "a negative prompt needs a model trained with conditioner.dropout greater than 0, such as 0.1; this "
                "one always saw a text"
            )
        request = request.for_each(n)
        self._report([*(request.prompt or []), *(request.negative_prompt or [])])
        made = self._condition(request.prompt or [""] * n, request.negative_prompt)
        if request.prompt is None and self.dropout:
            made = made._replace(given=self._condition([""] * n).null)
        return made

    def _condition(self, texts: list[str], negative: list[str] | None = None) -> Condition:
        """The condition of `texts`, and the null: that of the texts `negative`, where they are given."""
        as_text = negative or ([""] * len(texts) if self.null == "empty" else [])
        unique = list(dict.fromkeys([*texts, *(as_text if self.dropout else [])]))
        encoded = self.text(unique, self.attend_padding)
        mask = None if self.attend_padding else encoded.mask
        whole = ConditionTensors(tokens=encoded.tokens, mask=mask, pooled=encoded.pooled)
        place = {text: i for i, text in enumerate(unique)}

        def rows(of: list[str], all_rows: ConditionTensors = whole) -> ConditionTensors:
            return all_rows.rows(torch.tensor([place[text] for text in of], device=encoded.tokens.device).long())

        if not self.dropout:
            return Condition(rows(texts))
        zeros = whole._replace(tokens=torch.zeros_like(encoded.tokens), pooled=torch.zeros_like(encoded.pooled))
        return Condition(rows(texts), rows(as_text) if as_text else rows(texts, zeros))

    def _cut(self, texts: list[str]) -> dict[str, str]:
        """Text -> the words of it that are not read."""
        unique = list(dict.fromkeys(texts))
        return dict(zip(unique, self.text.truncated(unique), strict=True))

    def _report(self, texts: list[str]) -> None:
        """Say once of every prompt that is too long which words of it are not read."""
        for text, rest in self._cut([text for text in texts if text not in self._reported]).items():
            self._reported.add(text)
            if rest:
                warnings.warn(
                    Notice(
                        f"a prompt is longer than the {self.text.length} tokens that this model reads; these words are "
                        f"not read: {rest!r}"
                    ),
                    stacklevel=2,
                )


def _short(text: str, most: int = 120) -> str:
    return text if len(text) <= most else f"{text[:most]}..."
