"""Sending a request until there is a reply, and finding out which dialect a server speaks."""

from __future__ import annotations

import logging

from django_flex.client.dialects.base import Dialect
from django_flex.client.dialects.directus import DirectusDialect
from django_flex.client.dialects.flex import FlexDialect
from django_flex.client.dialects.replies import error_object, header
from django_flex.client.exceptions import ProtocolError, TransportError
from django_flex.client.flows.effects import Exclusive, Flow, Send, Sleep
from django_flex.client.flows.session import Session
from django_flex.client.messages import Reply, Request

logger = logging.getLogger("django_flex.client")


def exchange(session: Session, request: Request) -> Flow[Reply]:
    """Send a request until there is a reply that is worth nothing to wait for.

    Raises:
        TransportError: no reply arrived, however often it was sent.
    """
    retry, attempt = session.retry, 0
    while True:
        fault: TransportError | None = None
        reply: Reply | None = None
        try:
            reply = yield Send(request)
        except TransportError as error:
            if not retry.after_fault(attempt, request, error):
                raise
            fault = error
        if reply is not None:
            logger.debug("%s %s: %d", request.method, request.path, reply.status)
            if not retry.after_reply(attempt, request, reply):
                return reply
        delay = retry.delay(attempt, reply, session.random)
        if delay is None:
            assert reply is not None  # noqa: S101 # only a reply asks for a long wait
            return reply
        logger.debug("%s %s: again in %.1f s (%s)", request.method, request.path, delay, fault)
        yield Sleep(delay)
        attempt += 1


def spoken(session: Session) -> Flow[Dialect]:
    """Find out which dialect the server speaks, once.

    Raises:
        ProtocolError: it is none that is known.
    """
    if session.dialect is None:
        yield Exclusive(session, _found_out(session))
    assert session.dialect is not None  # noqa: S101 # _found_out has set it, or raised
    return session.dialect


def _found_out(session: Session) -> Flow[None]:
    if session.dialect is not None:  # another flow was faster
        return
    described = yield from exchange(session, _probe("OPTIONS", ""))
    if header(described, "accept-query") or _is_flex_error(described):
        session.dialect = FlexDialect()
        return
    pong = yield from exchange(session, _probe("GET", "server/ping"))
    if pong.status == 200 and pong.content.strip() == b"pong":  # noqa: PLR2004 # OK
        session.dialect = DirectusDialect()
        return
    raise ProtocolError(
        f"{session.server} speaks neither dialect (it answers {described.status} to OPTIONS); name it with dialect='flex' or 'directus'",
        status=described.status,
    )


def _is_flex_error(reply: Reply) -> bool:
    """Say whether the reply is an error as this package's server writes them."""
    value = error_object(reply) if reply.status >= 400 else None  # noqa: PLR2004 # RFC 9110
    return value is not None and isinstance(value.get("error"), str) and "code" in value


def _probe(method: str, path: str) -> Request:
    return Request(method=method, path=path, safe=True, anonymous=True)
