"""An app of the tests: rows that point to rows of any model."""
