"""What an outsider has written is checked before it is trained, like genlab's own recipes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
RECIPES = [pytest.param(path, id=path.stem) for path in sorted(HERE.glob("*/experiment/*.yaml"))]


@pytest.mark.parametrize("recipe", RECIPES)
def test_genlab_check_knows_what_it_will_take(recipe, tmp_path):
    folder = recipe.parents[1]
    text = "".join(path.read_text() for path in folder.rglob("*.yaml"))
    own = {path.stem for path in folder.glob("*.py")}
    names = sorted({name for name in re.findall(r"_target_: ([\w.]+)", text) if name.partition(".")[0] in own})
    words = ["--config-dir", ".", f"experiment={recipe.stem}", f"allow_targets=[{','.join(names)}]", "logger=none"]
    command = [sys.executable, "-m", "genlab", "check", *words, f"paths.output_dir={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "1 job: 0 done before, 0 asked for twice, 1 to run" in done.stdout
