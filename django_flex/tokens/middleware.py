"""``request.user`` by token for all views of a project, not only for those of this package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin

from django_flex.conf import get_settings
from django_flex.exceptions import FlexError
from django_flex.http.csrf import needs_no_token
from django_flex.http.mounts import TOKENS, is_door
from django_flex.tokens.authentication import bearer_of
from django_flex.tokens.replies import reply

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.plan.shape import FlexResult


class TokenMiddleware(MiddlewareMixin):
    """Sets ``request.user`` to the user of ``Authorization: Bearer``; a wrong token is a 401.

    It has to come before ``CsrfViewMiddleware``: requests with a token need no CSRF token, as no
    other site can make a browser send one. It starts no session. What authenticates by itself is left
    alone: the doors of this package, and its URLs for signing in, where an expired token is no
    reason to refuse the next one. So are tokens of another kind. Works under WSGI and ASGI.
    """

    def process_view(
        self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        """Find the user before the view is called, when it is known which one it is."""
        if _authenticates(view):
            return None
        try:
            bearer = bearer_of(request)
        except FlexError as error:
            return reply(request, _raising(error), get_settings())
        if bearer is not None:
            _sign_in(request, bearer.user)
        return None

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Say that a reply may differ by token, for caches."""
        patch_vary_headers(response, ["Authorization"])
        return response


def _authenticates(view: Any) -> bool:
    """Whether a view finds the user of a token by itself; a viewset asks REST framework."""
    if str(view.__module__).startswith(TOKENS):
        return True
    return is_door(view) and getattr(view, "cls", None) is None


def _sign_in(request: HttpRequest, user: Any) -> None:
    async def auser() -> Any:
        return user

    request.user = user
    request.auser = auser
    needs_no_token(request)


def _raising(error: FlexError) -> Any:
    def answer() -> FlexResult:
        raise error

    return answer
