"""What every test can rely on."""

import signal

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("genlab", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("genlab")  # a test may be as slow as the machine that it is run on


def pytest_sessionstart():
    """Ctrl-C is not ignored, as it is in the workers of pytest-xdist: commands that are tested would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory):
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(autouse=True)
def not_in_the_checkout(elsewhere, monkeypatch):
    """What a command writes beside itself, as the traceback of an error, does not reach the checkout's own store."""
    monkeypatch.chdir(elsewhere)
