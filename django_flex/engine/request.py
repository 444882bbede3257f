"""What every door makes of a question, and the first things to find out about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django_flex.exceptions import ResourceNotFoundError
from django_flex.query.parser import OPERATIONS, parse_operation

if TYPE_CHECKING:
    from django_flex.permissions.policy import Entry, Policy
    from django_flex.permissions.roles import Actor

READ_OPERATIONS = frozenset({"get", "list", "aggregate"})
#: The operation of a ``_batch``, which holds others; no ``_action`` names it.
BATCH = "batch"
#: The operation of a question about model actions; requests for actions that are not granted count
#: as it, too.
ACTIONS = "actions"
#: The operations that are no model actions.
CORE_OPERATIONS = frozenset({*OPERATIONS.values(), BATCH, ACTIONS})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlexRequest:
    """One question of one caller, from whatever door.

    ``operation`` is canonical (``get``, ``add``); ``payload`` is the untrusted query object.
    ``if_match`` and ``idempotency_key`` are what the headers of these names say. ``served`` are
    the operations that the door serves at all, ``None`` for all that are granted. ``time_zone``
    is the name of the one that days and hours are meant in, ``None`` for the setting's. ``streams``
    says that the door can stream, ``accepts`` the format that the caller prefers. With
    ``by_operator`` somebody at the command line asks in the name of the caller. ``base`` is the URL
    of the model, where there is one; ``about`` the action that a question about actions names.
    With ``respond_async`` the caller would rather not wait (RFC 7240).
    """

    resource: str
    operation: str
    payload: Mapping[str, Any]
    actor: Actor
    lenient: bool = False
    if_match: str | None = None
    idempotency_key: str | None = None
    served: frozenset[str] | None = None
    time_zone: str | None = None
    streams: bool = False
    accepts: str | None = None
    by_operator: bool = False
    base: str = ""
    about: str | None = None
    respond_async: bool = False


def find_entry(policy: Policy, name: str) -> Entry:
    """Return the entry that a name in a URL or in ``_model`` stands for.

    Raises:
        ResourceNotFoundError: none does, or the model is not exposed: both look the same.
    """
    entry = policy.names.get(name) or policy.names.get(name.lower())
    if entry is None:
        raise ResourceNotFoundError("There is no such model")
    return entry


def default_operation(payload: Mapping[str, Any]) -> str:
    """Return what a query object asks for: its ``_action``, else get with a key, list without."""
    if "_batch" in payload:
        return BATCH
    has_key = "_id" in payload or "id" in payload
    return parse_operation(payload, "get" if has_key else "list")
