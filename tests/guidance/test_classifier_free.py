import pytest
import torch

from genlab.conditioning.condition import Condition
from genlab.conditions import ConditionTensors
from genlab.guidance.classifier_free import ClassifierFree
from genlab.guidance.unguided import Unguided
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from oracles import MixtureData

PROCESS = Gaussian(Linear())
MIXTURE = MixtureData(PROCESS, torch.tensor([[-1.0, 0.0], [1.0, 0.0], [0.0, 2.0]]), torch.tensor([0.2, 0.3, 0.5]), 0.3)
X = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
CONDITION = Condition(
    given=ConditionTensors(pooled=torch.eye(3)[[0, 1, 2, 1, 0]]), null=ConditionTensors(pooled=torch.ones(5, 3))
)
TIMES = [torch.tensor(0.3).double(), torch.tensor([0.1, 0.3, 0.5, 0.8, 1.0])]


@pytest.mark.parametrize("t", TIMES, ids=["scalar", "batch"])
def test_scale_1_is_the_conditional_model_and_scale_0_the_unconditional_one(t):
    null = MIXTURE(X, t, Condition(CONDITION.null)).x0
    assert torch.equal(ClassifierFree(1.0)(MIXTURE)(X, t, CONDITION).x0, MIXTURE(X, t, CONDITION).x0)
    assert torch.allclose(ClassifierFree(0.0)(MIXTURE)(X, t, CONDITION).x0, null, atol=1e-6)


@pytest.mark.parametrize("t", TIMES, ids=["scalar", "batch"])
def test_the_score_is_extrapolated_from_the_unconditional_to_the_conditional_one(t):
    given, null = MIXTURE(X, t, CONDITION).score, MIXTURE(X, t, Condition(CONDITION.null)).score
    guided = ClassifierFree(2.5)(MIXTURE)(X, t, CONDITION)
    assert torch.allclose(guided.score, null + 2.5 * (given - null), atol=2e-4)
    assert guided.x_t is X


def test_it_is_one_call_of_twice_the_batch():
    sizes = []

    def counted(x_t, t, condition=None):
        sizes.append(len(x_t))
        return MIXTURE(x_t, t, condition)

    ClassifierFree(3.0)(counted)(X, TIMES[0], CONDITION)
    assert sizes == [10]


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        (Condition(), "needs a conditional model"),
        (
            Condition(given=ConditionTensors(pooled=torch.ones(5, 3))),
            r"needs a model trained with conditioner\.dropout greater than 0",
        ),
    ],
)
def test_a_model_that_cannot_be_guided_says_why(condition, sentence):
    with pytest.raises(ValueError, match=sentence):
        ClassifierFree(3.0)(MIXTURE)(X, TIMES[0], condition)


def test_no_guidance_is_the_denoiser_itself():
    assert Unguided()(MIXTURE) is MIXTURE
