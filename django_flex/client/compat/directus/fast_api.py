"""Dependencies for FastAPI: a client of Directus for the user who sent the request.

Each of them is made by a function, from the address of the server and the connection to use, so that
there are no clients in the module, and an application can talk to two servers. ::

    signed_in = directus_auth("https://directus.example", connection=connection)

    @app.get("/articles")
    async def articles(directus: Annotated[Directus, Depends(signed_in)]): ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import import_module
from typing import Any, TypeAlias

from django_flex.client.compat.directus.directus import Directus
from django_flex.client.compat.directus.models import DirectusUser
from django_flex.client.exceptions import AuthError, ConfigurationError, Forbidden
from django_flex.client.flows.retries import Retry
from django_flex.client.shells.transport import Http

#: The request and the response of Starlette, whose types are not needed where it is not installed.
_Http: TypeAlias = Any

ACCESS, REFRESH = "access_token", "refresh_token"


def directus_auth(
    url: str,
    *,
    connection: Http | None = None,
    login_path: str = "/login",
    retries: Retry = Retry(),  # noqa: B008 # frozen
) -> Callable[..., AsyncIterator[Directus]]:
    """Return a dependency that gives a ``Directus`` of the user who sent the request.

    Their token is that of ``Authorization: Bearer``, else of the cookies ``access_token`` and
    ``refresh_token``. A request with a bearer token that Directus refuses is answered with 401, any
    other request of nobody with a redirect to ``login_path``. Tokens that had to be refreshed are
    set as cookies. A ``connection`` is shared by all requests; without it, each one opens its own.

    Raises:
        ConfigurationError: FastAPI is not installed.
    """
    fastapi = _fastapi()

    async def signed_in(request: _Http, response: _Http) -> AsyncIterator[Directus]:
        bearer = _bearer(request.headers.get("authorization", ""))
        token = bearer or request.cookies.get(ACCESS)
        refresh = None if bearer else request.cookies.get(REFRESH)
        if not token and not refresh:
            raise fastapi.HTTPException(307, headers={"Location": login_path})
        directus = Directus(
            url, token=token, refresh_token=refresh, connection=connection, retries=retries
        )
        try:
            try:
                await directus.user
            except (AuthError, Forbidden) as error:
                raise _refusal(fastapi, login_path, bearer=bool(bearer)) from error
            if refresh and directus.token != token:
                _set_cookies(request, response, directus)
            yield directus
        finally:
            await directus.close_connection()

    signed_in.__annotations__ |= {"request": fastapi.Request, "response": fastapi.Response}
    return signed_in


def role_required(
    signed_in: Callable[..., AsyncIterator[Directus]], *roles: str
) -> Callable[..., Awaitable[Directus]]:
    """Return a dependency that gives what ``signed_in`` gives, to users with one of the ``roles``.

    A role is named by its key, or by its name if the user may read that. Others get a 403.

    Raises:
        ConfigurationError: no role is named, or FastAPI is not installed.
    """
    fastapi = _fastapi()
    if not roles:
        raise ConfigurationError("role_required() needs a role")

    async def allowed(directus: Any = fastapi.Depends(signed_in)) -> Directus:  # noqa: B008 # as FastAPI wants it
        if not await _has_role(directus, roles):
            raise fastapi.HTTPException(403, "Your role may not do this.")
        client: Directus = directus
        return client

    return allowed


async def _has_role(directus: Directus, roles: tuple[str, ...]) -> bool:
    user = await directus.user
    if user is None or user.role is None:
        return False
    if user.role in roles:
        return True
    named = directus.collection(DirectusUser).fields("role.name")
    try:
        item = (await named.read("me", cache=True)).item_as_dict() or {}
    except Forbidden:  # this user may not read the names of roles
        return False
    return (item.get("role") or {}).get("name") in roles


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _refusal(fastapi: Any, login_path: str, *, bearer: bool) -> Exception:
    if bearer:
        headers = {"WWW-Authenticate": "Bearer"}
        refusal: Exception = fastapi.HTTPException(401, "The token is not valid.", headers)
    else:
        refusal = fastapi.HTTPException(307, headers={"Location": login_path})
    return refusal


def _set_cookies(request: _Http, response: _Http, directus: Directus) -> None:
    secure = request.url.scheme == "https"
    for name, value in ((ACCESS, directus.token), (REFRESH, directus.refresh_token)):
        response.set_cookie(name, value or "", httponly=True, samesite="lax", secure=secure)


def _fastapi() -> Any:
    try:
        return import_module("fastapi")
    except ModuleNotFoundError as error:
        if error.name != "fastapi":
            raise
        raise ConfigurationError(
            "This needs FastAPI: install it with the extra 'fastapi'"
        ) from error
