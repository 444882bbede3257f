"""The explorer: a page that shows a data API to anyone who opens it.

The page has no data. Its scripts ask the API for everything, as any other client does.
"""
