"""The wire form of Directus, which ``django_flex.contrib.directus`` serves as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlencode

from django_flex.client.dialects.base import RowSet, Tokens, Write
from django_flex.client.dialects.directus_aggregates import (
    FUNCTIONS,
    aggregate_object,
    named_values,
)
from django_flex.client.dialects.directus_files import file_of, form_of
from django_flex.client.dialects.directus_filters import filter_object
from django_flex.client.dialects.directus_paths import (
    ONLY_GET,
    collection_path,
    creation_path,
    segment,
)
from django_flex.client.dialects.replies import (
    error_object,
    object_of,
    request_id,
    retry_after,
    unexpected,
    unreadable_error,
)
from django_flex.client.exceptions import (
    ApiError,
    BadQuery,
    BuildError,
    Forbidden,
    InvalidCredentials,
    NotFoundOrForbidden,
    Problem,
    TokenExpired,
    Unsupported,
    ValidationFailed,
    api_error,
)
from django_flex.client.messages import Reply, Request
from django_flex.client.queries.filters import NOTHING
from django_flex.client.queries.query import Query, Related
from django_flex.client.values.encoding import dumps, encode

_JSON = {"Content-Type": "application/json"}
_ERRORS: Mapping[str, type[ApiError]] = {
    "FORBIDDEN": NotFoundOrForbidden,
    "INVALID_TOKEN": Forbidden,
    "LIMIT_EXCEEDED": Forbidden,
    "INVALID_CREDENTIALS": InvalidCredentials,
    "INVALID_OTP": InvalidCredentials,
    "TOKEN_EXPIRED": TokenExpired,
    "FAILED_VALIDATION": ValidationFailed,
    "INVALID_FOREIGN_KEY": ValidationFailed,
    "NOT_NULL_VIOLATION": ValidationFailed,
    "CONTAINS_NULL_VALUES": ValidationFailed,
    "RECORD_NOT_UNIQUE": ValidationFailed,
    "VALUE_TOO_LONG": ValidationFailed,
    "VALUE_OUT_OF_RANGE": ValidationFailed,
    "UNPROCESSABLE_CONTENT": BadQuery,
}
_EXPORTS = {"csv", "csv_utf8", "json", "xml", "yaml"}
#: Longer URLs are refused by servers and proxies.
_MAX_URL = 4_000


class DirectusDialect:
    """Builds and reads requests as Directus 10 to 12 understands them.

    ``method`` says how lists are read: SEARCH has no limit on the length of a query, GET passes
    every proxy.
    """

    name = "directus"
    keyed_writes = False

    def __init__(self, method: Literal["SEARCH", "GET"] = "SEARCH") -> None:
        self.method = method

    def check(self, query: Query) -> None:
        query_object(query)

    def list_request(self, query: Query) -> Request:
        return self._read(collection_path(query.collection), query_object(query))

    def next_request(self, query: Query, next_page: Mapping[str, Any] | Query) -> Request:
        if not isinstance(next_page, Query):
            raise BuildError("The next page of a Directus query is a query")
        return self.list_request(next_page)

    def row_set(self, query: Query, reply: Reply) -> RowSet:
        value = object_of(reply)
        rows, meta = value.get("data"), value.get("meta") or {}
        if isinstance(rows, dict):  # a collection with one row, such as the settings
            rows = [rows]
        if not isinstance(rows, list) or not isinstance(meta, dict):
            raise unexpected("a list of rows", reply)
        if query.aggregates:
            rows = [named_values(row, query.aggregates) for row in rows]
        return RowSet(
            rows=rows,
            total=_count(meta.get("total_count")),
            filtered=_count(meta.get("filter_count")),
            has_more=_has_more(query, len(rows), _count(meta.get("filter_count"))),
            raw=value,
        )

    def get_request(self, query: Query, key: Any) -> Request:
        asked = {
            name: value
            for name, value in query_object(query).items()
            if name not in {"filter", "sort", "limit", "offset", "search", "meta"}
        }
        path = f"{collection_path(query.collection)}/{segment(key)}"
        return Request(method="GET", path=path, params=parameters(asked), safe=True)

    def count_request(self, query: Query) -> Request:
        asked = query_object(query)
        kept = {name: asked[name] for name in ("filter", "search") if name in asked}
        return self._read(
            collection_path(query.collection), kept | {"limit": 0, "meta": "filter_count"}
        )

    def explain_request(self, query: Query) -> Request:
        raise Unsupported("Directus explains no queries")

    def stream_request(self, query: Query, form: str) -> Request:
        if form not in _EXPORTS:
            raise Unsupported(f"Directus exports {', '.join(sorted(_EXPORTS))}, not {form!r}")
        params = parameters(query_object(query) | {"export": form})
        path = collection_path(query.collection)
        return Request(method="GET", path=path, params=params, safe=True, stream=True)

    def file_request(
        self, query: Query, key: Any, transform: Mapping[str, Any], *, stream: bool
    ) -> Request:
        return file_of(query.collection, key, parameters(transform), stream=stream)

    def create_request(self, write: Write) -> Request:
        body = list(write.rows) if write.many else write.rows[0]
        return self._write("POST", write, body, creation_path(write.query.collection, body))

    def update_request(self, write: Write) -> Request:
        if write.by_query:
            return self._write("PATCH", write, {"query": _chosen(write), "data": write.rows[0]})
        if not write.many:
            path = f"/{segment(write.keys[0])}" if write.keys else ""
            return self._write("PATCH", write, write.rows[0], path)
        keys = [encode(key) for key in write.keys]
        if all(row == write.rows[0] for row in write.rows):
            return self._write("PATCH", write, {"keys": keys, "data": write.rows[0]})
        name = str(write.options.get("key", "id"))
        rows = [{name: key} | dict(row) for key, row in zip(keys, write.rows, strict=True)]
        return self._write("PATCH", write, rows)

    def upsert_request(self, write: Write) -> Request:
        raise Unsupported("Directus has no upsert")

    def delete_request(self, write: Write) -> Request:
        if write.by_query:
            return self._write("DELETE", write, {"query": _chosen(write)})
        if write.many:
            return self._write("DELETE", write, [encode(key) for key in write.keys])
        path = f"{collection_path(write.query.collection)}/{segment(write.keys[0])}"
        return Request(method="DELETE", path=path, headers=dict(write.headers))

    def action_request(
        self, collection: str, action: str, key: Any, payload: Mapping[str, Any]
    ) -> Request:
        raise Unsupported("Directus has no model actions")

    def batch_request(self, operations: Sequence[Mapping[str, Any]], *, atomic: bool) -> Request:
        raise Unsupported("Directus has no batches")

    def schema_request(self, collection: str) -> Request:
        path = f"fields/{segment(collection)}" if collection else "collections"
        return Request(method="GET", path=path, safe=True)

    def me_request(self, fields: Sequence[str]) -> Request:
        params = (("fields", ",".join(fields)),) if fields else ()
        return Request(method="GET", path="users/me", params=params, safe=True)

    def item(self, reply: Reply) -> Any:
        return None if reply.status == 204 else object_of(reply).get("data")  # noqa: PLR2004 # No Content

    def items(self, reply: Reply) -> list[Any]:
        data = self.item(reply)
        if data is None:
            return []
        return data if isinstance(data, list) else [data]

    def login_request(self, name: str, password: str, mode: str) -> Request:
        body = {"email": name, "password": password, "mode": mode}
        return _open("auth/login", body)

    def refresh_request(self, refresh: str, mode: str) -> Request:
        body = {"mode": mode} | ({"refresh_token": refresh} if mode == "json" else {})
        return _open("auth/refresh", body)

    def logout_request(self, refresh: str, mode: str) -> Request | None:
        body = {"mode": mode} | ({"refresh_token": refresh} if mode == "json" else {})
        return Request(method="POST", path="auth/logout", content=dumps(body), headers=_JSON)

    def tokens(self, reply: Reply) -> Tokens:
        data = object_of(reply).get("data")
        if not isinstance(data, dict):
            raise unexpected("an object with tokens", reply)
        expires = data.get("expires")
        return Tokens(
            access=str(data.get("access_token") or ""),
            refresh=str(data.get("refresh_token") or ""),
            expires_in=expires / 1000 if isinstance(expires, int | float) else None,
        )

    def error(self, reply: Reply) -> ApiError:
        value = error_object(reply)
        errors = value.get("errors") if value else None
        if not isinstance(errors, list) or not errors or not isinstance(errors[0], dict):
            return unreadable_error(reply)
        told = errors[0].get("extensions")
        extensions: Mapping[str, Any] = told if isinstance(told, dict) else {}
        code = str(extensions.get("code", ""))
        problem = Problem(
            status=reply.status,
            message=str(errors[0].get("message", "")),
            code=code,
            path=str(extensions.get("path", extensions.get("field", "")) or ""),
            hint=str(extensions.get("reason", "") or ""),
            fields=_fields(errors),
            errors=errors,
            request_id=request_id(reply),
            retry_after=retry_after(reply),
        )
        return api_error(problem, _ERRORS.get(code))

    def _read(self, path: str, asked: Mapping[str, Any]) -> Request:
        if self.method == "GET" or path in ONLY_GET:
            params = parameters(asked)
            if path in ONLY_GET or len(urlencode(params)) <= _MAX_URL:
                return Request(method="GET", path=path, params=params, safe=True)
        body = dumps({"query": asked})
        return Request(method="SEARCH", path=path, content=body, headers=_JSON, safe=True)

    def _write(self, method: str, write: Write, body: Any, path: str = "") -> Request:
        asked = query_object(write.query)
        returned: dict[str, Any] = {
            name: asked[name] for name in ("fields", "deep", "alias") if name in asked
        }
        form = form_of(write.query.collection, body)
        return Request(
            method=method,
            path=collection_path(write.query.collection) + path,
            params=parameters(returned),
            content=None if form else dumps(body),
            form=form,
            headers=({} if form else _JSON) | dict(write.headers),
        )


def query_object(query: Query) -> dict[str, Any]:
    """Return the parameters of a query, as JSON values.

    Raises:
        Unsupported: Directus cannot express it.
    """
    refuse(query)
    asked: dict[str, Any] = {}
    if query.fields:
        asked["fields"] = list(query.fields)
    if query.where != NOTHING:
        asked["filter"] = filter_object(query.where)
    if query.order:
        asked["sort"] = list(query.order)
    for name in ("limit", "offset", "search"):
        if getattr(query, name) is not None:
            asked[name] = getattr(query, name)
    if query.count:
        asked["meta"] = "*"
    if query.aggregates:
        asked["aggregate"] = aggregate_object(query.aggregates)
    if query.groups:
        asked["groupBy"] = list(query.groups)
    asked |= _inside(query)
    asked |= _nested_fields(asked, query.related)
    return asked | dict(query.extra)


def _inside(query: Query) -> dict[str, Any]:
    """Return the parameters about related rows, and about names."""
    asked: dict[str, Any] = {}
    alias = dict(query.alias) | {
        name: related.source for name, related in query.related if related.source != name
    }
    if alias:
        asked["alias"] = alias
    deep = {name: _deep(related) for name, related in query.related}
    if any(deep.values()):
        asked["deep"] = {name: inner for name, inner in deep.items() if inner}
    return asked


def refuse(query: Query) -> None:
    """Raise ``Unsupported`` if Directus has no word for something in the query."""
    if query.having != NOTHING:
        raise Unsupported("Directus has no having")
    if query.distinct:
        raise Unsupported("Directus has no distinct; group_by() gives each combination once")
    if query.cursor is not None:
        raise Unsupported("Directus has no cursors; iter() pages by keys")
    if query.count not in {None, "exact"}:
        raise Unsupported("Directus only counts exactly")
    for _, agg in query.aggregates:
        if agg.function not in FUNCTIONS:
            raise Unsupported(f"Directus has no aggregate {agg.function!r}")
    for _, path in query.alias:
        if "." in path:
            raise Unsupported(f"Directus gives no other name to a path with dots: {path!r}")


def parameters(asked: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the parameters as they stand in a URL: lists with commas, objects as JSON text."""
    return tuple((name, _parameter(value)) for name, value in asked.items())


def _parameter(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(item, str) and "," not in item for item in value):
        return ",".join(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return dumps(value).decode()
    return str(value)


def _deep(related: Related) -> dict[str, Any]:
    asked = query_object(related.query)
    inner: dict[str, Any] = asked.pop("deep", {})
    asked.pop("fields", None)
    if "alias" in asked:
        raise Unsupported("Directus has no alias inside deep")
    return {f"_{name}": value for name, value in asked.items()} | inner


def _nested_fields(
    asked: Mapping[str, Any], related: Sequence[tuple[str, Related]]
) -> dict[str, list[str]]:
    terms = list(asked.get("fields", ["*"] if related else []))
    before = len(terms)
    for name, part in related:
        for term in query_object(part.query).get("fields", ()):
            terms.append(f"{name}.{term}")  # noqa: PERF401 # two loops read better
        if not any(term == name or term.startswith(f"{name}.") for term in terms):
            terms.append(f"{name}.*")
    return {"fields": terms} if related and (len(terms) > before or "fields" in asked) else {}


def _has_more(query: Query, returned: int, filtered: int | None) -> bool | None:
    if query.aggregates or query.groups:
        return False
    if filtered is not None:
        return (query.offset or 0) + returned < filtered
    if query.limit is None:
        return None
    return returned >= query.limit > 0


def _count(value: Any) -> int | None:
    return None if value is None else int(value)


def _chosen(write: Write) -> dict[str, Any]:
    asked = query_object(write.query)
    if "filter" not in asked:
        raise BuildError("Changing rows by a query needs a filter")
    return {name: asked[name] for name in ("filter", "search", "sort", "limit") if name in asked}


def _fields(errors: Sequence[Any]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for error in errors:
        extensions = error.get("extensions") if isinstance(error, dict) else None
        if isinstance(extensions, dict) and isinstance(extensions.get("field"), str):
            fields.setdefault(extensions["field"], []).append(str(error.get("message", "")))
    return fields


def _open(path: str, body: Mapping[str, Any]) -> Request:
    return Request(method="POST", path=path, content=dumps(body), headers=_JSON, anonymous=True)


__all__ = ["DirectusDialect", "collection_path", "parameters", "query_object"]
