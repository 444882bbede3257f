"""The whole API of a version, in the wire form that its settings name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django_flex.dialects.flex import flex_for
from django_flex.http.directus.door import directus_door, serve_directus
from django_flex.http.endpoint import Door, serve
from django_flex.http.openapi import DOCUMENT, serve_document
from django_flex.http.pages import page_for
from django_flex.http.routing import route

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.conf import Settings
    from django_flex.http.endpoint import Answer
    from django_flex.http.routing import Route


def serve_api(request: HttpRequest, rest: str, settings: Settings) -> HttpResponseBase:
    """Return the reply to a request.

    Args:
        request: what was sent.
        rest: the path behind the prefix of the version.
        settings: of the version.
    """
    if settings.dialect == "directus":
        return serve_directus(request, rest, settings)
    page = None if rest else page_for(request, settings)
    if page is not None:
        return page
    door, find_route, answer = _flex_door(rest, settings)
    return serve(request, find_route, door, answer)


def door_at(rest: str, settings: Settings) -> tuple[Door, Callable[[], Route], Answer | None]:
    """Return the door of a URL, what reads the URL, and what answers one that is about no row."""
    return (directus_door if settings.dialect == "directus" else _flex_door)(rest, settings)


def _flex_door(rest: str, settings: Settings) -> tuple[Door, Callable[[], Route], Answer | None]:
    door = Door(settings=settings, policy=settings.policy, dialect=flex_for(settings.policy))
    is_document = settings.openapi and rest == DOCUMENT and rest not in settings.policy.names
    return door, partial(route, rest), serve_document if is_document else None
