"""The asynchronous client: the same, with ``await``."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Literal, Self, TypeVar, overload

from django_flex.client.dialects.base import Dialect
from django_flex.client.exceptions import TransportError
from django_flex.client.flows import logins, operations
from django_flex.client.flows.batches import BatchBuilder
from django_flex.client.flows.cache import Cache
from django_flex.client.flows.effects import Effect, Exclusive, Flow, Owner, Send, Sleep
from django_flex.client.flows.identity import Auth, Identity
from django_flex.client.flows.retries import Retry
from django_flex.client.flows.session import Session
from django_flex.client.messages import Reply
from django_flex.client.shells.async_collection import AsyncCollection, AsyncPage
from django_flex.client.shells.opening import credentials, dialect_named, size_of
from django_flex.client.shells.selecting import begun
from django_flex.client.shells.transport import (
    MAX_BYTES,
    Content,
    Http,
    built,
    default_library,
    fault,
    faults,
    is_stream,
    library_of,
    reply_of,
    sender_of,
    server_of,
)
from django_flex.client.shells.uploading import AsyncBody

T = TypeVar("T")
R = TypeVar("R")


class AsyncClient:
    """A connection to one API, as one user.

    ``base_url`` is the address of the API (``https://example.org/api/``), ``auth`` says who is
    asking, ``timeout`` is in seconds. A client ``http`` of httpx2 or httpx that is passed in is used
    with its own settings, and never closed. A reply of more than ``max_bytes`` is an error, unless
    it is written to a file.

    Raises:
        ConfigurationError: something that was passed cannot be right.
    """

    def __init__(  # noqa: PLR0913 # options, by keyword
        self,
        base_url: str,
        *,
        dialect: Literal["auto", "flex", "directus"] | Dialect = "auto",
        auth: Auth | str | None = None,
        timeout: float = 10.0,
        retries: Retry = Retry(),  # noqa: B008 # frozen
        http: Http | None = None,
        cache: Cache | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        library = library_of(http) if http is not None else default_library()
        self._library = library
        self._owned = http is None
        self._max_bytes = size_of(max_bytes)
        self._http: Any = http if http is not None else library.AsyncClient(timeout=timeout)
        self._keeps_cookies = bool(self._http.cookies)
        self._session = Session(
            server=server_of(base_url),
            identity=Identity(credentials(auth), asyncio.Lock()),
            dialect=dialect_named(dialect),
            retry=retries,
            lock=asyncio.Lock(),
            cache=cache,
            sender=str
            if self._owned
            else partial(sender_of, self._http, keeps_cookies=self._keeps_cookies),
        )

    def with_auth(self, auth: Auth | str | None) -> AsyncClient:
        """Return a client for another user over the same connection, which it does not close."""
        other = object.__new__(AsyncClient)
        other.__dict__ |= self.__dict__
        other._owned = False
        identity = Identity(credentials(auth), asyncio.Lock())
        other._session = replace(self._session, identity=identity, lock=asyncio.Lock())
        return other

    @overload
    def collection(self, target: str) -> AsyncCollection[dict[str, Any]]: ...
    @overload
    def collection(self, target: type[T], *, strict: bool = False) -> AsyncCollection[T]: ...
    def collection(self, target: str | type[Any], *, strict: bool = False) -> AsyncCollection[Any]:
        """Return the rows of a collection: dictionaries of a name, instances of a model.

        With ``strict``, names that the model does not have are refused when a query is built.
        """
        query, model = begun(target)
        return AsyncCollection(self, query, model, strict=strict)

    async def me(self, *fields: str) -> Any:
        """Return who the server takes the caller for."""
        return await self.run(operations.me(self._session, fields))

    async def schema(self, collection: str = "") -> Any:
        """Return what the caller may do with a collection; without a name, which there are."""
        return await self.run(operations.schema_of(self._session, collection))

    async def action(
        self,
        collection: str,
        name: str,
        key: Any = None,
        /,
        *,
        headers: Mapping[str, str] | None = None,
        **payload: Any,
    ) -> Any:
        """Run a model action, on the row with ``key`` if there is one, and return its reply."""
        flow = operations.run_action(
            self._session, collection, name, key, payload, dict(headers or {})
        )
        return await self.run(flow)

    @asynccontextmanager
    async def batch(self, *, atomic: bool = True) -> AsyncIterator[BatchBuilder]:
        """Collect operations, and send them in one request at the end of the block.

        Their results are there after the block; nothing is sent if it raises.
        """
        batch = BatchBuilder()
        yield batch
        bodies = [operation.body for operation in batch.operations]
        batch.take(await self.run(operations.run_batch(self._session, bodies, atomic=atomic)))

    async def gather(self, *queries: AsyncCollection[Any], limit: int = 8) -> list[AsyncPage[Any]]:
        """Read the first page of each query, at most ``limit`` at the same time, in their order."""
        free = asyncio.Semaphore(limit)

        async def read(query: AsyncCollection[Any]) -> AsyncPage[Any]:
            async with free:
                return await query.list()

        return builtins.list(await asyncio.gather(*map(read, queries)))

    async def login(self) -> None:
        """Log in now; otherwise the first request does."""
        await self.run(_exclusive(self._session.identity, logins.log_in(self._session)))

    async def refresh(self) -> None:
        """Refresh the tokens now; otherwise the client does before they expire."""
        await self.run(_exclusive(self._session.identity, logins.refresh(self._session)))

    async def logout(self) -> None:
        """Log out, and forget the credentials in any case."""
        await self.run(_exclusive(self._session.identity, logins.log_out(self._session)))

    async def close(self) -> None:
        """Close the connection, if the client has opened it."""
        if self._owned:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __await__(self) -> Generator[Any, None, Self]:
        return self._opened().__await__()

    async def _opened(self) -> Self:
        """Log in, if there is something to log in with."""
        await self.run(logins.ensure(self._session))
        return self

    @property
    def session(self) -> Session:
        """What requests of this client have in common."""
        return self._session

    def __repr__(self) -> str:
        return f"<AsyncClient {self._session.server} {self._session.identity!r}>"

    async def run(self, flow: Flow[R]) -> R:
        """Carry out the effects of a flow, and return its result."""
        try:
            effect = next(flow)
            while True:
                try:
                    outcome = await self._perform(effect)
                except TransportError as error:
                    effect = flow.throw(error)
                else:
                    effect = flow.send(outcome)
        except StopIteration as stop:
            result: R = stop.value
            return result
        finally:
            flow.close()

    async def _perform(self, effect: Effect) -> Any:
        match effect:
            case Send():
                return await self._sent(effect)
            case Sleep(seconds):
                return await asyncio.sleep(seconds)
            case Exclusive(owner, flow):
                # Shielded: if the caller is cancelled, a refresh that was sent still has to arrive.
                task = asyncio.ensure_future(self._alone(owner, flow))
                task.add_done_callback(_retrieved)
                return await asyncio.shield(task)

    async def _alone(self, owner: Owner, flow: Flow[Any]) -> Any:
        async with owner.lock:
            return await self.run(flow)

    async def _sent(self, effect: Send) -> Reply:
        asked = effect.request
        request = built(
            self._http,
            self._session.server,
            asked,
            keeps_cookies=self._keeps_cookies,
            body_of=AsyncBody,
        )
        try:
            response = await self._http.send(request, stream=True)
            if is_stream(asked, response):
                return reply_of(response, body=response)
            try:
                content = Content(response, self._max_bytes)
                async for chunk in response.aiter_bytes():
                    content.add(chunk)
            finally:
                await response.aclose()
            return reply_of(response, content.joined())
        except faults(self._library) as error:
            raise fault(self._library, self._session.server, error) from error

    async def chunks(self, reply: Reply) -> AsyncGenerator[bytes, None]:
        """Yield the pieces of a stream, which the caller closes."""
        try:
            async for chunk in reply.body.aiter_bytes():
                yield chunk
        except faults(self._library) as error:
            raise fault(self._library, self._session.server, error) from error


def _exclusive(owner: Identity, flow: Flow[R]) -> Flow[R]:
    result: R = yield Exclusive(owner, flow)
    return result


def _retrieved(task: asyncio.Future[Any]) -> None:
    """Look at the outcome of a task whose caller may have gone, so that nothing is logged."""
    if not task.cancelled():
        task.exception()
