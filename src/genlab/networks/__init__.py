"""Tensors in, tensors out: U-Nets, transformers, perceptrons, quantizers."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
