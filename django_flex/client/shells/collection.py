"""Rows of a collection, read and written synchronously."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

from django_flex.client.dialects.base import RowSet
from django_flex.client.flows import operations, streams
from django_flex.client.flows.effects import Flow
from django_flex.client.flows.operations import PLAIN, WriteOptions
from django_flex.client.flows.paging import Pager
from django_flex.client.flows.progress import Progress
from django_flex.client.flows.session import Session
from django_flex.client.messages import Reply
from django_flex.client.queries.query import Query
from django_flex.client.shells.exporting import partial_file
from django_flex.client.shells.iterating import RowIterator
from django_flex.client.shells.pages import BasePage
from django_flex.client.shells.selecting import Selecting
from django_flex.client.values.downloads import Asset

T = TypeVar("T")
R = TypeVar("R")


class Runner(Protocol):
    """What a collection needs of its client."""

    @property
    def session(self) -> Session: ...
    def run(self, flow: Flow[R]) -> R: ...
    def chunks(self, reply: Reply) -> Generator[bytes, None, None]: ...


class Page(BasePage[T], Generic[T]):
    """A page of rows; ``next()`` reads the page that follows."""

    __slots__ = ("_collection",)

    def __init__(self, items: list[T], found: RowSet, collection: Collection[T]) -> None:
        super().__init__(items, found)
        self._collection = collection

    def next(self) -> Page[T] | None:
        """Read the page that follows; ``None`` after the last one."""
        return self._collection._next(self._found)  # noqa: SLF001 # of this module


class Collection(Selecting[T], Generic[T]):
    """Rows of a collection, and what can be done with them."""

    __slots__ = ("_client",)

    def __init__(self, client: Runner, query: Query, model: type[T], *, strict: bool) -> None:
        super().__init__(client.session, query, model, strict=strict)
        self._client = client

    def _copy(self) -> Self:
        return type(self)(self._client, self.query, self._model, strict=self._strict)

    def list(self) -> Page[T]:
        """Read the rows of one page."""
        found = self._client.run(operations.list_rows(self._session, self._asked()))
        return Page(self._decoder().rows(found.rows), found, self)

    def _next(self, page: RowSet) -> Page[T] | None:
        flow = operations.next_rows(self._session, self._asked(), page)
        found = self._client.run(flow)
        if found is None:
            return None
        offset = (self.query.offset or 0) + len(page.rows)
        following = self._with(offset=offset) if found.next is None else self
        return Page(self._decoder().rows(found.rows), found, following)

    def pages(self, page_size: int = 500) -> Iterator[Page[T]]:
        """Read all rows, page by page, by keys."""
        pager = Pager(self._session, self._asked(), size=page_size, resume=None)
        while not pager.ended:
            found = self._client.run(pager.page())
            if found.rows:
                yield Page(self._decoder().rows(found.rows), found, self)

    def get(self, key: Any) -> T:
        """Read the row with this key.

        Raises:
            NotFound: there is none that the caller may see.
        """
        return self._decoder().row(
            self._client.run(operations.get_row(self._session, self._asked(), key))
        )

    def first(self) -> T | None:
        """Read the first row, or ``None``."""
        value = self._client.run(operations.first_row(self._session, self._asked()))
        return None if value is None else self._decoder().row(value)

    def one(self) -> T:
        """Read the only row.

        Raises:
            NotFound: there is none.
            BuildError: there are several.
        """
        return self._decoder().row(
            self._client.run(operations.one_row(self._session, self._asked()))
        )

    def count(self) -> int:
        """Count the rows."""
        return self._client.run(operations.count_rows(self._session, self.query))

    def exists(self) -> bool:
        """Say whether there is a row."""
        return self._client.run(operations.first_row(self._session, self.query)) is not None

    def explain(self) -> Any:
        """Return how the server would answer the query."""
        return self._client.run(operations.explained(self._session, self._asked()))

    def iter(
        self,
        page_size: int = 500,
        *,
        concurrency: int = 1,
        progress: Callable[[Progress], None] | None = None,
        resume: str | None = None,
    ) -> RowIterator[T]:
        """Read all rows, in constant memory.

        Pages are read by keys, in the query's order, so that rows that are added or deleted meanwhile
        shift nothing. Directus compares no texts, UUIDs and booleans by size: in their order pages are
        counted, and rows may be shifted. While the rows of one are used, up to
        ``concurrency`` - 1 more are read. ``progress`` is called after each page; it makes the first
        request count the rows. ``resume`` is the ``token`` of an iterator that was interrupted.
        """
        counts = progress is not None
        pager = Pager(self._session, self._asked(), size=page_size, resume=resume, count=counts)
        return RowIterator(
            pager, self._client.run, self._decoder(), ahead=concurrency - 1, progress=progress
        )

    def __iter__(self) -> Iterator[T]:
        return iter(self.iter())

    def export(
        self,
        target: str | Path | Any,
        form: str = "csv",
        *,
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Write all rows to a file while they arrive, and return the number of bytes.

        ``target`` is a path or a binary file; a path appears when it is complete. ``progress`` hears
        how many bytes there are so far.
        """
        flow = streams.export_rows(self._session, self._asked(), form)
        return self._saved(self._client.run(flow), target, progress)

    def download(
        self,
        key: Any,
        target: str | Path | Any | None = None,
        *,
        transform: Mapping[str, Any] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Asset:
        """Read the file of a row of ``directus_files``, into memory or into ``target``.

        ``target`` is a path or a binary file, which is written while the file arrives; a path appears
        when it is complete. ``transform`` are the parameters by which Directus transforms an image,
        such as ``{"width": 200, "format": "webp"}``.

        Raises:
            NotFoundOrForbidden: there is no such file that the caller may see.
            ReplyTooLarge: it has more than the ``max_bytes`` of the client, and there is no target.
            Unsupported: the server has no files of rows.
        """
        flow = streams.open_file(
            self._session, self.query, key, transform or {}, stream=target is not None
        )
        reply = self._client.run(flow)
        if target is not None:
            self._saved(reply, target, progress)
        return streams.asset_of(reply, key)

    def _saved(
        self, reply: Reply, target: str | Path | Any, progress: Callable[[int], None] | None
    ) -> int:
        """Write a stream to a file, and return its length."""
        written = 0
        try:
            with partial_file(target) as file, closing(self._client.chunks(reply)) as chunks:
                for chunk in chunks:
                    file.write(chunk)
                    written += len(chunk)
                    if progress is not None:
                        progress(written)
        finally:
            reply.body.close()
        return written

    def create(self, row: T | Mapping[str, Any], options: WriteOptions = PLAIN) -> T | None:
        """Add a row, and return it as the server has it; ``None`` if the caller may not read it."""
        value = self._client.run(operations.create_row(self._session, self._asked(), row, options))
        return self._written(value)

    def create_many(
        self,
        rows: Iterable[T | Mapping[str, Any]],
        *,
        chunk: int = 500,
        progress: Callable[[Progress], None] | None = None,
    ) -> builtins.list[T | None]:
        """Add rows, in chunks that are added completely or not at all, and return them."""
        made = self._client.run(
            operations.create_rows(
                self._session, self._asked(), builtins.list(rows), chunk=chunk, told=progress
            )
        )
        return [self._written(value) for value in made]

    def update(
        self, key: Any, row: T | Mapping[str, Any], options: WriteOptions = PLAIN
    ) -> T | None:
        """Change a row: only what ``row`` has; returns it, or ``None`` if it may not be read.

        With the key ``None`` it is the row of a collection of Directus that has one row.
        """
        flow = operations.update_row(self._session, self._asked(), key, row, options)
        return self._written(self._client.run(flow))

    def update_many(
        self, keys: Sequence[Any], rows: Mapping[str, Any] | Sequence[T | Mapping[str, Any]]
    ) -> builtins.list[T | None]:
        """Change the rows with these keys, all alike or each as the row at its place says."""
        flow = operations.update_rows(self._session, self._asked(), keys, rows)
        return [self._written(value) for value in self._client.run(flow)]

    def update_all(
        self, row: Mapping[str, Any], options: WriteOptions = PLAIN
    ) -> builtins.list[T | None]:
        """Change all rows that match the filters, of which there has to be one."""
        flow = operations.update_matching(self._session, self._asked(), row, options)
        return [self._written(value) for value in self._client.run(flow)]

    def upsert(
        self, row: T | Mapping[str, Any], *match: str, options: WriteOptions = PLAIN
    ) -> T | None:
        """Change the row that has these values of ``match``, or add it."""
        flow = operations.upsert_row(self._session, self._asked(), row, match, options)
        return self._written(self._client.run(flow))

    def delete(self, keys: Any, options: WriteOptions = PLAIN) -> int:
        """Delete the row with this key, or those with a list of keys."""
        return self._client.run(operations.delete_rows(self._session, self.query, keys, options))

    def delete_all(self, options: WriteOptions = PLAIN) -> int:
        """Delete all rows that match the filters, of which there has to be one."""
        return self._client.run(operations.delete_matching(self._session, self.query, options))

    def _written(self, value: Any) -> T | None:
        return None if value is None else self._decoder().row(value)
