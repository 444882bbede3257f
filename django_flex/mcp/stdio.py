"""The server on standard input and output, for one user, until the client goes away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import close_old_connections, connections
from django.http import HttpRequest
from mcp.server.stdio import stdio_server

from django_flex.access.actor import Actor
from django_flex.http.authentication import authenticate
from django_flex.mcp.callers import admit_caller
from django_flex.mcp.server import make_server

if TYPE_CHECKING:
    from django_flex.conf import Settings
    from django_flex.mcp.callers import Caller
    from django_flex.mcp.server import FindCaller


def as_user(key: Any, settings: Settings) -> FindCaller:
    """Return a function that finds the user with a key, as the user is then.

    It raises what ``admit_caller`` does; who is deleted or deactivated is not signed in.
    """

    def find() -> Caller:
        close_old_connections()
        return admit_caller(
            Actor(get_user_model()._default_manager.filter(pk=key).first()), settings
        )

    return find


def by_token(token: str, settings: Settings) -> FindCaller:
    """Return a function that finds the user of a token, as the authenticators of the project do.

    A token of another scheme is sent with its name: ``Token 9944b09``.
    It raises what ``authenticate`` and ``admit_caller`` do, also once the token has expired.
    """

    def find() -> Caller:
        close_old_connections()
        request = HttpRequest()
        request.method = "POST"
        request.META["HTTP_AUTHORIZATION"] = token if " " in token else f"Bearer {token}"
        found = authenticate(request, settings)
        # There is no request: a rule that looks at one is to see that.
        return admit_caller(Actor(found.user), settings)

    return find


def serve_stdio(find_caller: FindCaller) -> None:
    """Serve until standard input ends; what a tool has begun is finished, or rolled back."""

    async def serve() -> None:
        server = make_server(find_caller)
        async with stdio_server() as (reading, writing):
            try:
                await server.run(reading, writing, server.create_initialization_options())
            finally:
                # In the thread that tools run in, so after what they have begun.
                with anyio.CancelScope(shield=True):
                    await sync_to_async(connections.close_all, thread_sensitive=True)()

    anyio.run(serve)
