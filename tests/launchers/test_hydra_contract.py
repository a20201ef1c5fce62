"""Our launchers keep the contract that Hydra tests its own launchers with."""

import pytest
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.test_utils.launcher_common_tests import IntegrationTestSuite, LauncherTestSuite
from hydra.version import _UNSPECIFIED_, VersionBase

LOCAL = "hydra_plugins.genlab.local_launcher.LocalLauncher"
INLINE = "hydra_plugins.genlab.inline_launcher.InlineLauncher"


@pytest.fixture(autouse=True)
def as_in_a_fresh_process():
    """Another test's `hydra.main` has set the compatibility level for the whole process; Hydra's suite wants none."""
    level = VersionBase.instance()
    before, level.version_base = level.version_base, _UNSPECIFIED_
    yield
    level.version_base = before


def test_hydra_finds_them():
    names = {f"{plugin.__module__}.{plugin.__name__}" for plugin in Plugins.instance().discover(Launcher)}
    assert {LOCAL, INLINE} <= names


@pytest.mark.parametrize(
    ("launcher_name", "overrides"),
    [("genlab_inline", []), ("genlab_local", ["hydra.launcher.workers=2", "hydra.launcher.threads=1"])],
)
class TestLaunchers(LauncherTestSuite):
    """The suite for every launcher."""


@pytest.mark.parametrize(
    ("task_launcher_cfg", "extra_flags"),
    [
        ({}, ["-m", "hydra/launcher=genlab_inline"]),
        ({}, ["-m", "hydra/launcher=genlab_local", "hydra.launcher.workers=1", "hydra.launcher.threads=1"]),
    ],
)
class TestLaunchersIntegration(IntegrationTestSuite):
    """The suite of whole applications."""
