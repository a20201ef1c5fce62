"""What happens beside the training: history, progress, checkpoints, previews, interruption."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
