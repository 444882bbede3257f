"""``DirectusRequest`` as py-directus has it: a query, and what can be done with its collection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel

from django_flex.client.compat.directus.aggregator import Agg
from django_flex.client.compat.directus.directus_response import DirectusResponse
from django_flex.client.compat.directus.filter import F
from django_flex.client.dialects.base import Write
from django_flex.client.dialects.directus import DirectusDialect, collection_path, query_object
from django_flex.client.dialects.replies import header
from django_flex.client.exceptions import BuildError
from django_flex.client.flows import operations
from django_flex.client.flows.cache import Cache
from django_flex.client.flows.effects import Flow
from django_flex.client.flows.requests import key_of, read, send, send_write
from django_flex.client.flows.session import Session
from django_flex.client.messages import Reply, Request
from django_flex.client.queries.filters import F as Condition
from django_flex.client.queries.query import Query, Rows
from django_flex.client.values.encoding import columns_of

T = TypeVar("T")
R = TypeVar("R")
#: A tuple is the key of a field or a relation: its collection and its name.
Key = UUID | int | str | tuple[str, ...]
Row = Mapping[str, Any] | BaseModel

_SEARCH = DirectusDialect("SEARCH")
_GET = DirectusDialect("GET")
_NO_CONTENT = Reply(status=204, headers={})


class Connected(Protocol):
    """What a request needs of its ``Directus``."""

    tasks: list[DirectusResponse[Any]]

    @property
    def cache(self) -> Cache: ...
    @property
    def session(self) -> Session: ...
    async def run(self, flow: Flow[R]) -> R: ...


class DirectusRequest(Generic[T]):
    """Rows of a collection. Each method that narrows it returns another request."""

    __slots__ = ("_query", "collection_class", "directus")

    def __init__(
        self, directus: Connected, collection: str | Query, collection_class: type[T] | None = None
    ) -> None:
        self.directus = directus
        self.collection_class = collection_class
        self._query: Query = (
            Query(collection=collection) if isinstance(collection, str) else collection
        )

    @property
    def collection(self) -> str:
        """The name of the collection."""
        return self._query.collection

    @property
    def params(self) -> dict[str, Any]:
        """The parameters that ``read`` is going to send."""
        return query_object(self._query)

    @property
    def uri(self) -> str:
        """The URL of the collection."""
        return self.directus.session.server + collection_path(self.collection)

    # --- narrowing -------------------------------------------------------------------------

    def fields(self, *fields: str) -> DirectusRequest[T]:
        """Select these fields, in place of those selected before."""
        return self._with(Rows(replace(self._query, fields=())).fields(*fields).query)

    def filter(self, *args: Condition, **filters: Any) -> DirectusRequest[T]:
        """Keep the rows that match all of these, and all that was filtered by before.

        Raises:
            UnknownOperator: there is no such operator.
        """
        for condition in args:
            if not isinstance(condition, Condition):
                raise BuildError(f"filter() takes F objects and keywords, not {condition!r}")
        return self._with(Rows(self._query).filter(*args, F(**filters)).query)

    def sort(self, field: str, asc: bool = True) -> DirectusRequest[T]:
        """Sort by this field, after those that were named before."""
        return self._with(Rows(self._query).order_by(field if asc else f"-{field}").query)

    def search(self, search: str | int | None = None) -> DirectusRequest[T]:
        """Keep the rows in which the server finds the text."""
        return self._with(replace(self._query, search=None if search is None else str(search)))

    def page(self, page: int = 1) -> DirectusRequest[T]:
        """Return the page of this number, counted from 1, of ``limit`` rows or of the server's."""
        Rows(self._query).page(page, size=1)  # refuses what is no number of a page
        return self._with(Rows(self._query).with_options(page=page).query)

    def limit(self, limit: int = -1) -> DirectusRequest[T]:
        """Return at most so many rows; ``-1`` means all."""
        return self._with(Rows(self._query).limit(limit).query)

    def offset(self, offset: int = 0) -> DirectusRequest[T]:
        """Skip so many rows."""
        return self._with(Rows(self._query).offset(offset).query)

    def aggregate(self, *args: Agg, **aggregates: str | Sequence[str]) -> DirectusRequest[T]:
        """Compute these, in addition to those before; without anything it counts the rows.

        Raises:
            UnknownOperator: there is no such aggregate.
        """
        for agg in args:
            if not isinstance(agg, Agg):
                raise BuildError(f"aggregate() takes Agg objects and keywords, not {agg!r}")
        asked = [*args, Agg(**aggregates)] if aggregates or not args else args  # type: ignore[arg-type] # an operator in place of a name
        parts = [part for agg in asked for part in agg.parts]
        return self._with(Rows(self._query).aggregate(*parts).query)

    def group_by(self, *fields: str) -> DirectusRequest[T]:
        """Compute the aggregates for each combination of these, in place of those before."""
        return self._with(Rows(replace(self._query, groups=())).group_by(*fields).query)

    def include_count(self) -> DirectusRequest[T]:
        """Ask for ``total_count`` and ``filtered_count``."""
        return self._with(Rows(self._query).with_count().query)

    # --- reading ---------------------------------------------------------------------------

    async def read(
        self,
        id: Key | None = None,
        method: str = "search",
        cache: bool = False,
        as_task: bool = False,
    ) -> DirectusResponse[T]:
        """Read the rows, or the row with the key ``id``.

        With ``cache``, what was read with it before is returned, for an hour and until something is
        written. With ``as_task``, the request is sent when ``gather()`` of the client is awaited.

        Raises:
            ApiError: the server refused it.
        """
        request = self._read_request(id, method)
        flow = _cached if cache else _fresh
        return await self._answered(lambda session: flow(session, request), as_task=as_task)

    async def metadata(self) -> dict[str, Any]:
        """Read what the server says about the collection: its name, ``meta`` and ``schema``."""
        request = _GET.get_request(Query(collection="directus_collections"), self.collection)
        told: dict[str, Any] = _GET.item(await self.directus.run(_told(self.directus, request)))
        return told

    async def fields_list(self) -> list[dict[str, Any]]:
        """Read what the server says about the fields of the collection."""
        flow = operations.schema_of(self._uncached(), self.collection)
        told: list[dict[str, Any]] = await self.directus.run(flow)
        return told

    async def clear_cache(
        self,
        id: Key | None = None,
        method: str = "search",
    ) -> bool:
        """Drop what is cached of this request; returns whether there was something."""
        return self.directus.cache.discard(
            key_of(self.directus.session, self._read_request(id, method))
        )

    # --- writing ---------------------------------------------------------------------------

    async def create(
        self,
        items: T | Row | Sequence[T | Row],
        as_task: bool = False,
    ) -> DirectusResponse[T]:
        """Add a row, or a list of rows: dictionaries or instances of a model."""
        many = isinstance(items, Sequence)
        rows = [columns_of(item) for item in (items if isinstance(items, Sequence) else [items])]
        if not rows:
            return DirectusResponse(_NO_CONTENT, self._query, self.collection_class)
        write = Write(query=self._query, rows=tuple(rows), many=many)
        return await self._written(_SEARCH.create_request(write), as_task=as_task)

    async def update(
        self,
        ids: Key | list[Any] | None,
        items: T | Row | Sequence[T | Row],
        as_task: bool = False,
        *,
        key: str = "id",
    ) -> DirectusResponse[T]:
        """Change the row with a key, or those with a list of keys.

        Several rows are changed alike, or each as the item at its place says; ``key`` is the name
        of the primary key then. Without ``ids``, the only row of a singleton is changed.

        Raises:
            BuildError: there is not one item for each key.
        """
        many = isinstance(ids, list)
        keys = _keys(ids)
        listed = isinstance(items, Sequence)
        changes = [columns_of(item) for item in (items if isinstance(items, Sequence) else [items])]
        if listed and not many:
            raise BuildError("update() takes a list of items for a list of ids only")
        if many and not listed:
            changes *= len(keys)
        if many and len(changes) != len(keys):
            raise BuildError(f"There are {len(keys)} ids and {len(changes)} items")
        if many and not keys:
            return DirectusResponse(_NO_CONTENT, self._query, self.collection_class)
        write = Write(
            query=self._query, rows=tuple(changes), keys=keys, many=many, options={"key": key}
        )
        return await self._written(_SEARCH.update_request(write), as_task=as_task)

    async def delete(
        self,
        ids: Key | list[Any],
        as_task: bool = False,
    ) -> DirectusResponse[T]:
        """Delete the row with a key, or those with a list of keys."""
        if ids is None:
            raise BuildError("delete() takes a key or a list of keys, not None")
        if ids == []:
            return DirectusResponse(_NO_CONTENT, self._query, self.collection_class)
        write = Write(query=self._query, keys=_keys(ids), many=isinstance(ids, list))
        return await self._written(_SEARCH.delete_request(write), as_task=as_task)

    # --- inside ----------------------------------------------------------------------------

    def _with(self, query: Query) -> DirectusRequest[T]:
        query_object(query)  # refuses what Directus cannot express
        return DirectusRequest(self.directus, query, self.collection_class)

    def _read_request(self, key: Any, method: str) -> Request:
        if method not in {"search", "get"}:
            raise BuildError(f"read() has the methods 'search' and 'get', not {method!r}")
        if key is not None:
            return _GET.get_request(self._query, key)
        return (_GET if method == "get" else _SEARCH).list_request(self._query)

    def _uncached(self) -> Session:
        return replace(self.directus.session, cache=None)

    async def _written(self, request: Request, *, as_task: bool) -> DirectusResponse[T]:
        return await self._answered(lambda session: send_write(session, request), as_task=as_task)

    async def _answered(
        self, flow: Callable[[Session], Flow[Reply]], *, as_task: bool
    ) -> DirectusResponse[T]:
        async def fetch() -> Reply:
            return await self.directus.run(flow(self.directus.session))

        response = DirectusResponse(
            query=self._query, collection=self.collection_class, fetch=fetch
        )
        if as_task:
            self.directus.tasks.append(response)
        else:
            await response.gather_response()
        return response

    def __repr__(self) -> str:
        return f"<DirectusRequest {self.collection!r}>"


def _keys(ids: Any) -> tuple[Any, ...]:
    if isinstance(ids, list):
        return tuple(ids)
    return () if ids is None else (ids,)


def _told(directus: Connected, request: Request) -> Flow[Reply]:
    return (yield from send(directus.session, request))


def _cached(session: Session, request: Request) -> Flow[Reply]:
    return (yield from read(session, request))


def _fresh(session: Session, request: Request) -> Flow[Reply]:
    """Ask the server, and renew what the cache has of the same request."""
    reply = yield from send(session, request)
    cache, key = session.cache, key_of(session, request)
    if cache is not None and cache.get(key) is not None:
        cache.put(key, reply, session.clock(), header(reply, "etag"))
    return reply
