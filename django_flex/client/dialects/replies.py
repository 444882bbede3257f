"""What replies of both dialects have in common: headers, and errors that are no JSON."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from django_flex.client.exceptions import ApiError, Problem, ProtocolError, api_error, excerpt
from django_flex.client.messages import Reply
from django_flex.client.values.encoding import loads


def json_of(reply: Reply) -> Any:
    """Return the JSON value of a successful reply.

    Raises:
        ProtocolError: it is no JSON, or a redirect.
    """
    if 300 <= reply.status < 400:  # noqa: PLR2004 # RFC 9110, section 15.4
        raise redirected(reply)
    return loads(reply.content, status=reply.status)


def object_of(reply: Reply) -> Mapping[str, Any]:
    """Return the JSON object of a successful reply.

    Raises:
        ProtocolError: it is something else.
    """
    value = json_of(reply)
    if not isinstance(value, dict):
        raise unexpected("a JSON object", reply)
    return value


def redirected(reply: Reply) -> ProtocolError:
    """Return the error for a redirect, which no API answers with."""
    where = header(reply, "location") or "an unknown address"
    return ProtocolError(
        f"The server redirects to {where}; is the address of the API right?", status=reply.status
    )


def unexpected(what: str, reply: Reply) -> ProtocolError:
    """Return the error for a reply that is not ``what`` was expected."""
    return ProtocolError(
        f"The reply is not {what}", status=reply.status, excerpt=excerpt(reply.content)
    )


def header(reply: Reply, name: str) -> str:
    """Return the header of the reply, in any case, or an empty text."""
    for key, value in reply.headers.items():
        if key.lower() == name:
            return value
    return ""


def request_id(reply: Reply) -> str:
    """Return what the server or a proxy calls the request, or an empty text."""
    return header(reply, "x-request-id") or header(reply, "x-correlation-id")


def retry_after(reply: Reply) -> float | None:
    """Return after how many seconds to ask again, from the header, which may be a date.

    RFC 9110, section 10.2.3.
    """
    text = header(reply, "retry-after").strip()
    if text.isdecimal():
        return float(text)
    with suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    return None


def error_object(reply: Reply) -> Mapping[str, Any] | None:
    """Return the JSON object of a refusal, or ``None`` if it is no JSON object."""
    try:
        value = loads(reply.content)
    except ProtocolError:
        return None
    return value if isinstance(value, dict) else None


def unreadable_error(reply: Reply) -> ApiError:
    """Return the error of a refusal that has no JSON, such as the page of a proxy."""
    shown = excerpt(reply.content) or "no content"
    return api_error(
        Problem(
            status=reply.status,
            message=f"The reply is no JSON object: {shown!r}",
            request_id=request_id(reply),
            retry_after=retry_after(reply),
        )
    )
