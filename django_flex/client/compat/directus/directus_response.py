"""``DirectusResponse`` as py-directus has it: a reply, as dictionaries or instances of a model."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from pprint import pformat
from typing import Any, Generic, Self, TypeVar, cast

from pydantic import BaseModel

from django_flex.client.dialects.directus import query_object
from django_flex.client.dialects.replies import object_of
from django_flex.client.exceptions import ApiError, ClientError
from django_flex.client.messages import Reply
from django_flex.client.queries.query import Query
from django_flex.client.values.decoding import (
    Decoder,
    Selection,
    hints_of,
    related_model,
    selection_of,
)
from django_flex.client.values.encoding import dumps, encode, loads

T = TypeVar("T")
M = TypeVar("M")

#: What a refused request raises.
DirectusException = ApiError


class UnresolvedError(ClientError):
    """The request was made a task, and ``gather()`` of its client has not been awaited yet."""


class DirectusResponse(Generic[T]):
    """What the server answered to ``query``.

    ``item`` is the first row or ``None``, ``items`` are all rows; they are instances of
    ``collection`` if that is a model. Each of them is validated once.
    """

    def __init__(
        self,
        reply: Reply | None = None,
        query: Query | None = None,
        collection: type[T] | None = None,
        *,
        fetch: Callable[[], Awaitable[Reply]] | None = None,
    ) -> None:
        self.collection = collection
        self._query = query or Query(collection="")
        self._fetch = fetch
        self._reply: Reply | None = None
        self._json: Mapping[str, Any] = {}
        self._decoded: dict[Any, list[Any]] = {}
        self._first: dict[Any, Any] = {}
        if reply is not None:
            self._take(reply)

    async def gather_response(self) -> None:
        """Send the request, if that has not happened.

        Raises:
            ApiError: the server refused it.
            TransportError: no reply arrived.
        """
        if self._reply is None and self._fetch is not None:
            self._take(await self._fetch())

    def _take(self, reply: Reply) -> None:
        self._json = object_of(reply) if reply.content else {}
        self._reply = reply

    @property
    def is_resolved(self) -> bool:
        """Whether the reply has arrived."""
        return self._reply is not None

    @property
    def response(self) -> Reply:
        """The reply, with its ``status``, ``headers`` and ``content``."""
        if self._reply is None:
            raise _unresolved()
        return self._reply

    @property
    def json(self) -> Mapping[str, Any]:
        """The body of the reply."""
        if self._reply is None:
            raise _unresolved()
        return self._json

    @property
    def query(self) -> dict[str, Any]:
        """The parameters that were asked with."""
        return query_object(self._query)

    @property
    def item(self) -> T | None:
        """The row, or the first of several; ``None`` if there is none."""
        return cast("T | None", self._item(self.collection or dict))

    @property
    def items(self) -> list[T]:
        """The rows; an empty list if there are none."""
        return self._items(self.collection or dict)

    def item_as(self, collection: type[M]) -> M | None:
        """Return the row, or the first of several, as an instance of the model."""
        return cast("M | None", self._item(collection))

    def items_as(self, collection: type[M]) -> list[M]:
        """Return the rows as instances of the model."""
        return self._items(collection)

    def item_as_dict(self) -> dict[str, Any] | None:
        """Return the row, or the first of several, as it stands in the reply."""
        rows = self._rows()
        return rows[0] if rows else None

    def items_as_dict(self) -> list[dict[str, Any]]:
        """Return the rows as they stand in the reply."""
        return self._rows()

    @property
    def total_count(self) -> int | None:
        """How many rows the caller may see, if ``include_count`` asked."""
        return cast("int | None", (self.json.get("meta") or {}).get("total_count"))

    @property
    def filtered_count(self) -> int | None:
        """How many rows match on all pages, if ``include_count`` asked."""
        return cast("int | None", (self.json.get("meta") or {}).get("filter_count"))

    @property
    def status_code(self) -> int:
        """The status of the reply."""
        return self.response.status

    @property
    def is_success(self) -> bool:
        """Whether the server did what it was asked to: anything else raises an error."""
        return self.response.ok

    @property
    def is_error(self) -> bool:
        """The opposite of ``is_success``."""
        return not self.is_success

    @property
    def errors(self) -> list[Any]:
        """What the server refused; those of an error that was raised are ``error.problem.errors``."""
        return list(self.json.get("errors") or ())

    def to_json(self) -> str:
        """Return the response as text that ``from_json`` reads; headers are left out."""
        told = {"status": self.status_code, "query": encode(self.query), "json": self.json}
        return dumps(told).decode()

    @classmethod
    def from_json(cls, json_data: str, collection: type[T] | None = None) -> Self:
        """Return the response that ``to_json`` wrote down."""
        told = loads(json_data.encode())
        reply = Reply(status=told["status"], headers={}, content=dumps(told["json"]))
        fields = tuple(told["query"].get("fields", ()))
        return cls(reply, Query(collection="", fields=fields), collection)

    def get_explanation(self) -> dict[str, Any]:
        """Return what was asked and what was answered, for people to read."""
        answered = {"status_code": self.status_code, "headers": dict(self.response.headers)}
        return {"Query": self.query, "Response": answered | dict(self.json)}

    def print_explanation(self) -> None:
        """Write what was asked and what was answered to the standard output."""
        sys.stdout.write(pformat(self.get_explanation()) + "\n")

    def __repr__(self) -> str:
        status = self.status_code if self.is_resolved else "not there yet"
        return f"<DirectusResponse {self._query.collection!r}: {status}>"

    def _rows(self) -> list[Any]:
        data = self.json.get("data")
        if data is None:
            return []
        return data if isinstance(data, list) else [data]

    def _item(self, model: Any) -> Any:
        if model in self._decoded:
            return next(iter(self._decoded[model]), None)
        if model not in self._first:
            rows = self._rows()
            self._first[model] = self._decoder(model).row(rows[0]) if rows else None
        return self._first[model]

    def _items(self, model: Any) -> list[Any]:
        if model not in self._decoded:
            self._decoded[model] = self._decoder(model).rows(self._rows())
        return self._decoded[model]

    def _decoder(self, model: Any) -> Decoder[Any]:
        if model is dict or self._query.aggregates or self._query.groups:
            return Decoder(dict)  # groups are no rows of the model
        selection = selection_of(self._query.fields)
        return Decoder(model, () if _covers(model, selection) else selection)


def _unresolved() -> UnresolvedError:
    return UnresolvedError("The response is not there yet: await gather() of its client first")


def _covers(model: type, selection: Selection) -> bool:
    """Say whether the selected fields make a whole instance: the others have defaults."""
    if not issubclass(model, BaseModel):
        return False
    chosen = dict(selection)
    hints = hints_of(model)
    for name, field in model.model_fields.items():
        inner = chosen.get(field.alias or name)
        if inner is None and field.is_required():
            return False
        related = related_model(hints[name]) if inner else None
        if inner and related is not None and not _covers(related, inner):
            return False
    return True
