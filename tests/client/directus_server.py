"""A small server that answers as Directus does, in memory, for the tests of the client.

It is written after the wire format, not after a server's code, and knows what the client asks:
items, filters, pages, aggregates, logins, and errors of the same shape.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx2

from tests.client import directus_system as system
from tests.client.directus_refusals import Refusal, forbidden
from tests.client.directus_rows import aggregated, at, listed, matches, selected
from tests.client.directus_system import data

Row = dict[str, Any]
MANY = {"GET", "SEARCH"}


@dataclass
class DirectusServer:
    """Rows by collection, passwords by email; ``asked`` has each request as it arrived.

    With ``public`` everybody may read items. ``unique`` names a field of a collection in which each
    value stands once. ``files`` are the bytes of the rows of ``directus_files``, which are sent as ``filename`` if that
    is set, ``owners`` the emails of the tokens.
    """

    collections: dict[str, list[Row]]
    users: dict[str, str] = field(default_factory=dict)
    static_tokens: set[str] = field(default_factory=set)
    public: bool = False
    unique: dict[str, str] = field(default_factory=dict)
    nulls_large: bool = False
    expires: int = 900_000
    asked: list[httpx2.Request] = field(default_factory=list)
    access: set[str] = field(default_factory=set)
    expired: set[str] = field(default_factory=set)
    refresh: set[str] = field(default_factory=set)
    owners: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    filename: str = ""
    faults: list[Callable[[httpx2.Request], httpx2.Response | None]] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: count(1))

    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self.handle)

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        if self.faults:
            told = self.faults.pop(0)(request)
            if told is not None:
                return told
        try:
            return self._answer(request)
        except Refusal as refusal:
            return httpx2.Response(refusal.status, json=refusal.body)

    def expire_tokens(self) -> None:
        self.expired |= self.access
        self.access.clear()

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        path = unquote(request.url.path).strip("/").split("/")
        if path == ["server", "ping"]:
            return httpx2.Response(200, text="pong")
        if path[0] == "auth":
            return self._auth(path[1], _body(request))
        self._identify(request)
        if path[0] == "items":
            return self._items(request, path[1], *path[2:])
        if path == ["utils", "cache", "clear"]:
            return httpx2.Response(200)
        told = self._system(request, path)
        if told is not None:
            return told
        if f"directus_{path[0]}" in self.collections:
            return self._items(request, f"directus_{path[0]}", *path[1:])
        raise system.route_not_found(path)

    def _system(self, request: httpx2.Request, path: list[str]) -> httpx2.Response | None:
        """What is no list of rows; ``None`` for the other tables of the system."""
        if path[0] in system.WITHOUT_SEARCH and request.method == "SEARCH":
            raise system.route_not_found(path)
        files = self.collections.get("directus_files", [])
        match request.method, path:
            case "GET", ["users", "me"]:
                token = _token(request)
                users = self.collections.get("directus_users", [])
                return system.me(users, token, self.owners.get(token), _query(request))
            case "GET", ["collections" | "fields" | "relations", *_]:
                return system.described(self.collections, path)
            case _, ["settings"]:
                rows = self.collections["directus_settings"]
                return system.settings(request, rows, _body(request))
            case "POST" | "PATCH", ["files", *key] if system.is_form(request):
                return system.uploaded(request, files, self.files, *key)
            case "GET", ["assets", key]:
                return system.asset(files, self.files, key, dict(request.url.params), self.filename)
            case _:
                return None

    # --- who asks --------------------------------------------------------------------------

    def _auth(self, what: str, body: Any) -> httpx2.Response:
        if what == "login":
            if self.users.get(body.get("email")) != body.get("password"):
                raise Refusal(401, "INVALID_CREDENTIALS", "Invalid user credentials.")
            return self._tokens(body["email"])
        token = (body or {}).get("refresh_token")
        if not token:
            raise Refusal(400, "INVALID_PAYLOAD", "The refresh token is required.")
        if token not in self.refresh:
            raise Refusal(401, "INVALID_CREDENTIALS", "Invalid user credentials.")
        self.refresh.remove(token)
        return self._tokens(self.owners[token]) if what == "refresh" else httpx2.Response(204)

    def _tokens(self, email: str) -> httpx2.Response:
        number = next(self._numbers)
        access, refresh = f"access-{number}", f"refresh-{number}"
        self.access.add(access)
        self.refresh.add(refresh)
        self.owners |= {access: email, refresh: email}
        return data({"access_token": access, "refresh_token": refresh, "expires": self.expires})

    def _identify(self, request: httpx2.Request) -> None:
        token = _token(request)
        if token in self.expired:
            raise Refusal(401, "TOKEN_EXPIRED", "Token expired.")
        if token and token not in self.access | self.static_tokens:
            raise Refusal(401, "INVALID_CREDENTIALS", "Invalid user credentials.")
        open_to_all = self.public and request.method in MANY
        if not token and not open_to_all and (self.users or self.static_tokens):
            raise forbidden()

    # --- items -----------------------------------------------------------------------------

    def _items(self, request: httpx2.Request, name: str, key: str = "") -> httpx2.Response:
        if name not in self.collections:
            raise forbidden()
        rows = self.collections[name]
        if request.method in MANY:
            query = _query(request)
            if key:
                return data(selected(self._row(rows, key), query))
            return self._list(rows, query)
        if request.method == "POST":
            self._check_unique(name, _body(request))
            return self._create(rows, _body(request), _query(request))
        if request.method == "PATCH":
            return self._update(rows, key, _body(request), _query(request))
        if request.method == "DELETE":
            return self._delete(rows, key, _body(request))
        raise Refusal(405, "METHOD_NOT_ALLOWED", "Method not allowed.")

    def _list(self, rows: list[Row], query: Row) -> httpx2.Response:
        found = [row for row in rows if matches(row, query.get("filter") or {})]
        if query.get("search"):
            text = query["search"].lower()
            found = [row for row in found if any(text in str(v).lower() for v in row.values())]
        total, filtered = len(rows), len(found)
        if query.get("aggregate") or query.get("groupBy"):
            return data(aggregated(found, query))
        for term in reversed(query.get("sort") or ["id"]):
            found = self._sorted(found, term)
        limit, offset = query.get("limit", 100), query.get("offset", 0)
        if query.get("page"):
            offset = (query["page"] - 1) * limit
        found = found[offset:] if limit == -1 else found[offset : offset + limit]
        if query.get("export") == "json":
            return httpx2.Response(200, json=[selected(row, query) for row in found])
        body: Row = {"data": [selected(row, query) for row in found]}
        if query.get("meta"):
            body["meta"] = {"total_count": total, "filter_count": filtered}
        return httpx2.Response(200, json=body)

    def _sorted(self, rows: list[Row], term: str) -> list[Row]:
        path, descending = term.lstrip("-").split("."), term.startswith("-")

        def rank(row: Row) -> tuple[Any, ...]:
            value = at(row, path)
            null = value is None
            return (null is self.nulls_large, 0 if null else value)

        return sorted(rows, key=rank, reverse=descending)

    def _check_unique(self, name: str, body: Any) -> None:
        field = self.unique.get(name)
        taken = {row[field] for row in self.collections[name]} if field else set()
        if field and any(item.get(field) in taken for item in _listed(body)):
            message = f'Value for field "{field}" has to be unique.'
            raise Refusal(400, "RECORD_NOT_UNIQUE", message, field=field)

    def _create(self, rows: list[Row], body: Any, query: Row) -> httpx2.Response:
        made = []
        for item in _listed(body):
            if "name" in item and item["name"] is None:
                raise Refusal(
                    400,
                    "NOT_NULL_VIOLATION",
                    'Value for field "name" can\'t be null.',
                    field="name",
                )
            last = max((int(row["id"]) for row in rows), default=0)
            key = str(last + 1) if rows and isinstance(rows[0]["id"], str) else last + 1
            made.append({"id": key, **item})
            rows.append(made[-1])
        shown = [selected(row, query) for row in made]
        return data(shown if isinstance(body, list) else shown[0])

    def _update(self, rows: list[Row], key: str, body: Any, query: Row) -> httpx2.Response:
        if key:
            changes = [(self._row(rows, key), body)]
        elif isinstance(body, list):
            changes = [(self._row(rows, item["id"]), item) for item in body]
        elif "keys" in body or "query" in body:
            if not isinstance(body.get("data"), dict):
                raise Refusal(400, "INVALID_PAYLOAD", '"data" must be an object.')
            chosen = self._chosen(rows, body)
            changes = [(row, body["data"]) for row in chosen]
        else:
            changes = [(rows[0], body)]
        for row, change in changes:
            row.update(change)
        shown = [selected(row, query) for row, _ in changes]
        return data(shown[0] if key or (isinstance(body, dict) and "data" not in body) else shown)

    def _delete(self, rows: list[Row], key: str, body: Any) -> httpx2.Response:
        if key:
            gone = [self._row(rows, key)]
        elif isinstance(body, list):
            gone = [self._row(rows, item) for item in body]
        else:
            gone = self._chosen(rows, body)
        rows[:] = [row for row in rows if row not in gone]
        return httpx2.Response(204)

    def _chosen(self, rows: list[Row], body: Row) -> list[Row]:
        if "keys" in body:
            return [self._row(rows, key) for key in body["keys"]]
        wanted = (body["query"] or {}).get("filter") or {}
        return [row for row in rows if matches(row, wanted)]

    def _row(self, rows: list[Row], key: Any) -> Row:
        for row in rows:
            if str(row["id"]) == str(key):
                return row
        raise forbidden()


def _listed(body: Any) -> list[Any]:
    return body if isinstance(body, list) else [body]


def _token(request: httpx2.Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _body(request: httpx2.Request) -> Any:
    return json.loads(request.content) if request.content else None


def _query(request: httpx2.Request) -> Row:
    """The query of a request; a parameter may be JSON, JSON text, or a text with commas."""
    if request.method == "SEARCH":
        asked = dict(_body(request)["query"])
    else:
        asked = {}
        for name, value in parse_qsl(request.url.query.decode()):
            asked[name] = f"{asked[name]},{value}" if name in asked else value
    for name in ("filter", "aggregate", "deep", "alias"):
        if isinstance(asked.get(name), str):
            asked[name] = json.loads(asked[name])
    for name in ("fields", "sort", "groupBy"):
        if name in asked:
            asked[name] = listed(asked[name])
    for name in ("limit", "offset", "page"):
        if name in asked:
            asked[name] = int(asked[name])
    return asked
