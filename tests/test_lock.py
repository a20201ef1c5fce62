"""What `make install` installs is what was tested: every requirement has a version and the hashes of its files."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text()
REQUIREMENTS = re.findall(r"^(?!#)(\S.*(?:\n[ \t].*)*)", LOCK, re.M)


def test_there_are_requirements():
    assert len(REQUIREMENTS) > 50


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda text: text.partition("=")[0])
def test_a_requirement_has_a_version_and_hashes(requirement):
    first, *hashes = [line.strip(" \\") for line in requirement.splitlines()]
    assert re.fullmatch(r"[a-z0-9._-]+==[^ ]+( ; .+)?", first)
    assert hashes
    assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in hashes)


def test_the_lock_names_no_index_and_make_asks_for_the_hashes():
    assert "://" not in LOCK
    assert "--index" not in LOCK
    install, lock = ((ROOT / "Makefile").read_text().partition(f"\n{name}:")[2] for name in ("$(STAMP)", "lock"))
    assert "--require-hashes --requirement requirements.lock" in install.partition("\n\n")[0]
    assert "--generate-hashes" in lock.partition("\n\n")[0]
