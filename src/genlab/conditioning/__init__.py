"""What a model gets beside the data: a label, a caption, or nothing, with the null that stands for "no condition"."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
