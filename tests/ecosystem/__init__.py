"""A project of packages that others wrote, run in an environment of its own: see `docs/explanation/tests.md`."""
