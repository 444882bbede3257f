"""``/permissions/me`` and ``/permissions/me/{collection}/{key}``: what the caller may do."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from django_flex import engine
from django_flex.dialects.directus.descriptions import permission_object
from django_flex.engine.objects import may_change
from django_flex.exceptions import NotFoundError
from django_flex.http.description import count_description
from django_flex.http.directus.calls import get_call, visible_entry
from django_flex.http.directus.schema import check_reading, visible_collections
from django_flex.http.endpoint import respond
from django_flex.plan.shape import FlexResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.engine import ResolvedCall
    from django_flex.http.endpoint import Door
    from django_flex.http.routing import Route


def answer_permissions(
    names: list[str], request: HttpRequest, _find: Callable[[], Route], door: Door
) -> HttpResponseBase:
    """Reply with what the caller may do, by collection, or with one row.

    Raises:
        NotFoundError: there is no such URL.
        ResourceNotFoundError: there is no such collection that the caller may see.
    """
    if names[:1] != ["me"] or "" in names or len(names) not in (1, 3):
        raise NotFoundError("There is nothing at this URL")
    check_reading(request)
    actor = door.authenticate(request, door.settings)
    if len(names) == 1:
        counted = count_description(None, actor, door.settings, door.policy)
        found = {one.name: permission_object(one) for one in visible_collections(door, actor)}
        return respond(request, FlexResult(data={"data": found}, headers=counted), door)
    entry = visible_entry(unquote(names[1]), actor, door)
    call = get_call(entry, {"key": unquote(names[2])}, actor, door)
    return respond(request, engine.execute(call, _of_row), door)


def _of_row(resolved: ResolvedCall) -> FlexResult:
    """Return whether the caller may change the row; of no row and a hidden one the same."""
    key = resolved.call.payload["key"]
    changes = (("update", "edit"), ("delete", "delete"))
    found = {word: {"access": may_change(resolved, name, key)} for word, name in changes}
    return FlexResult(data={"data": {**found, "share": {"access": False}}})
