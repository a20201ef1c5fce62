"""Every package is a table of contents: its public classes and functions are found in it, and imported when asked."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import genlab
from genlab.contents import contents

SOURCE = Path(genlab.__file__).parent
PACKAGES = sorted(
    ".".join(("genlab", *path.parent.relative_to(SOURCE).parts)) for path in SOURCE.glob("*/**/__init__.py")
)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_what_is_in_it_and_gives_it(package):
    module = importlib.import_module(package)
    assert (module.__doc__ or "").strip(), "a package says what it is"
    table = contents(package)
    assert set(module.__all__) == set(table) <= set(dir(module))
    for name, home in table.items():
        value = getattr(module, name)
        assert value is (
            importlib.import_module(home) if home == f"{package}.{name}" else vars(importlib.import_module(home))[name]
        )


@pytest.mark.parametrize("package", PACKAGES)
def test_no_public_class_is_left_out(package):
    """But for those whose name is that of a module or of another class of the package."""
    folder = SOURCE.joinpath(*package.split(".")[1:])
    defined = [
        node.name
        for path in folder.glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not path.stem.startswith("_")
    ]
    assert {name for name in defined if defined.count(name) == 1} <= set(contents(package))


def test_a_name_that_is_not_there_is_an_attribute_error():
    import genlab.models

    with pytest.raises(AttributeError, match=r"module 'genlab\.models' has no attribute 'VEA'"):
        _ = genlab.models.VEA
    with pytest.raises(ImportError):
        from genlab.models import VEA  # noqa: F401
    with pytest.raises(AttributeError):
        _ = genlab.modles


def test_importing_all_packages_imports_none_of_their_modules():
    code = f"import sys, {', '.join(PACKAGES)}\nprint('torch' in sys.modules, 'omegaconf' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False False\n"


def test_the_door_offers_what_its_module_defines():
    import genlab.api

    functions = {
        node.name
        for node in ast.parse(Path(genlab.api.__file__).read_text()).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }
    assert set(genlab.__all__) == functions | {"ConfigError"}
    assert all(
        callable(getattr(genlab, name)) and getattr(genlab, name).__doc__ for name in genlab.__all__ if name != "runs"
    )
    assert callable(genlab.runs)
