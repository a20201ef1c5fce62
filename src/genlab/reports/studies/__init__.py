"""Tables of a published report, run again: rows, columns, claims, and the page that says what came of them."""
