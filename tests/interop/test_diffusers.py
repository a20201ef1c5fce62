"""To diffusers and back: the same schedules, and the same pictures from the same seed."""

import pytest
import torch

from genlab.denoisers.clipped import Clipped
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.edm import EDM as EDMOutput  # noqa: N811  (a class whose name is an acronym)
from genlab.denoisers.eps import Eps
from genlab.denoisers.learned_variance import LearnedVariance
from genlab.denoisers.noise import Noise
from genlab.denoisers.v import V
from genlab.denoisers.velocity import Velocity
from genlab.denoisers.x0 import X0
from genlab.interop.diffusers_pipelines import from_pipeline, to_pipeline
from genlab.interop.diffusers_schedulers import from_diffusers, to_diffusers
from genlab.networks.mlp import MLP
from genlab.networks.unet import UNet
from genlab.processes.cosine import Cosine
from genlab.processes.edm import EDM
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.processes.linear_path import LinearPath
from genlab.processes.sigmoid import Sigmoid
from genlab.processes.vp import VP
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.grids import Leading
from genlab.samplers.sampler import Sampler

PAIRS = [
    *((schedule, output) for schedule in (Linear(), Cosine(), Sigmoid()) for output in (Eps(), V(), X0())),
    (Linear(), LearnedVariance(V())),
    (LinearPath(), Velocity()),
    (LinearPath(3.0), Velocity()),
    (EDM(0.01, 50.0, 5.0), EDMOutput(0.7)),
]


@pytest.mark.parametrize(("schedule", "output"), PAIRS)
def test_there_and_back(schedule, output):
    again, output_again = from_diffusers(to_diffusers(schedule, output))
    u = torch.linspace(0.001, 1, 1000, dtype=torch.float64)
    ours, theirs = schedule(schedule.at(u)), again(again.at(u))
    assert torch.allclose(ours.alpha, theirs.alpha, atol=1e-5)
    assert torch.allclose(ours.sigma, theirs.sigma, rtol=1e-4)
    assert type(output_again) is type(output)


@pytest.mark.parametrize(("schedule", "output"), [(Linear(), Noise()), (VP(), Eps()), (LinearPath(), V())])
def test_what_diffusers_has_not(schedule, output):
    with pytest.raises(ValueError, match="diffusers has no scheduler for"):
        to_diffusers(schedule, output)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    torch.manual_seed(0)
    denoiser = Denoiser(UNet(1, 8, [8, 16], 1, 1, norm_groups=4), Gaussian(Linear()), Eps()).eval()
    folder = tmp_path_factory.mktemp("pipeline")
    to_pipeline(denoiser).save_pretrained(folder)
    return denoiser, folder


def pictures(denoiser, eta=0.0):
    sampler = Sampler(Ancestral(eta), Leading(), 10)
    generator = torch.Generator().manual_seed(3)
    *_, last = sampler(denoiser.process, Clipped(denoiser, -1, 1), (2, 1, 8, 8), generator=generator)
    return last.x


def test_an_exported_model_gives_the_same_pictures_in_diffusers(exported):
    from diffusers.pipelines import DDIMPipeline

    denoiser, folder = exported
    pipeline = DDIMPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    theirs = pipeline(
        batch_size=2, generator=torch.Generator().manual_seed(3), num_inference_steps=10, output_type="np",
        use_clipped_model_output=True,
    ).images  # fmt: skip
    ours = (pictures(denoiser) / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1)
    assert torch.allclose(torch.as_tensor(theirs), ours, atol=1e-4)


def test_an_imported_pipeline_gives_the_same_pictures_here(exported):
    denoiser, folder = exported
    assert torch.allclose(pictures(from_pipeline(folder).eval()), pictures(denoiser), atol=1e-4)


def test_a_model_with_learnt_variances_goes_there_and_back(tmp_path):
    from diffusers.pipelines import DDPMPipeline

    torch.manual_seed(0)
    network = UNet(1, 8, [8, 16], 1, 1, norm_groups=4, out_channels=2)
    denoiser = Denoiser(network, Gaussian(Linear()), LearnedVariance(Eps())).eval()
    to_pipeline(denoiser).save_pretrained(tmp_path)
    pipeline = DDPMPipeline.from_pretrained(tmp_path)
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(3)
    theirs = pipeline(batch_size=2, generator=generator, num_inference_steps=10, output_type="np").images
    ours = pictures(denoiser, eta=1.0)
    assert torch.allclose(torch.as_tensor(theirs), (ours / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1), atol=1e-4)
    assert torch.allclose(pictures(from_pipeline(tmp_path).eval(), eta=1.0), ours, atol=1e-4)


def test_only_an_unconditional_unet_is_exported():
    for network in (MLP([2]), UNet(1, 8, [8], 0, 1, num_classes=10, norm_groups=4)):
        with pytest.raises(ValueError, match="only an unconditional network=unet"):
            to_pipeline(Denoiser(network, Gaussian(Linear()), Eps()))
