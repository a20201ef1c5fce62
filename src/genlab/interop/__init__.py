"""Connections to other libraries: loggers, Weights & Biases, diffusers' pipelines."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
