"""The synchronous client."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Literal, Self, TypeVar, overload

from django_flex.client.dialects.base import Dialect
from django_flex.client.exceptions import TransportError
from django_flex.client.flows import logins, operations
from django_flex.client.flows.batches import BatchBuilder
from django_flex.client.flows.cache import Cache
from django_flex.client.flows.effects import Effect, Exclusive, Flow, Send, Sleep
from django_flex.client.flows.identity import Auth, Identity
from django_flex.client.flows.retries import Retry
from django_flex.client.flows.session import Session
from django_flex.client.messages import Reply
from django_flex.client.shells.collection import Collection, Page
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
from django_flex.client.shells.uploading import SyncBody

T = TypeVar("T")
R = TypeVar("R")


class Client:
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
        self._http: Any = http if http is not None else library.Client(timeout=timeout)
        self._keeps_cookies = bool(self._http.cookies)
        self._session = Session(
            server=server_of(base_url),
            identity=Identity(credentials(auth), threading.Lock()),
            dialect=dialect_named(dialect),
            retry=retries,
            lock=threading.Lock(),
            cache=cache,
            sender=str
            if self._owned
            else partial(sender_of, self._http, keeps_cookies=self._keeps_cookies),
        )

    def with_auth(self, auth: Auth | str | None) -> Client:
        """Return a client for another user over the same connection, which it does not close."""
        other = object.__new__(Client)
        other.__dict__ |= self.__dict__
        other._owned = False
        identity = Identity(credentials(auth), threading.Lock())
        other._session = replace(self._session, identity=identity, lock=threading.Lock())
        return other

    @overload
    def collection(self, target: str) -> Collection[dict[str, Any]]: ...
    @overload
    def collection(self, target: type[T], *, strict: bool = False) -> Collection[T]: ...
    def collection(self, target: str | type[Any], *, strict: bool = False) -> Collection[Any]:
        """Return the rows of a collection: dictionaries of a name, instances of a model.

        With ``strict``, names that the model does not have are refused when a query is built.
        """
        query, model = begun(target)
        return Collection(self, query, model, strict=strict)

    def me(self, *fields: str) -> Any:
        """Return who the server takes the caller for."""
        return self.run(operations.me(self._session, fields))

    def schema(self, collection: str = "") -> Any:
        """Return what the caller may do with a collection; without a name, which there are."""
        return self.run(operations.schema_of(self._session, collection))

    def action(
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
        return self.run(flow)

    @contextmanager
    def batch(self, *, atomic: bool = True) -> Iterator[BatchBuilder]:
        """Collect operations, and send them in one request at the end of the block.

        Their results are there after the block; nothing is sent if it raises.
        """
        batch = BatchBuilder()
        yield batch
        bodies = [operation.body for operation in batch.operations]
        batch.take(self.run(operations.run_batch(self._session, bodies, atomic=atomic)))

    def gather(self, *queries: Collection[Any], limit: int = 8) -> list[Page[Any]]:
        """Read the first page of each query, at most ``limit`` at the same time, in their order."""
        with ThreadPoolExecutor(max_workers=limit) as pool:
            return list(pool.map(lambda query: query.list(), queries))

    def login(self) -> None:
        """Log in now; otherwise the first request does."""
        self.run(_exclusive(self._session.identity, logins.log_in(self._session)))

    def refresh(self) -> None:
        """Refresh the tokens now; otherwise the client does before they expire."""
        self.run(_exclusive(self._session.identity, logins.refresh(self._session)))

    def logout(self) -> None:
        """Log out, and forget the credentials in any case."""
        self.run(_exclusive(self._session.identity, logins.log_out(self._session)))

    def close(self) -> None:
        """Close the connection, if the client has opened it."""
        if self._owned:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def session(self) -> Session:
        """What requests of this client have in common."""
        return self._session

    def __repr__(self) -> str:
        return f"<Client {self._session.server} {self._session.identity!r}>"

    def run(self, flow: Flow[R]) -> R:
        """Carry out the effects of a flow, and return its result."""
        try:
            effect = next(flow)
            while True:
                try:
                    outcome = self._perform(effect)
                except TransportError as error:
                    effect = flow.throw(error)
                else:
                    effect = flow.send(outcome)
        except StopIteration as stop:
            result: R = stop.value
            return result
        finally:
            flow.close()

    def _perform(self, effect: Effect) -> Any:
        match effect:
            case Send():
                return self._sent(effect)
            case Sleep(seconds):
                return time.sleep(seconds)
            case Exclusive(owner, flow):
                with owner.lock:
                    return self.run(flow)

    def _sent(self, effect: Send) -> Reply:
        asked = effect.request
        request = built(
            self._http,
            self._session.server,
            asked,
            keeps_cookies=self._keeps_cookies,
            body_of=SyncBody,
        )
        try:
            response = self._http.send(request, stream=True)
            if is_stream(asked, response):
                return reply_of(response, body=response)
            try:
                content = Content(response, self._max_bytes)
                for chunk in response.iter_bytes():
                    content.add(chunk)
            finally:
                response.close()
            return reply_of(response, content.joined())
        except faults(self._library) as error:
            raise fault(self._library, self._session.server, error) from error

    def chunks(self, reply: Reply) -> Generator[bytes, None, None]:
        """Yield the pieces of a stream, which the caller closes."""
        try:
            yield from reply.body.iter_bytes()
        except faults(self._library) as error:
            raise fault(self._library, self._session.server, error) from error


def _exclusive(owner: Identity, flow: Flow[R]) -> Flow[R]:
    result: R = yield Exclusive(owner, flow)
    return result
