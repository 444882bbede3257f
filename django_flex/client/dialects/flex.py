"""The wire form of this package's own server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from django_flex.client.dialects.base import RowSet, Tokens, Write
from django_flex.client.dialects.flex_queries import condition_object, is_aggregate, query_body
from django_flex.client.dialects.replies import (
    error_object,
    json_of,
    object_of,
    request_id,
    retry_after,
    unexpected,
    unreadable_error,
)
from django_flex.client.exceptions import (
    ApiError,
    BuildError,
    InvalidCredentials,
    Problem,
    TokenExpired,
    Unsupported,
    ValidationFailed,
    api_error,
)
from django_flex.client.messages import Reply, Request
from django_flex.client.queries.filters import (
    NOTHING,
)
from django_flex.client.queries.query import Query
from django_flex.client.values.encoding import dumps, encode
from django_flex.client.values.forms import Form, Part, taken_out

_JSON = {"Content-Type": "application/json"}
#: Where ``django_flex.tokens.urls`` are by default, from the root of the server.
SIGN_IN = "/auth/"
#: Codes that need a class of their own: a status has one for all of its codes.
_ERRORS: Mapping[str, type[ApiError]] = {
    "auth.expired": TokenExpired,
    "auth.failed": InvalidCredentials,
}
#: Keys that are words in a URL, or that are dropped from one.
_NO_SEGMENTS = frozenset({"", ".", "..", "query", "aggregate", "actions"})


class FlexDialect:
    """Builds and reads requests of ``django_flex``'s own API."""

    name = "flex"
    keyed_writes = True

    def check(self, query: Query) -> None:
        query_body(query)

    def list_request(self, query: Query) -> Request:
        where = "aggregate" if is_aggregate(query) else "query"
        return _read(f"{query.collection}/{where}", query_body(query))

    def next_request(self, query: Query, next_page: Mapping[str, Any] | Query) -> Request:
        if isinstance(next_page, Query):
            return self.list_request(next_page)
        where = "aggregate" if is_aggregate(query) else "query"
        return _read(f"{query.collection}/{where}", dict(next_page))

    def row_set(self, query: Query, reply: Reply) -> RowSet:
        value = object_of(reply)
        results, pages = value.get("results"), value.get("pagination", {})
        if isinstance(results, dict) and is_aggregate(query):
            results = [results]
        if not isinstance(results, list) or not isinstance(pages, dict):
            raise unexpected("a list of rows", reply)
        return RowSet(
            rows=results,
            filtered=pages.get("count"),
            has_more=pages.get("has_more"),
            next=pages.get("next"),
            cursor=(pages.get("next") or {}).get("cursor"),
            aggregates=value.get("aggregates"),
            raw=value,
        )

    def get_request(self, query: Query, key: Any) -> Request:
        body: dict[str, Any] = {"_id": encode(key)}
        asked = query_body(query)
        body |= {name: asked[name] for name in ("fields", "related") if name in asked}
        return _read(f"{query.collection}/query", body)

    def count_request(self, query: Query) -> Request:
        body = query_body(query)
        for name in ("fields", "order_by", "offset", "cursor", "related"):
            body.pop(name, None)
        return _read(
            f"{query.collection}/query", body | {"fields": "pk", "limit": 1, "count": True}
        )

    def explain_request(self, query: Query) -> Request:
        return _read(f"{query.collection}/query", query_body(query) | {"explain": True})

    def stream_request(self, query: Query, form: str) -> Request:
        body = query_body(query) | {"format": form}
        body.pop("shape", None)
        return _read(f"{query.collection}/query", body, stream=True)

    def file_request(
        self, query: Query, key: Any, transform: Mapping[str, Any], *, stream: bool
    ) -> Request:
        raise Unsupported(
            "Files of this package's server are at the URL that their column has, such as"
            f" 'document.url' of {query.collection!r}"
        )

    def create_request(self, write: Write) -> Request:
        body = _write_body(write)
        body |= {"_items": list(write.rows)} if write.many else write.rows[0]
        return _write("POST", f"{write.query.collection}/", body, write)

    def update_request(self, write: Write) -> Request:
        body, name = _write_body(write), write.query.collection
        if write.by_query:
            body |= {"_model": name, "_action": "bulk_edit", "_set": write.rows[0]}
            return _write("POST", "", body | _chosen(write), write)
        if write.many:
            items = [
                {"id": encode(key)} | dict(row)
                for key, row in zip(write.keys, write.rows, strict=True)
            ]
            body |= {"_model": name, "_action": "edit", "_items": items}
            return _write("POST", "", body, write)
        if not write.keys:
            raise BuildError(f"update() needs the key of a row of {name!r}")
        key = write.keys[0]
        if not _fits_url(key):
            named = {"_model": name, "_action": "edit", "_id": encode(key)}
            return _write("POST", "", body | dict(write.rows[0]) | named, write)
        return _write("PATCH", f"{name}/{_segment(key)}", body | dict(write.rows[0]), write)

    def upsert_request(self, write: Write) -> Request:
        body = _write_body(write) | {
            "_model": write.query.collection,
            "_action": "upsert",
            "_match": list(write.match),
        }
        body |= {"_items": list(write.rows)} if write.many else write.rows[0]
        return _write("POST", "", body, write)

    def delete_request(self, write: Write) -> Request:
        body, name = _write_body(write), write.query.collection
        body.pop("_fields", None)
        if write.by_query:
            body |= {"_model": name, "_action": "bulk_delete"} | _chosen(write)
            return _write("POST", "", body, write)
        if write.many:
            keys = [encode(key) for key in write.keys]
            body |= {"_model": name, "_action": "delete", "_items": keys}
            return _write("POST", "", body, write)
        key = write.keys[0]
        if not _fits_url(key):
            body |= {"_model": name, "_action": "delete", "_id": encode(key)}
            return _write("POST", "", body, write)
        return _write("DELETE", f"{name}/{_segment(key)}", body, write)

    def action_request(
        self, collection: str, action: str, key: Any, payload: Mapping[str, Any]
    ) -> Request:
        if key is not None and not _fits_url(key):
            named = {"_model": collection, "_action": action, "_id": encode(key)}
            body = dumps(encode(payload) | named)
            return Request(method="POST", path="", content=body, headers=_JSON)
        row = "" if key is None else f"{_segment(key)}/"
        path = f"{collection}/{row}actions/{_segment(action)}/"
        return Request(method="POST", path=path, content=dumps(encode(payload)), headers=_JSON)

    def batch_request(self, operations: Sequence[Mapping[str, Any]], *, atomic: bool) -> Request:
        body: dict[str, Any] = {
            "_batch": [encode(operation, files=True) for operation in operations]
        }
        if not atomic:
            body["_atomic"] = False
        return _sent("POST", "", body)

    def schema_request(self, collection: str) -> Request:
        return Request(method="OPTIONS", path=f"{collection}/" if collection else "", safe=True)

    def me_request(self, fields: Sequence[str]) -> Request:
        raise Unsupported("me() needs a server that speaks the Directus dialect")

    def item(self, reply: Reply) -> Any:
        return None if reply.status == 204 else json_of(reply)  # noqa: PLR2004 # No Content

    def items(self, reply: Reply) -> list[Any]:
        if reply.status == 204:  # noqa: PLR2004 # No Content
            return []
        results = object_of(reply).get("results")
        if not isinstance(results, list):
            raise unexpected("a list of results", reply)
        return results

    def login_request(self, name: str, password: str, mode: str) -> Request:
        body = {"username": name, "password": password, "mode": mode}
        return _sign_in("login", body)

    def refresh_request(self, refresh: str, mode: str) -> Request:
        if mode == "session":
            raise Unsupported("A session of Django's is not refreshed; log in again")
        return _sign_in("refresh", {"refresh_token": refresh})

    def logout_request(self, refresh: str, mode: str) -> Request | None:
        return _sign_in("logout", {"refresh_token": refresh} if refresh else {})

    def tokens(self, reply: Reply) -> Tokens:
        value = object_of(reply)
        expires = value.get("expires_in")
        return Tokens(
            access=str(value.get("access_token") or ""),
            refresh=str(value.get("refresh_token") or ""),
            expires_in=expires if isinstance(expires, int | float) else None,
        )

    def error(self, reply: Reply) -> ApiError:
        value = error_object(reply)
        if value is None or not isinstance(value.get("error"), str):
            return unreadable_error(reply)
        problem = Problem(
            status=reply.status,
            message=value["error"],
            code=str(value.get("code", "")),
            path=str(value.get("path", "")),
            hint=str(value.get("hint", "")),
            fields=value.get("fields") or {},
            errors=(value,),
            request_id=request_id(reply),
            retry_after=value.get("retry_after", retry_after(reply)),
        )
        invalid = problem.fields or problem.code == "write.invalid"
        if invalid and reply.status == 400:  # noqa: PLR2004 # HTTP
            return api_error(problem, ValidationFailed)
        return api_error(problem, _ERRORS.get(problem.code))


def _read(path: str, body: Mapping[str, Any], *, stream: bool = False) -> Request:
    return Request(
        method="POST", path=path, content=dumps(body), headers=_JSON, safe=True, stream=stream
    )


def _write(method: str, path: str, body: Mapping[str, Any], write: Write) -> Request:
    return _sent(method, path, body, write.headers)


def _sent(
    method: str,
    path: str,
    body: Mapping[str, Any],
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Request:
    """Return a write as JSON, or, if there are files in it, as a form that has them beside the JSON."""
    value, files = taken_out(body, "$file")
    content = dumps(value)
    if not files:
        return Request(method=method, path=path, content=content, headers=_JSON | dict(headers))
    form = Form((Part("_data", content.decode()), *files))
    return Request(method=method, path=path, form=form, headers=dict(headers))


def _write_body(write: Write) -> dict[str, Any]:
    body: dict[str, Any] = {f"_{name}": encode(value) for name, value in write.options.items()}
    terms = [*write.query.fields, *(f"{name}:{path}" for name, path in write.query.alias)]
    if terms:
        body["_fields"] = terms
    return body


def _chosen(write: Write) -> dict[str, Any]:
    if write.query.where == NOTHING:
        raise BuildError("Changing rows by a query needs a filter")
    return {"filters": condition_object(write.query.where)}


def _fits_url(key: object) -> bool:
    """Whether the path of a URL can have a key; any other one is sent in the body."""
    text = str(encode(key))
    return "/" not in text and text not in _NO_SEGMENTS


def _sign_in(name: str, body: Mapping[str, str]) -> Request:
    return Request(
        method="POST",
        path=f"{SIGN_IN}{name}",
        content=dumps(dict(body)),
        headers=_JSON,
        anonymous=True,
    )


def _segment(key: object) -> str:
    return quote(str(encode(key)), safe="")
