"""Python values as JSON, and JSON as rows of a program's own types."""
