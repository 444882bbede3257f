"""``FlexQueryMiddleware``: the whole API under one prefix per version."""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.apps import apps

from django_flex.conf import configuration
from django_flex.http.api import serve_api

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.conf import Settings

GetResponse: TypeAlias = "Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]"


APP = "django_flex"
#: A warning of the middleware, because without the app no system check can report this.
NOT_INSTALLED = (
    "FlexQueryMiddleware is in MIDDLEWARE, but 'django_flex' is not in INSTALLED_APPS:"
    " mistakes in DJANGO_FLEX are not reported"
)


class FlexQueryMiddleware:
    """Handles requests under ``MIDDLEWARE_PATH`` and the paths of ``VERSIONS``.

    It has to come after the middleware that sets ``request.user``. Works under WSGI and ASGI.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        if not apps.is_installed(APP):
            warnings.warn(NOT_INSTALLED, RuntimeWarning, stacklevel=2)
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        settings = configuration().at(request.path_info)
        if settings is None:
            return self.get_response(request)
        if self._is_async:
            return sync_to_async(handle, thread_sensitive=True)(request, settings)
        return handle(request, settings)


def handle(request: HttpRequest, settings: Settings) -> HttpResponseBase:
    """Return the reply to a request under the prefix of an API version."""
    return serve_api(request, request.path_info.removeprefix(settings.path), settings)
