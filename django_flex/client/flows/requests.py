"""The way of every request: sign it, send it, renew what has expired, refuse what is an error."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from django_flex.client.dialects.replies import header
from django_flex.client.flows import logins
from django_flex.client.flows.cache import cache_key
from django_flex.client.flows.effects import Exclusive, Flow
from django_flex.client.flows.exchange import exchange, spoken
from django_flex.client.flows.session import Session
from django_flex.client.messages import Reply, Request


def send(session: Session, request: Request) -> Flow[Reply]:
    """Send a request as the session's user, and return the reply if it is a success.

    Raises:
        ApiError: the server refused it.
        TransportError: no reply arrived.
    """
    dialect = yield from spoken(session)
    identity = session.identity
    if request.anonymous:
        reply = yield from exchange(session, request)
    else:
        yield from logins.ensure(session)
        generation = identity.generation
        reply = yield from exchange(session, _signed(session, request))
        if reply.status == 401 and identity.can_renew:  # noqa: PLR2004 # Unauthorized
            renewed = yield Exclusive(identity, logins.renew(session, generation))
            if renewed:
                reply = yield from exchange(session, _signed(session, request))
    if reply.status >= 400:  # noqa: PLR2004 # RFC 9110, section 15.5
        raise dialect.error(reply)
    return reply


def send_write(session: Session, request: Request) -> Flow[Reply]:
    """Send a write, with an ``Idempotency-Key`` if it may be sent again; drop what is cached."""
    dialect = yield from spoken(session)
    if session.retry.total and dialect.keyed_writes and "Idempotency-Key" not in request.headers:
        headers = {**request.headers, "Idempotency-Key": uuid4().hex}
        request = replace(request, headers=headers)
    try:
        return (yield from send(session, request))
    finally:
        if session.cache is not None:
            session.cache.drop(session.server)


def read(session: Session, request: Request) -> Flow[Reply]:
    """Send a read, or answer it from the cache."""
    cache = session.cache
    if cache is None or request.stream:
        return (yield from send(session, request))
    key = key_of(session, request)
    entry = cache.get(key)
    if entry is not None and session.clock() < entry.fresh_until:
        return entry.reply
    if entry is not None and entry.etag:
        asked = replace(request, headers={**request.headers, "If-None-Match": entry.etag})
        reply = yield from send(session, asked)
        if reply.status == 304:  # noqa: PLR2004 # Not Modified
            reply = entry.reply
    else:
        reply = yield from send(session, request)
    cache.put(key, reply, session.clock(), header(reply, "etag"))
    return reply


def key_of(session: Session, request: Request) -> tuple[object, ...]:
    """Return the key of a request in the cache, where replies to others have other keys."""
    return cache_key(session.server, (session.identity.key(), session.sender()), request)


def _signed(session: Session, request: Request) -> Request:
    headers = session.identity.headers(request)
    return replace(request, headers={**request.headers, **headers}) if headers else request
