"""The fixtures of model actions, for those that registries of dj-actions declare."""

from __future__ import annotations

from tests.actions.conftest import actions, grant, rest

__all__ = ["actions", "grant", "rest"]

#: A project with settings of its own, whose tests another process runs.
collect_ignore = ["todo_project"]
