"""``Directus`` as py-directus has it: the asynchronous client, with the names of that package."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Self, TypeVar, overload
from urllib.parse import urlencode

from pydantic import BaseModel

from django_flex.client.compat.directus import files
from django_flex.client.compat.directus.directus_request import DirectusRequest
from django_flex.client.compat.directus.directus_response import DirectusResponse
from django_flex.client.compat.directus.models import (
    DirectusFile,
    DirectusFolder,
    DirectusRole,
    DirectusSettings,
    DirectusTranslation,
    DirectusUser,
)
from django_flex.client.dialects.base import Tokens
from django_flex.client.dialects.directus_files import asset_path
from django_flex.client.exceptions import BuildError, ClientError
from django_flex.client.flows import operations
from django_flex.client.flows.cache import Cache
from django_flex.client.flows.effects import Flow
from django_flex.client.flows.identity import Auth, Password, StaticToken
from django_flex.client.flows.requests import send, send_write
from django_flex.client.flows.retries import Retry
from django_flex.client.flows.session import Session
from django_flex.client.messages import Request
from django_flex.client.queries.query import Query
from django_flex.client.shells.aio import AsyncClient
from django_flex.client.shells.transport import Http
from django_flex.client.values.decoding import collection_of
from django_flex.client.values.downloads import Asset

R = TypeVar("R")
Model = TypeVar("Model", bound=BaseModel)

#: For how many seconds ``read(cache=True)`` returns the same.
FRESH = 3600.0


class Directus:
    """A connection to one Directus server, as one user: ``await Directus(url, token="…")``.

    Awaiting it logs in, if there is an email and a password. ``async with`` logs out at its end. A
    ``connection``, an asynchronous client of httpx2 or httpx, can be shared by several users, and is
    never closed. Tokens are refreshed before they expire, and once if the server refuses them.

    Raises:
        ConfigurationError: something that was passed cannot be right.
    """

    def __init__(
        self,
        url: str,
        email: str | None = None,
        password: str | None = None,
        token: str | None = None,
        refresh_token: str | None = None,
        connection: Http | None = None,
        *,
        retries: Retry = Retry(),  # noqa: B008 # frozen
        timeout: float = 10.0,
    ) -> None:
        self.url = url
        self.email = email
        self.tasks: list[DirectusResponse[Any]] = []
        self._auth = _auth(email, password, token, refresh_token)
        self._token = token
        self._root = AsyncClient(
            url, dialect="directus", retries=retries, timeout=timeout, http=connection
        )
        self._cache = Cache(seconds=FRESH)
        self._client = self._begun()

    def __await__(self) -> Generator[Any, None, Self]:
        return self._opened().__await__()

    async def _opened(self) -> Self:
        await self._client
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.logout()
        await self.close_connection()

    def __repr__(self) -> str:
        return f"<Directus {self._client.session.server} {self._client.session.identity!r}>"

    # --- who asks --------------------------------------------------------------------------

    async def login(self) -> None:
        """Log in now, also after a logout; a static token needs no login.

        Raises:
            InvalidCredentials: the server refuses the email and the password.
        """
        self._client = self._begun()
        if isinstance(self._auth, Password):
            await self._client.login()

    async def refresh(self) -> None:
        """Exchange the refresh token for other tokens."""
        await self._client.refresh()

    async def logout(self) -> bool:
        """Log out; returns whether the server took notice. The credentials are gone in any case."""
        leaving, self._client = self._client, self._user(None)
        self._cache.clear()
        try:
            await leaving.logout()
        except ClientError:
            return False
        return True

    @property
    def token(self) -> str | None:
        """The token that requests carry; can be set to another one."""
        identity = self._client.session.identity
        if isinstance(identity.auth, StaticToken):
            return identity.auth.token
        return identity.access or None

    @token.setter
    def token(self, token: str | None) -> None:
        self._token = token
        self._auth = _auth(None, None, token, None)
        self._client = self._begun()

    @property
    def refresh_token(self) -> str | None:
        """The token that the next refresh uses."""
        return self._client.session.identity.refresh or None

    @property
    def expires(self) -> int | None:
        """For how many milliseconds the token is still valid, if the server said so."""
        session = self._client.session
        until = session.identity.expires_at
        return None if until is None else round(1000 * (until - session.clock()))

    @property
    def expiration_time(self) -> datetime | None:
        """When the token expires, if the server said so."""
        left = self.expires
        return None if left is None else datetime.now(UTC) + timedelta(milliseconds=left)

    @property
    async def user(self) -> DirectusUser | None:
        """Who the server takes the caller for, read once."""
        return (await self.me(cache=True)).item

    async def me(
        self, cache: bool = False, as_task: bool = False
    ) -> DirectusResponse[DirectusUser]:
        """Read who the server takes the caller for."""
        return await self.collection(DirectusUser).read("me", cache=cache, as_task=as_task)

    # --- collections -----------------------------------------------------------------------

    @overload
    def collection(self, collection: str) -> DirectusRequest[dict[str, Any]]: ...
    @overload
    def collection(self, collection: type[Model]) -> DirectusRequest[Model]: ...
    def collection(self, collection: str | type[Any]) -> DirectusRequest[Any]:
        """Return a request for the rows of a collection: dictionaries, or instances of a model."""
        if isinstance(collection, str) and collection:
            return DirectusRequest(self, collection)
        if isinstance(collection, type) and issubclass(collection, BaseModel):
            return DirectusRequest(self, collection_of(collection), collection)
        raise BuildError(f"A collection is a name or a pydantic model, not {collection!r}")

    async def list_collections(self) -> list[dict[str, Any]]:
        """Read which collections there are, with what the server says about them."""
        flow = operations.schema_of(replace(self.session, cache=None), "")
        listed: list[dict[str, Any]] = await self.run(flow)
        return listed

    async def roles(self) -> DirectusResponse[DirectusRole]:
        """Read the roles."""
        return await self.collection(DirectusRole).read()

    async def gather(self) -> None:
        """Send what was made a task, at the same time, and wait for all of it.

        Raises:
            ClientError: one of them failed; the others have their responses.
        """
        tasks, self.tasks = self.tasks, []
        outcomes = await asyncio.gather(
            *(task.gather_response() for task in tasks), return_exceptions=True
        )
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    # --- settings and translations ---------------------------------------------------------

    async def read_settings(self) -> DirectusResponse[dict[str, Any]]:
        """Read the settings of the server."""
        return await self.collection(collection_of(DirectusSettings)).read(method="get")

    async def update_settings(self, data: Mapping[str, Any]) -> DirectusResponse[dict[str, Any]]:
        """Change settings of the server."""
        return await self.collection(collection_of(DirectusSettings)).update(None, data)

    @overload
    async def get_translations(self) -> list[dict[str, Any]]: ...
    @overload
    async def get_translations(self, clean: bool) -> Any: ...
    async def get_translations(self, clean: bool = False) -> Any:
        """Read all translations: as rows, or with ``clean`` as texts by key and language."""
        response = await self.collection(DirectusTranslation).limit(-1).read()
        if not clean:
            return response.items_as_dict()
        grouped: dict[str, dict[str, str]] = {}
        for row in response.items_as_dict():
            grouped.setdefault(row["key"], {})[row["language"]] = row["value"]
        return grouped

    async def create_translations(
        self, *keys: str | tuple[str, str]
    ) -> DirectusResponse[DirectusTranslation]:
        """Add empty translations: of a key into English, or of a key into a language."""
        pairs = [(key, "en-GB") if isinstance(key, str) else key for key in keys]
        rows = [{"key": key, "language": language, "value": ""} for key, language in pairs]
        return await self.collection(DirectusTranslation).create(rows)

    # --- files -----------------------------------------------------------------------------

    async def upload_file(
        self,
        to_upload: files.Source,
        folder: str | None = None,
        media_type: str | None = None,
        use_magic: bool = True,
    ) -> DirectusResponse[DirectusFile]:
        """Add a file, from a path or as it was uploaded, to the folder with this name.

        The media type is ``media_type``, else what libmagic sees if it is installed and
        ``use_magic`` is true, else what the name of the file says.

        Raises:
            BuildError: there is no such folder.
        """
        upload = await files.upload_of(to_upload, media_type, use_magic=use_magic)
        key = None if folder is None else await self._folder(folder)
        reply = await self.run(send_write(self.session, files.upload_request(upload, key)))
        return DirectusResponse(reply, Query(collection="directus_files"), DirectusFile)

    async def download_file(
        self,
        file_id: str,
        fit: str | None = None,
        width: int | None = None,
        height: int | None = None,
        quality: int | None = None,
        withoutEnlargement: bool | None = None,
        img_format: str | None = None,
        *,
        target: str | Path | IO[bytes] | None = None,
        **transforms: Any,
    ) -> Asset:
        """Read a file as the client's user; an image can be transformed.

        With a ``target``, a path or a binary file, it is written there while it arrives.

        Raises:
            NotFoundOrForbidden: there is no such file that the user may see.
        """
        params = files.transformation(
            fit=fit, width=width, height=height, quality=quality,
            withoutEnlargement=withoutEnlargement, img_format=img_format, more=transforms,
        )  # fmt: skip
        stored = self._client.collection("directus_files")
        return await stored.download(file_id, target, transform=dict(params))

    def get_file_url(
        self,
        file_id: str,
        fit: str | None = None,
        width: int | None = None,
        height: int | None = None,
        quality: int | None = None,
        withoutEnlargement: bool | None = None,
        img_format: str | None = None,
        **transforms: Any,
    ) -> str:
        """Return the URL of a file; it has no credentials in it."""
        params = files.transformation(
            fit=fit, width=width, height=height, quality=quality,
            withoutEnlargement=withoutEnlargement, img_format=img_format, more=transforms,
        )  # fmt: skip
        query = f"?{urlencode(params)}" if params else ""
        return self.session.server + asset_path(file_id) + query

    async def _folder(self, name: str) -> str:
        found = await self.collection(DirectusFolder).fields("id").filter(name=name).read()
        if found.item is None or found.item.id is None:
            raise BuildError(f"There is no folder {name!r} that this user may see")
        return found.item.id

    # --- what is kept ----------------------------------------------------------------------

    @property
    def cache(self) -> Cache:
        """What ``read(cache=True)`` has read."""
        return self._cache

    async def start_cache(self) -> None:
        """Begin with an empty cache."""
        self._cache = self.session.cache = Cache(seconds=FRESH)

    async def clear_cache(self, clear_all: bool = False, *, server: bool = False) -> None:
        """Drop what this client has cached; ``clear_all`` means the same, since nothing is shared.

        With ``server``, the server drops what it has cached as well, which takes an administrator.
        """
        self._cache.clear()
        if server:
            request = Request(method="POST", path="utils/cache/clear")
            await self.run(send(self.session, request))

    async def close_connection(self) -> None:
        """Close the connection, if this object has opened it."""
        await self._root.close()

    # --- what requests need ----------------------------------------------------------------

    @property
    def session(self) -> Session:
        """What requests of this user have in common."""
        return self._client.session

    async def run(self, flow: Flow[R]) -> R:
        """Carry out a flow of the client, and return its result."""
        return await self._client.run(flow)

    def _user(self, auth: Auth | None) -> AsyncClient:
        client = self._root.with_auth(auth)
        client.session.cache = self._cache
        return client

    def _begun(self) -> AsyncClient:
        """Return a client with the credentials that this object was made with."""
        client = self._user(self._auth)
        if self._token and isinstance(self._auth, Password):
            session = client.session
            tokens = Tokens(access=self._token, refresh=self._auth.refresh_token)
            session.identity.accept(tokens, {}, session.clock())
        return client


def _auth(
    email: str | None, password: str | None, token: str | None, refresh_token: str | None
) -> Auth | None:
    """Return how to sign in: a token goes before a password, and can be refreshed if it may be."""
    if token and not refresh_token:
        return StaticToken(token)
    if refresh_token or email or password:
        return Password(email or "", password or "", refresh_token=refresh_token or "")
    return None
