"""Django's CSRF check for writes that are authenticated by a cookie, at every door.

Django checks before it calls a view, when it is not yet known whether a POST reads or writes, and
does not check replies of a middleware. So the doors are exempt from it, and run the check later.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from django_flex.exceptions import CsrfFailedError

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger("django_flex.security")
HINT = (
    "send the CSRF token in the header X-CSRFToken; it is the value of the cookie csrftoken, which "
    "signing in sets (settings CSRF_HEADER_NAME, CSRF_COOKIE_NAME)"
)


class _Check(CsrfViewMiddleware):
    """Django's check, which returns the reason instead of rendering a page."""

    def _reject(self, _request: HttpRequest, reason: str) -> object:
        return reason


#: Schemes of ``Authorization`` that a browser uses by itself, also for a form of another site.
_AMBIENT = frozenset({"basic", "digest", "negotiate", "ntlm"})


def check_origin(request: HttpRequest) -> None:
    """Refuse a form that another site may have made the browser send, where no token is checked.

    A browser asks before it sends JSON to another site, or an ``Authorization`` header of a script;
    a form it just sends, with the credentials that it knows.

    Raises:
        CsrfFailedError: the origin is neither this site nor one of ``CSRF_TRUSTED_ORIGINS``.
    """
    if "HTTP_ORIGIN" not in request.META:
        return  # no browser, or a request to its own site
    scheme = str(request.META.get("HTTP_AUTHORIZATION", "")).partition(" ")[0].lower()
    if scheme and scheme not in _AMBIENT:
        return
    check: Any = _Check(lambda _request: HttpResponse())
    if not check._origin_verified(request):  # noqa: SLF001 - of the class above
        logger.warning("A form from another origin was refused at %r", request.path)
        raise CsrfFailedError(
            "A form of another site is refused",
            hint="send an Authorization header, or name the origin in CSRF_TRUSTED_ORIGINS",
        )


def check_csrf(request: HttpRequest) -> None:
    """Refuse a request that another site may have made the browser send.

    Raises:
        CsrfFailedError: the token, origin or referer is missing or wrong.
    """
    check: Any = _Check(lambda _request: HttpResponse())
    check.process_request(request)
    reason = check.process_view(request, None, (), {})
    if reason is not None:
        logger.warning("CSRF check failed at %r: %s", request.path, reason)
        raise CsrfFailedError(f"CSRF check failed: {reason}", hint=HINT)
