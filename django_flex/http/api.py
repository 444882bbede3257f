"""The whole API of a version, in the wire form that its settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.dialects.flex import flex_for
from django_flex.http.directus.door import serve_directus
from django_flex.http.endpoint import Door, serve
from django_flex.http.openapi import DOCUMENT, serve_document
from django_flex.http.routing import route

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.conf import Settings


def serve_api(request: HttpRequest, rest: str, settings: Settings) -> HttpResponseBase:
    """Return the reply to a request.

    Args:
        request: what was sent.
        rest: the path behind the prefix of the version.
        settings: of the version.
    """
    if settings.dialect == "directus":
        return serve_directus(request, rest, settings)
    door = Door(settings=settings, policy=settings.policy, dialect=flex_for(settings.policy))
    is_document = settings.openapi and rest == DOCUMENT and rest not in settings.policy.names
    return serve(request, lambda: route(rest), door, serve_document if is_document else None)
