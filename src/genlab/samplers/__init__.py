"""From noise to data, step by step: solvers of the reverse process, and the grids of times that they walk."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
