"""Translation between two domains: what each player minimises, what the pool keeps, and that it finds a known shift."""

import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from genlab.conditions import ConditionInput
from genlab.data.batch import Batch
from genlab.models.linear_decay import LinearDecay
from genlab.models.picture_pool import PicturePool
from genlab.models.translation import Translation
from genlab.objectives.adversarial_losses import Hinge, LeastSquares
from interrupting import along, differences, of_trainer, quietly  # noqa: F401
from models.two_clouds import SHIFT, TwoClouds, translation


def batch(n=6):
    a, b = torch.randn(2, n, 2, generator=torch.Generator().manual_seed(0))
    return Batch(a, other=b + SHIFT)


def test_the_generators_minimise_deceit_cycle_and_identity():
    model, (a, _, _, b, _) = translation(loss=Hinge()), batch()
    terms = model.loss(batch(), "generators")
    there, back = model.generators["a_to_b"], model.generators["b_to_a"]
    expected = {
        "deceit/a": -model.discriminators["a"](back(b)).mean(), "deceit/b": -model.discriminators["b"](there(a)).mean(),
        "cycle/a": (back(there(a)) - a).abs().mean(), "cycle/b": (there(back(b)) - b).abs().mean(),
        "identity/a": (back(a) - a).abs().mean(), "identity/b": (there(b) - b).abs().mean(),
    }  # fmt: skip
    assert set(terms) == {"loss", *expected}
    weights = {"deceit": 2.0, "cycle": 10.0, "identity": 5.0}
    total = sum(weights[name.split("/")[0]] * value for name, value in expected.items())
    torch.testing.assert_close(terms, {"loss": total, **expected})


def test_each_discriminator_sees_its_own_domain_and_what_was_made_for_it():
    model, given = translation(pool_size=0), batch()
    with torch.no_grad():
        made = {"a": model.translate(given.other, "b_to_a"), "b": model.translate(given.x)}
    terms = model.loss(given, "discriminators")
    scores = {
        "a": (model.discriminators["a"](given.x), model.discriminators["a"](made["a"])),
        "b": (model.discriminators["b"](given.other), model.discriminators["b"](made["b"])),
    }
    total = sum(LeastSquares().discriminator(*each) for each in scores.values())
    means = {f"{kind}/{d}": each[i].mean() for d, each in scores.items() for i, kind in enumerate(("real", "fake"))}
    torch.testing.assert_close(terms, {"discriminators": total, **means})
    total.backward()
    assert all(p.grad is None for p in model.generators.parameters())


def test_the_discriminators_see_what_the_generators_made_before_they_moved():
    model, given = translation(pool_size=0), batch()
    model.loss(given, "generators")
    before = model.loss(given, "discriminators")
    with torch.no_grad():
        for p in model.generators.parameters():
            p.add_(1.0)
    torch.testing.assert_close(model.loss(given, "discriminators"), before)
    assert model.loss(batch(), "discriminators")["fake/a"] != before["fake/a"]  # of another batch they are made anew


def test_generators_that_copy_have_neither_cycle_nor_identity_error():
    copies = Translation(nn.Identity(), nn.Identity(), *(nn.Flatten() for _ in range(2)), LeastSquares(), None)
    terms = copies.loss(batch())
    assert [terms[f"{kind}/{d}"].item() for kind in ("cycle", "identity") for d in "ab"] == [0, 0, 0, 0]
    assert not any(name.startswith("identity") for name in translation(identity_weight=0.0).loss(batch()))


def test_samples_are_translations_of_the_pictures_that_are_given():
    model, x = translation(), batch().x
    torch.testing.assert_close(model.sample(6, ConditionInput(picture=x)), model.translate(x))
    torch.testing.assert_close(model.sample(3, ConditionInput(picture=x[:1])), model.translate(x[[0, 0, 0]]))
    with pytest.raises(ValueError, match="give picture=FILE"):
        model.sample(2)
    with pytest.raises(ValueError, match="direction = 'up' must be a_to_b or b_to_a"):
        model.translate(x, "up")
    with pytest.raises(ValueError, match="needs data of two domains"):
        model.loss(Batch(x))


def test_it_finds_the_shift_between_two_clouds(tmp_path, quietly):  # noqa: F811
    model, data = translation(rate=5e-3, width=24, cycle_weight=3.0, identity_weight=1.0), TwoClouds(800, 32)
    model.lr_scheduler = lambda optimizer: LinearDecay(optimizer, 300)
    trainer = pl.Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False, max_epochs=12,
        enable_checkpointing=False, num_sanity_val_steps=0, limit_val_batches=0, default_root_dir=tmp_path,
    )  # fmt: skip
    trainer.fit(model, data)
    x = data.load("test").stored
    with torch.no_grad():
        there = model.translate(x)
        back = model.translate(there, "b_to_a")
    torch.testing.assert_close((there - x).mean(0), SHIFT, atol=0.2, rtol=0)
    torch.testing.assert_close(there.std(0), x.std(0), atol=0.15, rtol=0)
    assert (back - x).abs().mean() < 0.05


def test_interrupted_it_ends_as_undisturbed_with_its_pools(tmp_path, quietly):  # noqa: F811
    def made():
        module = translation(width=8, pool_size=20, ema_decay=0.9)
        module.lr_scheduler = lambda optimizer: LinearDecay(optimizer, 8)
        return module, TwoClouds(32, batch_size=8), {"max_epochs": 2}

    whole, end = along(of_trainer(made, tmp_path), [1, 3, 4, 6])
    assert not differences(whole, end)
    rates = [line["generators/lr"] for line in whole["history"] if "generators/lr" in line]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < rates[0]


def test_a_pool_of_nothing_gives_all_back():
    pool, x = PicturePool(0), torch.randn(5, 3)
    assert pool(x) is x
    assert not len(pool.kept)


def test_a_full_pool_gives_an_old_one_half_of_the_time_and_keeps_the_new_one():
    torch.manual_seed(0)
    pool, n = PicturePool(50), 2000
    first = torch.arange(50.0)[:, None]
    assert torch.equal(pool(first), first)
    new = torch.arange(50.0, 50 + n)[:, None]
    given = torch.cat([pool(part) for part in new.split(4)])
    old = given != new
    assert old.float().mean().item() == pytest.approx(0.5, abs=4 * 0.5 / n**0.5)
    assert (given <= new).all()  # never one that is yet to come
    both = torch.cat([given[old], pool.kept.flatten()])
    assert len(both.unique()) == len(both)  # what is handed out is no longer kept
    assert torch.equal(torch.cat([both, given[~old]]).unique(), torch.arange(50.0 + n))  # and nothing is lost


def test_a_pool_is_filled_by_part_of_a_batch_and_comes_back_with_what_it_has():
    pool = PicturePool(6)
    pool(torch.ones(4, 2))
    again = PicturePool(6)
    again.load_state_dict(pool.state_dict())
    assert torch.equal(again.kept, torch.ones(4, 2))
    assert len(pool(torch.zeros(4, 2))) == 4
    assert len(pool.kept) == 6
    with pytest.raises(ValueError, match="pool_size=-1 must be 0 or more"):
        PicturePool(-1)


def test_the_rate_stays_for_half_of_the_training_and_then_falls_to_nothing():
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=2.0)
    schedule, rates = LinearDecay(optimizer, 8), []
    for _ in range(9):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates == pytest.approx([2, 2, 2, 2, 2, 1.5, 1, 0.5, 0])
