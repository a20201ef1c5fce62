"""The run folder: its files, its status, its lock, and the store that finds it again.

The package can be called: `genlab.runs(status="completed")` is the table of runs, see `genlab.api.runs`.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)


class _Package(ModuleType):
    def __call__(self, store: str = "outputs", *, sort: str | None = None, **filters: Any) -> Any:
        """See `genlab.api.runs`, which stands above this package."""
        return import_module("genlab.api").runs(store, sort=sort, **filters)


sys.modules[__name__].__class__ = _Package
