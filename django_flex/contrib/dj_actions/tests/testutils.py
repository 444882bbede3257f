"""Helpers for tests of actions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def get_instance_action_url(
    resource: str, pk: Any, action_id: str, context: str | None = None
) -> str:
    """Return the URL path of an action on a row, under ``context``."""
    return _path(context, resource, pk, "actions", action_id)


def get_bulk_action_url(resource: str, action_id: str, context: str | None = None) -> str:
    """Return the URL path of an action that is not on a single row, under ``context``."""
    return _path(context, resource, "actions", action_id)


def _path(*parts: Any) -> str:
    words = (str(part).strip("/") for part in parts if part is not None)
    return f"/{'/'.join(word for word in words if word)}/"


def assert_in_registry(
    client: Any,
    resource: str,
    bulk_actions: Iterable[str] = (),
    instance_actions: Iterable[str] = (),
) -> None:
    """Request the list of actions and assert that it contains some.

    Raises:
        AssertionError: one of them is missing.
    """
    told = client.get(_path(resource, "actions", "list")).json()
    wanted = {"bulk_actions": bulk_actions, "instance_actions": instance_actions}
    for kind, names in wanted.items():
        known = [one.get("id") for one in told.get(kind, ())]
        for name in names:
            if name not in known:
                raise AssertionError(f"Expected to find {name} registered in: {known}")
