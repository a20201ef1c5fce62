"""What an outsider has written is checked before it is trained, like genlab's own recipes."""

import re
from pathlib import Path

import pytest

from extension.commands import carried_out

HERE = Path(__file__).parent
RECIPES = {path.stem: path for path in sorted(HERE.glob("*/experiment/*.yaml"))}


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """What `genlab check` left of each recipe, asked for in the folder of its outsider."""
    root = tmp_path_factory.mktemp("check")
    jobs = []
    for name, recipe in RECIPES.items():
        folder = recipe.parents[1]
        text = "".join(path.read_text() for path in folder.rglob("*.yaml"))
        own = {path.stem for path in folder.glob("*.py")}
        names = sorted(
            {target for target in re.findall(r"_target_: ([\w.]+)", text) if target.partition(".")[0] in own}
        )
        words = ["--config-dir", ".", f"experiment={name}", f"allow_targets=[{','.join(names)}]", "logger=none"]
        jobs.append({"verb": "check", "arguments": words, "store": f"{root}/{name}", "folder": str(folder)})
    return dict(zip(RECIPES, carried_out(jobs, HERE, root), strict=True))


@pytest.mark.parametrize("name", RECIPES)
def test_genlab_check_knows_what_it_will_take(name, checked):
    assert checked[name]["exit"] == 0, checked[name]["said"]
    assert "1 job: 0 done before, 0 asked for twice, 1 to run" in checked[name]["said"]
