"""What a model is told beside the data: a label, a caption, or nothing, with the null that stands for "not told"."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
