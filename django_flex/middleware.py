"""``FlexQueryMiddleware``: the whole API below one prefix per version, nothing else touched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async

from django_flex.conf import configuration
from django_flex.http.endpoint import Door, serve
from django_flex.http.routing import route

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.conf import Settings

GetResponse: TypeAlias = "Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]"


class FlexQueryMiddleware:
    """Answers requests below ``MIDDLEWARE_PATH`` and the paths of ``VERSIONS``.

    It stands behind the middleware that sets ``request.user``. Works in both kinds of stack.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
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
    """Answer one request below the prefix of an API version."""
    rest = request.path_info.removeprefix(settings.path)
    door = Door(settings=settings, policy=settings.policy)
    return serve(request, lambda: route(rest), door)
