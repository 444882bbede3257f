"""The server as a view: Streamable HTTP without sessions, each request on its own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from asgiref.sync import async_to_sync
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import DisallowedHost
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings

from django_flex.conf import get_settings
from django_flex.exceptions import MethodNotAllowedError, RequestError
from django_flex.exceptions.places import worded
from django_flex.http.csrf import check_any_origin, check_site
from django_flex.http.endpoint import Door, serve
from django_flex.http.request import read
from django_flex.mcp.callers import admit_caller, settings_for_agents
from django_flex.mcp.server import make_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from starlette.types import Message

    from django_flex.conf import Settings
    from django_flex.http.routing import Route
    from django_flex.mcp.callers import Caller

_METHODS = "POST"
#: Checked before the SDK sees a request, by the settings of Django.
_CHECKED = TransportSecuritySettings(enable_dns_rebinding_protection=False)


# Who has to be signed in, and whether a token is needed, is decided here as at the other doors.
@login_not_required
@csrf_exempt
def mcp(request: HttpRequest, version: str | None = None) -> HttpResponseBase:
    """Return the reply to one message of a client.

    A request whose ``Host`` or ``Origin`` is not one of this site, or of ``CSRF_TRUSTED_ORIGINS``, is
    refused: another site may not use a browser as its client.
    """
    settings = get_settings(version)
    # Clients of the protocol go by the status.
    shown = replace(settings, always_http_200=False)
    door = Door(settings=shown, policy=settings.policy)
    return serve(request, _no_route, door, partial(_answer, settings))


def _no_route() -> Route:
    raise NotImplementedError


def _answer(
    written: Settings, request: HttpRequest, _find_route: Callable[[], Route], door: Door
) -> HttpResponseBase:
    """Check who asks, and let the SDK answer.

    Raises:
        NotFoundError: agents may not do anything in this version.
        MethodNotAllowedError: the method is not POST; there are no sessions and no streams.
        RequestError: the request is for another host.
        CsrfFailedError: it may come from another site.
        AuthenticationError: nobody is signed in.
        AccessDeniedError: agents may not act with the role of the caller.
    """
    settings = settings_for_agents(written)
    if request.method != _METHODS:
        raise MethodNotAllowedError(
            "This URL does not support this method",
            hint=worded("one of {}", _METHODS),
            headers={"Allow": _METHODS},
        )
    try:
        request.get_host()
    except DisallowedHost as error:
        raise RequestError("This is not the host of this server") from error
    check_any_origin(request)
    actor = door.authenticate(request, settings)
    if actor.needs_csrf:
        check_site(request)
    caller = admit_caller(actor, written)
    body = read(request, settings.limits).body
    response: HttpResponse = async_to_sync(_exchange)(request, body, caller)
    response.headers["Cache-Control"] = "private, no-store"
    return response


async def _exchange(request: HttpRequest, body: bytes, caller: Caller) -> HttpResponse:
    """Let the SDK answer one message, as an ASGI application."""
    manager = StreamableHTTPSessionManager(
        make_server(lambda: caller),
        json_response=True,
        stateless=True,
        security_settings=_CHECKED,
        max_request_body_size=max(len(body), 1),
    )
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "raw_path": request.path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
            for name, value in request.headers.items()
        ],
        "client": None,
        "server": None,
    }
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    response = HttpResponse()
    del response.headers["Content-Type"]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        await asyncio.Event().wait()  # until the reply is complete: nobody tells of a disconnect
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            response.status_code = message["status"]
            for name, value in message.get("headers", []):
                response.headers[name.decode("latin-1")] = value.decode("latin-1")
        else:
            response.write(message.get("body", b""))

    async with manager.run():
        await manager.handle_request(scope, receive, send)
    return response
