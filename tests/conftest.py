"""What every test can rely on."""

import signal


def pytest_sessionstart():
    """Ctrl-C is not ignored, as it is in the workers of pytest-xdist: commands that are tested would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
