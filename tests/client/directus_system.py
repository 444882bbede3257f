"""The parts of the stand-in for Directus that are no items: its own tables, and files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from email import message_from_bytes
from email.message import Message
from pathlib import PurePath
from typing import Any, cast

import httpx2

from tests.client.directus_refusals import Refusal, forbidden
from tests.client.directus_rows import selected

Row = dict[str, Any]
#: What Directus serves without SEARCH; the first three without filters, too.
WITHOUT_SEARCH = {"collections", "fields", "relations", "settings"}


def data(value: Any) -> httpx2.Response:
    return httpx2.Response(200, json={"data": value})


def route_not_found(path: Iterable[str]) -> Refusal:
    return Refusal(404, "ROUTE_NOT_FOUND", f"Route /{'/'.join(path)} doesn't exist.")


def described(collections: Mapping[str, list[Row]], path: list[str]) -> httpx2.Response:
    """``/collections``, ``/fields`` and ``/relations``, with and without names."""
    what, names = path[0], path[1:]
    if names and names[0] not in collections:
        raise forbidden()
    if what == "relations":
        return _narrowed(collections.get("directus_relations", []), names)
    if what == "collections":
        listed = [
            {"collection": name, "meta": None, "schema": {"name": name}} for name in collections
        ]
        return data(
            next(row for row in listed if row["collection"] == names[0]) if names else listed
        )
    fields = [
        {
            "collection": name,
            "field": field,
            "type": "integer" if field == "id" else "string",
            "schema": {"is_primary_key": field == "id"},
            "meta": None,
        }
        for name, rows in collections.items()
        for field in (rows[0] if rows else {"id": 0})
    ]
    return _narrowed(fields, names)


def _narrowed(rows: list[Row], names: list[str]) -> httpx2.Response:
    found = [row for row in rows if [row["collection"], row["field"]][: len(names)] == names]
    if len(names) < 2:
        return data(found)
    if not found:
        raise forbidden()
    return data(found[0])


def settings(request: httpx2.Request, rows: list[Row], change: Any) -> httpx2.Response:
    """The one row of the settings."""
    if request.method == "PATCH":
        rows[0].update(change)
    elif request.method != "GET":
        raise Refusal(405, "METHOD_NOT_ALLOWED", "Method not allowed.")
    return data(rows[0])


def me(users: list[Row], token: str, owner: str | None, query: Row) -> httpx2.Response:
    """The user whose login or static token the request carries."""
    for user in users:
        if token and (user.get("token") == token or user.get("email") == owner):
            return data(selected(user, query))
    return data({"id": "u1", "email": "ada@example.org"})


def is_form(request: httpx2.Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/form-data")


def uploaded(
    request: httpx2.Request, rows: list[Row], contents: dict[str, bytes], key: str = ""
) -> httpx2.Response:
    """A new file, or another in place of the one with the key.

    What is said about it has to come before its bytes, as Directus reads them.
    """
    row: Row = {"id": f"file-{len(rows) + 1}", "storage": "local", "folder": None, "title": None}
    if key:
        row = next(row for row in rows if row["id"] == key)
    for part in _parts(request):
        disposition = cast("Any", part)
        name = disposition.get_param("name", header="content-disposition")
        content = cast("bytes", part.get_payload(decode=True))
        if part.get_filename() is None:
            row[name] = content.decode()
            continue
        contents[row["id"]] = content
        row |= {
            "filename_download": part.get_filename(),
            "type": part.get_content_type(),
            "filesize": len(content),
        }
        break
    if "type" not in row:
        raise Refusal(400, "INVALID_PAYLOAD", "Invalid payload. No file was included.")
    if not key:
        rows.append(row)
    return data(row)


def asset(
    rows: list[Row], contents: Mapping[str, bytes], key: str, query: Row, name: str = ""
) -> httpx2.Response:
    """The bytes of a file, under its own name or another."""
    row = next((row for row in rows if row["id"] == key), None)
    if row is None:
        raise forbidden()
    name = name or PurePath(row["filename_download"]).name
    kind = "attachment" if "download" in query else "inline"
    return httpx2.Response(
        200,
        content=contents[key],
        headers={
            "content-type": row["type"],
            "content-disposition": f'{kind}; filename="{name}"',
        },
    )


def _parts(request: httpx2.Request) -> list[Message]:
    head = b"Content-Type: " + request.headers["content-type"].encode() + b"\r\n\r\n"
    message = message_from_bytes(head + request.content)
    if not message.is_multipart():
        raise Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported media type.")
    return cast("list[Message]", message.get_payload())
