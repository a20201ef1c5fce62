"""What a person looks at: tables, curves, galleries, pages, and the studies behind them."""

from genlab.contents import table_of_contents

__getattr__, __dir__ = table_of_contents(__name__)
