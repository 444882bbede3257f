"""The page that a browser gets at the path of an API, if an app of the project has one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from django.apps import apps

from django_flex.http.rendering import JSON
from django_flex.http.routing import READING

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.conf import Settings

HTML = "text/html"


@runtime_checkable
class HasPage(Protocol):
    """An app config with a page for browsers: ``django_flex.explorer`` has one."""

    def page_for(self, request: HttpRequest, settings: Settings) -> HttpResponseBase | None:
        """Return the page, or ``None`` if this caller gets what other clients get."""
        ...


def page_for(request: HttpRequest, settings: Settings) -> HttpResponseBase | None:
    """Return the page for a request of the path itself, ``None`` if it wants JSON as well.

    Args:
        request: what was sent.
        settings: of the API version.
    """
    if request.method not in READING or not prefers_html(request):
        return None
    configs = (one for one in apps.get_app_configs() if isinstance(one, HasPage))
    return next((one.page_for(request, settings) for one in configs), None)


def prefers_html(request: HttpRequest) -> bool:
    """Whether the client is a browser: it would rather have HTML than JSON (RFC 9110, 12.5.1)."""
    return request.get_preferred_type([JSON, HTML]) == HTML
