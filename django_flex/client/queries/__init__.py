"""A query as data: what is asked, of which rows, in which order."""
