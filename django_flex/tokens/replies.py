"""Replies of the endpoints and of the middleware: as those of our own dialect, and never stored."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.core.signals import got_request_exception

from django_flex.dialects.flex import flex_for
from django_flex.exceptions import FlexError, InternalError
from django_flex.http.endpoint import Door, respond
from django_flex.http.rendering import name_language
from django_flex.languages import in_language_of, language_of
from django_flex.tokens.authentication import TokenAuthentication

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.conf import Settings
    from django_flex.plan.shape import FlexResult

TOKENS = TokenAuthentication()
logger = logging.getLogger("django_flex")


def reply(
    request: HttpRequest, answer: Callable[[], FlexResult], settings: Settings
) -> HttpResponseBase:
    """Return the response of what a function returns or raises; no cache may keep it."""
    door = Door(
        settings=settings,
        policy=settings.policy,
        dialect=flex_for(settings.policy),
        challenge=_challenge,
    )
    language = language_of(request, accept=settings.accept_language)
    with in_language_of(language):
        try:
            result = answer()
        except FlexError as error:
            result = door.dialect.error(error)
        except Exception:
            logger.exception("Internal error at %r", request.path)
            got_request_exception.send(sender=None, request=request)
            result = door.dialect.error(InternalError())
        response = respond(request, result, door)
    name_language(response, language)
    response.headers["Cache-Control"] = "no-store"
    del response.headers["ETag"]
    return response


def _challenge(request: HttpRequest, _settings: Settings) -> str:
    """Return the challenge of a 401; with that of Basic, a browser would ask for a password."""
    return TOKENS.authenticate_header(request)
