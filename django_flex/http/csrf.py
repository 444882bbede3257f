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
from django_flex.exceptions.places import worded

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger("django_flex.security")
HINT = worded(
    "send the CSRF token in the header X-CSRFToken; it is the value of the cookie csrftoken, which "
    "signing in sets (settings CSRF_HEADER_NAME, CSRF_COOKIE_NAME)"
)


class _Check(CsrfViewMiddleware):
    """Django's check, which returns the reason instead of rendering a page."""

    def _reject(self, _request: HttpRequest, reason: str) -> object:
        return reason


#: Schemes of ``Authorization`` that a browser uses by itself, also for a form of another site.
_AMBIENT = frozenset({"basic", "digest", "negotiate", "ntlm"})


#: Methods that change nothing (RFC 9110, 9.2.1).
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def needs_no_token(request: HttpRequest) -> None:
    """Let Django's own check pass a request that no other site can make a browser send.

    This is how Django's test client, which sets it, too, turns the check off for one request.
    """
    vars(request)["_dont_enforce_csrf_checks"] = True


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
    if not _is_of_this_site(request):
        logger.warning("A form from another origin was refused at %r", request.path)
        raise CsrfFailedError(
            "A form of another site is refused",
            hint="send an Authorization header, or name the origin in CSRF_TRUSTED_ORIGINS",
        )


def _is_of_this_site(request: HttpRequest) -> bool:
    """Whether the ``Origin`` of a request is this site, or one that ``CSRF_TRUSTED_ORIGINS`` names."""
    check: Any = _Check(lambda _request: HttpResponse())
    return bool(check._origin_verified(request))  # noqa: SLF001 - of the class above


def check_any_origin(request: HttpRequest) -> None:
    """Refuse a request of another site, whatever its credentials are.

    Raises:
        CsrfFailedError: the origin is neither this site nor one of ``CSRF_TRUSTED_ORIGINS``.
    """
    if "HTTP_ORIGIN" in request.META and not _is_of_this_site(request):
        logger.warning("A request of another origin was refused at %r", request.path)
        raise CsrfFailedError(
            "A request of another site is refused",
            hint="name the origin in CSRF_TRUSTED_ORIGINS",
        )


def check_site(request: HttpRequest) -> None:
    """Refuse all but plain reads that another site may have made the browser send with a cookie.

    Browsers send ``Origin`` with every other method (Fetch Standard, 3.2), and no script can change
    it. A request without one needs the CSRF token.

    Raises:
        CsrfFailedError: neither the origin nor a token tells that it comes from this site.
    """
    if request.method in _SAFE:
        return
    if "HTTP_ORIGIN" in request.META and _is_of_this_site(request):
        return
    check_csrf(request)


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
        raise CsrfFailedError(worded("CSRF check failed: {}", reason), hint=HINT)
