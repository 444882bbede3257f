"""Calls about one row of a collection, from URLs that are not those of items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex import engine
from django_flex.access.roles import resolve_grant
from django_flex.exceptions import ResourceNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.access.actor import Actor
    from django_flex.http.endpoint import Door
    from django_flex.policy.model import Entry


def visible_entry(collection: str, actor: Actor, door: Door) -> Entry:
    """Return the entry of a collection on which the caller may do anything.

    Args:
        collection: its name in the URL.
        actor: the caller.
        door: where the request came in.

    Raises:
        ResourceNotFoundError: there is none.
    """
    entry = door.policy.names.get(collection)
    grant = None if entry is None else resolve_grant(door.policy, entry, actor).grant
    if entry is None or grant is None or not grant.operations:
        raise ResourceNotFoundError("There is no such model")
    return entry


def get_call(entry: Entry, payload: Mapping[str, object], actor: Actor, door: Door) -> engine.Call:
    """Return the call that gets a row; ``payload`` says which one, in the form of the dialect."""
    return engine.Call(
        settings=door.settings,
        dialect=door.dialect,
        policy=door.policy,
        entry=entry,
        resource=entry.name,
        operation="get",
        payload=payload,
        actor=actor,
        reads_only=True,
    )
