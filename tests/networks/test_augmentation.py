"""What the discriminator sees in place of pictures: nothing changes at strength 0, and gradients pass at any."""

import pytest
import torch

from genlab.networks.augmentation import AdaptiveAugmentation, DiffAugment


def pictures(n=64, channels=3):
    return torch.rand(n, channels, 8, 12, generator=torch.Generator().manual_seed(0)) + 0.5


def adaptive(**options):
    return AdaptiveAugmentation(DiffAugment(), **options)


def test_at_strength_0_and_outside_training_nothing_changes():
    x = pictures()
    assert torch.equal(adaptive()(x), x)
    assert torch.equal(adaptive(strength=1.0).eval()(x), x)
    assert not torch.equal(adaptive(strength=1.0)(x), x)
    assert torch.equal(DiffAugment(colour=False, translation=0.0, cutout=0.0)(x), x)
    with pytest.raises(ValueError, match=r"augmentation changes pictures, and these data are \(2,\): take none"):
        DiffAugment()(torch.zeros(3, 2))


def test_about_as_many_pictures_change_as_the_strength_says():
    x = pictures(2000)
    changed = (adaptive(strength=0.3)(x) != x).flatten(1).any(1).float().mean().item()
    assert changed == pytest.approx(1 - 0.7**3, abs=0.04)  # of three changes at least one; few shifts are by nothing


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_the_gradient_reaches_each_picture_from_itself_alone_and_can_be_differentiated_again(strength):
    x = pictures(8).requires_grad_(True)
    out = adaptive(strength=strength)(x).square()
    (of_first,) = torch.autograd.grad(out[0].sum(), x, create_graph=True)
    assert of_first[0].abs().sum() > 0
    assert of_first[1:].abs().sum() == 0
    (again,) = torch.autograd.grad(of_first.sum(), x)
    assert again.isfinite().all()


def test_a_shift_moves_a_picture_by_whole_pixels_and_leaves_grey():
    x = pictures(200, 1)
    out = DiffAugment(colour=False, translation=0.25, cutout=0.0)(x)
    shifts = set()
    for before, after in zip(x[:, 0], out[:, 0], strict=True):
        rows, columns = (after != 0).nonzero().T
        inside = after[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        down, right = 8 - len(inside), 12 - inside.shape[1]
        top, left = (down if rows.min() else 0), (right if columns.min() else 0)
        origin = before[down - top : 8 - top, right - left : 12 - left]
        assert torch.equal(inside, origin)
        shifts.add((top or -down, left or -right))
    assert {down for down, _ in shifts} == set(range(-2, 3))
    assert {right for _, right in shifts} == set(range(-3, 4))


def test_a_cut_out_square_is_grey_and_the_rest_as_it_was():
    x = pictures(200)
    out = DiffAugment(colour=False, translation=0.0, cutout=0.5)(x)
    cut = (out == 0).all(1)
    assert torch.equal(out[(~cut)[:, None].expand_as(out)], x[(~cut)[:, None].expand_as(x)])
    sizes = cut.flatten(1).sum(1)
    assert sizes.max() == 4 * 6
    assert sizes.min() >= 2 * 3


def test_colours_change_alike_in_all_places_of_a_picture():
    x = pictures(16, 1)
    out = DiffAugment(translation=0.0, cutout=0.0)(x)
    centred = [(y - y.mean((1, 2, 3), keepdim=True)).flatten(1) for y in (x, out)]
    contrast = centred[1].norm(dim=1, keepdim=True) / centred[0].norm(dim=1, keepdim=True)
    torch.testing.assert_close(centred[1], contrast * centred[0], atol=1e-5, rtol=1e-4)
    assert contrast.min() >= 0.5
    assert contrast.max() <= 1.5


def test_the_strength_rises_while_the_discriminator_is_sure_and_falls_again():
    augmentation, sure, unsure = adaptive(images=1000), torch.ones(50), torch.tensor([1.0, -1.0] * 25)
    for step in range(1, 31):
        augmentation.adapt(sure)
        assert augmentation.strength.item() == pytest.approx(min(1, step * 50 / 1000), abs=1e-5)
    for _ in range(40):
        augmentation.adapt(unsure)
    assert augmentation.strength == 0
    assert {"strength", "sign"} <= set(augmentation.state_dict())
