"""``/collections``, ``/fields`` and ``/relations``: what the caller may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from django_flex.access.roles import resolve_grant
from django_flex.dialects.directus.descriptions import (
    Collection,
    collection_object,
    field_objects,
    relation_objects,
)
from django_flex.exceptions import MethodNotAllowedError, NotFoundError, ResourceNotFoundError
from django_flex.http.description import count_description, describe_entry, name_in_urls
from django_flex.http.endpoint import respond
from django_flex.plan.shape import FlexResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.access.actor import Actor
    from django_flex.http.endpoint import Door
    from django_flex.http.routing import Route
    from django_flex.policy.model import Entry

#: How many names may follow each of them in a URL.
NAMES: Mapping[str, int] = {"collections": 1, "fields": 2, "relations": 2}
READING = frozenset({"GET", "HEAD"})


def answer_schema(
    what: str, names: list[str], request: HttpRequest, _find: Callable[[], Route], door: Door
) -> HttpResponseBase:
    """Reply with a description of all collections, of one, or of one field.

    Raises:
        NotFoundError: there is no such URL.
        ResourceNotFoundError: there is no such collection or field that the caller may see.
    """
    if len(names) > NAMES[what]:
        raise NotFoundError("There is nothing at this URL")
    check_reading(request)
    actor = door.authenticate(request, door.settings)
    counted = count_description(None, actor, door.settings, door.policy)
    names = [unquote(name) for name in names]
    if names:
        entry = door.policy.names.get(names[0])
        names[0] = "" if entry is None else name_in_urls(entry, door.policy)
    found = _found(what, names, visible_collections(door, actor))
    return respond(request, FlexResult(data={"data": found}, headers=counted), door)


def check_reading(request: HttpRequest) -> None:
    """Refuse a method that does not only read.

    Raises:
        MethodNotAllowedError: it is one.
    """
    if request.method not in READING:
        raise MethodNotAllowedError(
            "This URL does not support this method", headers={"Allow": "GET, HEAD"}
        )


def _found(what: str, names: list[str], seen: list[Collection]) -> Any:
    asked = [one for one in seen if not names or one.name == names[0]]
    if names and not asked:
        raise ResourceNotFoundError("There is no such model")
    if what == "collections":
        objects = [collection_object(one) for one in asked]
        return objects[0] if names else objects
    if what == "fields":
        objects = [field for one in asked for field in field_objects(one)]
    else:
        objects = [relation for one in asked for relation in relation_objects(one, seen)]
    if len(names) < NAMES[what]:
        return objects
    named = [one for one in objects if one["field"] == names[1]]
    if not named:
        raise ResourceNotFoundError("There is no such model")
    return named[0]


def visible_collections(door: Door, actor: Actor) -> list[Collection]:
    """Return the models on which the caller may do something, as collections."""
    policy, found = door.policy, []
    for entry in policy.entries.values():
        grant = resolve_grant(policy, entry, actor).grant
        if grant is not None and grant.operations:
            found.append(entry)
    names = {entry.name: name_in_urls(entry, policy) for entry in found}
    return [
        Collection(
            name=names[entry.name],
            model=describe_entry(entry, actor, door.settings, policy),
            resource=entry.resource,
            names=names,
            narrowed=_narrowed(entry, door, actor),
        )
        for entry in found
    ]


def _narrowed(entry: Entry, door: Door, actor: Actor) -> dict[str, bool]:
    """Return of each operation whether a rule may leave rows out; the rules are not evaluated."""
    granted = resolve_grant(door.policy, entry, actor)
    ruled = granted.rows.kind not in {"all", "absent"} or entry.queryset is not None
    found = dict.fromkeys(("read", "add", "edit", "delete"), ruled)
    writing = {} if granted.grant is None else granted.grant.writing
    for operation, write in writing.items():
        checked = bool(write.checks) or write.rows.kind not in {"all", "absent"}
        found[operation] = ruled or checked
    return found
