"""Pictures and texts in one space: losses in closed form, and a training that ends where it must."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.data.batch import Batch
from genlab.metrics.retrieval import distinct, places
from genlab.models.contrastive import Contrastive
from genlab.networks.image_tower import ImageTower
from genlab.objectives.image_text import InfoNCE, SigmoidPairs
from genlab.protocols import FitsTexts, Samples
from genlab.texts.clip_small import ClipSmall


def eye(n: int) -> Tensor:
    return torch.eye(n, dtype=torch.bool)


@pytest.mark.parametrize("n", [2, 7])
def test_info_nce_of_orthogonal_vectors_has_a_closed_form(n: int) -> None:
    scale = 3.0
    expected = -math.log(math.exp(scale) / (math.exp(scale) + n - 1))
    assert InfoNCE(scale)(torch.eye(n), eye(n)).item() == pytest.approx(expected)


def test_who_knows_nothing_has_the_entropy_of_the_batch() -> None:
    assert InfoNCE()(torch.zeros(6, 6), eye(6)).item() == pytest.approx(math.log(6))


def test_equal_captions_belong_to_each_others_pictures() -> None:
    """Four pictures, two of one caption: the best there can be is half of the probability for each of the two."""
    vectors = torch.tensor([[1.0, 0, 0], [1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]])
    cosines = vectors @ vectors.T
    shared, scale = cosines > 0.5, 5.0
    others = math.exp(scale)
    expected = (2 * math.log((2 * others + 2) / others) + 2 * math.log((others + 3) / others)) / 4
    assert InfoNCE(scale)(cosines, shared).item() == pytest.approx(expected, rel=1e-5)
    sure = InfoNCE(50.0)
    assert sure(cosines, shared).item() == pytest.approx(math.log(2) / 2, rel=1e-5)
    assert sure(cosines, shared).item() < sure(cosines, eye(4)).item() + 1e-6


def test_info_nce_is_that_of_cross_entropy_both_ways() -> None:
    generator = torch.Generator().manual_seed(0)
    cosines = torch.randn(5, 5, generator=generator) / 3
    expected = (F.cross_entropy(10 * cosines, torch.arange(5)) + F.cross_entropy(10 * cosines.T, torch.arange(5))) / 2
    assert InfoNCE(10.0)(cosines, eye(5)).item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("objective", [InfoNCE(), SigmoidPairs()])
def test_the_order_of_the_batch_changes_no_loss(objective: nn.Module) -> None:
    generator = torch.Generator().manual_seed(0)
    cosines, order = torch.randn(6, 6, generator=generator) / 3, torch.randperm(6, generator=generator)
    shared = torch.arange(6)[:, None] // 2 == torch.arange(6) // 2
    moved = objective(cosines[order][:, order], shared[order][:, order])
    assert moved.item() == pytest.approx(objective(cosines, shared).item(), rel=1e-5)


def test_sigmoid_pairs_are_n_squared_questions() -> None:
    scale, bias = 4.0, -2.0
    right, wrong = 1 / (1 + math.exp(-(scale + bias))), 1 / (1 + math.exp(bias))
    expected = -math.log(right) - 2 * math.log(wrong)
    assert SigmoidPairs(scale, bias)(torch.eye(3), eye(3)).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("objective", [InfoNCE(), SigmoidPairs()])
def test_the_temperature_is_learnt(objective: nn.Module) -> None:
    objective(torch.eye(4), eye(4)).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in objective.parameters())


@pytest.mark.parametrize("objective", [InfoNCE(1e4), SigmoidPairs(1e4)])
def test_the_scale_is_bounded_and_falls_again(objective: nn.Module) -> None:
    """Pictures that are nearer to other texts than to their own: a smaller scale is better."""
    optimizer = torch.optim.SGD(objective.parameters(), 1e-3)
    scales = []
    for _ in range(3):
        optimizer.zero_grad()
        objective(1 - torch.eye(4), eye(4)).backward()
        scales.append(objective.log_scale.exp().item())
        optimizer.step()
    assert scales[0] == pytest.approx(100)
    assert 100 > scales[1] > scales[2]


# ---- the model ------------------------------------------------------------------------------------------

COLOURS = {"red": (1.0, -1, -1), "green": (-1, 1.0, -1), "blue": (-1, -1, 1.0), "white": (1, 1, 1.0)}


def batch(n: int = 16) -> Batch:
    names = [list(COLOURS)[i % 4] for i in range(n)]
    x = torch.stack([torch.tensor(COLOURS[name])[:, None, None].expand(3, 8, 8) for name in names])
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    return Batch(x + 0.1 * noise, None, [f"a {name} picture" for name in names])


def model(objective: InfoNCE | SigmoidPairs | None = None) -> Contrastive:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Contrastive(
            ImageTower(3, 8, width=8, features=16), 16, ClipSmall(16, 1, 2, 8), objective or InfoNCE(),
            lambda parameters: torch.optim.Adam(parameters, 3e-3), width=8,
        )  # fmt: skip


@pytest.mark.parametrize("objective", [InfoNCE(), SigmoidPairs()])
def test_a_few_steps_bring_pictures_to_their_texts(objective: InfoNCE | SigmoidPairs) -> None:
    trained = model(objective)
    optimizer: Any = trained.configure_optimizers()
    for _ in range(80):
        terms = trained.loss(batch())
        optimizer.zero_grad()
        terms["loss"].backward()
        optimizer.step()
    assert terms["accuracy"] == 1
    texts, own = distinct(batch().caption or [])
    trained.eval()
    with torch.no_grad():
        assert places(trained.embed_images(batch().x), trained.embed_texts(texts), own).max() == 0


def test_vectors_have_length_one_and_it_draws_nothing() -> None:
    untrained = model().eval()
    assert isinstance(untrained, FitsTexts)
    assert not isinstance(untrained, Samples)
    for vectors in (untrained.embed_images(batch().x), untrained.embed_texts(["a", "a red one"])):
        assert torch.allclose(vectors.norm(dim=1), torch.ones(len(vectors)))


def test_data_without_captions_are_one_sentence() -> None:
    with pytest.raises(ValueError, match="model=contrastive needs a dataset with captions; this one has none"):
        model().loss(Batch(torch.zeros(2, 3, 8, 8)))


@pytest.mark.parametrize("size", [8, 15, 32, (24, 40)])
def test_the_tower_takes_pictures_of_any_size(size: Any) -> None:
    height, width = (size, size) if isinstance(size, int) else size
    assert ImageTower(1, size, width=8, features=5)(torch.zeros(2, 1, height, width)).shape == (2, 5)


def test_places_count_who_fits_as_well() -> None:
    texts = torch.eye(3)
    pictures = torch.tensor([[1.0, 0, 0], [0.6, 0.8, 0], [0, 0.6, 0.8]])
    assert places(pictures, texts, torch.tensor([0, 0, 0])).tolist() == [0, 1, 2]
    assert places(torch.ones(1, 3), texts, torch.tensor([1])).tolist() == [2]  # who cannot tell has not found


def test_pictures_are_moved_in_training_alone() -> None:
    """One bright column, which nothing but a move can change."""
    x = -torch.ones(2, 3, 8, 8)
    x[..., 4] = 1
    seen: list[Tensor] = []
    trained = model()
    trained.shift = 2
    trained.image.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    for _ in range(20):
        trained.loss(Batch(x, None, ["a", "b"]))
    columns = {int(each[0, 0, 0].argmax()) for each in seen}
    assert columns <= {2, 3, 4, 5, 6}
    assert len(columns) > 2
    trained.eval().loss(Batch(x, None, ["a", "b"]))
    assert torch.equal(seen[-1], x)
