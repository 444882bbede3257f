"""An app of the tests: links with rows of their own, and what goes when a row is deleted."""
