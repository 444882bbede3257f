"""The door of Directus: which URL is about what."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django_flex.dialects.directus import DIRECTUS
from django_flex.dialects.directus.dialect import FILES
from django_flex.exceptions import NotFoundError
from django_flex.http.directus.assets import FILES_NAME, answer_asset
from django_flex.http.directus.me import answer_me, user_entry
from django_flex.http.directus.permissions import answer_permissions
from django_flex.http.directus.routing import item_route
from django_flex.http.directus.schema import NAMES, answer_schema, check_reading
from django_flex.http.directus.server import SERVER
from django_flex.http.directus.totals import execute
from django_flex.http.endpoint import Door, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.conf import Settings
    from django_flex.http.endpoint import Answer
    from django_flex.http.routing import Route
    from django_flex.policy.model import Policy


#: The first segments of URLs that lead somewhere.
FIRST = (
    *("items", "users", "roles", "files", "assets"),
    *("server", "collections", "fields", "relations", "permissions"),
)
#: The models behind the collections of the system that have one, by the setting or the label.
SYSTEM = {"users": None, "roles": "auth.group"}


def serve_directus(request: HttpRequest, rest: str, settings: Settings) -> HttpResponseBase:
    """Return the reply of an API version in the wire form of Directus.

    Args:
        request: what was sent.
        rest: the path behind the prefix of the version.
        settings: of the version.
    """
    _drop_empty_token(request)
    door, find_route, answer = directus_door(rest, settings)
    return serve(request, find_route, door, answer)


def directus_door(rest: str, settings: Settings) -> tuple[Door, Callable[[], Route], Answer | None]:
    """Return the door of a URL, what reads the URL, and what answers one that is about no row.

    Args:
        rest: the path behind the prefix of the version.
        settings: of the version.
    """
    first, *parts = rest.removesuffix("/").split("/")
    dialect = FILES if first == "files" else DIRECTUS
    door = Door(settings=settings, policy=settings.policy, dialect=dialect, execute=execute)
    answer: Answer | None = None
    if first == "server":
        answer = partial(_server, parts)
    elif first in NAMES:
        answer = partial(answer_schema, first, parts)
    elif first == "assets":
        answer = partial(answer_asset, parts)
    elif first == "permissions":
        answer = partial(answer_permissions, parts)
    elif (first, parts) == ("users", ["me"]):
        answer = answer_me
    return door, partial(_route, first, parts, settings.policy), answer


def _drop_empty_token(request: HttpRequest) -> None:
    """Take a caller without a token for the public, though the header says that there is one.

    directus-py-sdk sends the header before it has logged in, and Directus lets it pass.
    """
    if str(request.META.get("HTTP_AUTHORIZATION", "")).strip().lower() == "bearer":
        del request.META["HTTP_AUTHORIZATION"]


def _route(first: str, parts: list[str], policy: Policy) -> Route:
    """Return the route of items.

    Raises:
        NotFoundError: the URL leads to no model.
    """
    if first == "items":
        return item_route(parts)
    if first == "files":
        return item_route(parts, FILES_NAME)
    if first not in SYSTEM:
        raise NotFoundError("There is nothing at this URL")
    label = SYSTEM[first]
    entry = user_entry(policy) if label is None else policy.entries.get(label)
    # Without an entry it is a model that does not exist.
    return item_route(parts, first if entry is None else entry.resource.label)


def _server(
    parts: list[str], request: HttpRequest, _find: Callable[[], Route], _door: Door
) -> HttpResponseBase:
    """Reply to ``/server/ping``, ``/server/info`` and ``/server/health``, to any caller."""
    if len(parts) != 1 or parts[0] not in SERVER:
        raise NotFoundError("There is nothing at this URL")
    check_reading(request)
    return SERVER[parts[0]]()
