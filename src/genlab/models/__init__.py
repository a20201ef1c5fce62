"""The LightningModules, one a way of training: what is optimised, and how samples are drawn."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
