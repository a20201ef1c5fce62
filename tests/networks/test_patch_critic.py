import pytest
import torch

from genlab.networks.patch_critic import PatchCritic


@pytest.mark.parametrize(("levels", "patch"), [(1, 16), (2, 34), (3, 70)])
def test_an_answer_depends_on_its_patch_alone(levels, patch):
    """But for the normalisation, which sees all of the picture."""
    critic = PatchCritic(1, 8, levels)
    critic.layers = torch.nn.Sequential(*(m for m in critic.layers if not isinstance(m, torch.nn.GroupNorm)))
    x = torch.randn(1, 1, 160, 160, requires_grad=True)
    answer = critic(x)
    answer[0, 0, answer.shape[2] // 2, answer.shape[3] // 2].backward()
    rows = x.grad[0, 0].abs().sum(1).nonzero().flatten()
    assert rows[-1] - rows[0] + 1 == patch


def test_no_picture_changes_the_answer_for_another():
    critic, x = PatchCritic(3, 8), torch.randn(4, 3, 16, 16)
    torch.testing.assert_close(critic(x)[:1], critic(x[:1]))


def test_what_does_not_fit_is_one_sentence():
    with pytest.raises(ValueError, match="width=6 must be a multiple of 4"):
        PatchCritic(3, 6)
    assert PatchCritic(3, 8, levels=2)(torch.zeros(1, 3, 12, 20)).shape == (1, 1, 1, 3)
    with pytest.raises(ValueError, match="levels=2 need pictures of 12 pixels or more, and these have 11"):
        PatchCritic(3, 8, levels=2)(torch.zeros(1, 3, 11, 20))
