"""Replies that are read piece by piece: exports, and the files of rows."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from django_flex.client.dialects.replies import header, redirected, unexpected
from django_flex.client.flows.effects import Flow
from django_flex.client.flows.exchange import spoken
from django_flex.client.flows.requests import send
from django_flex.client.flows.session import Session
from django_flex.client.messages import Reply, Request
from django_flex.client.queries.query import Query
from django_flex.client.values.downloads import Asset


def export_rows(session: Session, query: Query, form: str) -> Flow[Reply]:
    """Ask for all rows as a file, which the shell reads from the reply.

    Raises:
        ProtocolError: the reply is a redirect, or the page of a proxy.
        Unsupported: the dialect has no such form.
    """
    dialect = yield from spoken(session)
    request = dialect.stream_request(query, form)
    return (yield from _sent(session, request, "an export"))


def open_file(
    session: Session, query: Query, key: Any, transform: Mapping[str, Any], *, stream: bool
) -> Flow[Reply]:
    """Ask for the file of a row: with ``stream`` the shell reads it from the reply.

    Raises:
        ProtocolError: the reply is a redirect.
        Unsupported: the dialect has no files, or the collection has none.
    """
    dialect = yield from spoken(session)
    request = dialect.file_request(query, key, transform, stream=stream)
    return (yield from _sent(session, request, "a file"))


def asset_of(reply: Reply, key: object) -> Asset:
    """Return what was downloaded, with the name that the server gives it."""
    return Asset(
        filename=_filename(header(reply, "content-disposition")) or str(key),
        media_type=header(reply, "content-type").partition(";")[0].strip(),
        content=reply.content,
        status_code=reply.status,
    )


def _sent(session: Session, request: Request, what: str) -> Flow[Reply]:
    reply = yield from send(session, request)
    if not reply.ok:
        raise redirected(reply)
    if request.stream and reply.body is None:
        raise unexpected(what, reply)
    return reply


def _filename(disposition: str) -> str:
    """Return the name of a file, without the folders that a server may put before it."""
    message = Message()
    message["Content-Disposition"] = disposition
    name = message.get_filename() or ""
    name = PureWindowsPath(PurePosixPath(name).name).name
    return "" if name in {".", ".."} else name
