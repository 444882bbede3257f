"""A client for this package's API, and for Directus: typed, synchronous or asynchronous.

Nothing in here imports Django. ``Client`` and ``AsyncClient`` are the beginning; names are imported
on first use, so that the command line starts quickly.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_flex.client.exceptions import (
        ApiError,
        AuthError,
        BadQuery,
        BuildError,
        ClientError,
        ConfigurationError,
        Conflict,
        ConnectionFailed,
        DecodeError,
        Forbidden,
        InvalidCredentials,
        NotFound,
        NotFoundOrForbidden,
        PreconditionFailed,
        ProtocolError,
        RateLimited,
        ReplyTooLarge,
        ServerError,
        TimedOut,
        TokenExpired,
        TransportError,
        UnknownOperator,
        Unsupported,
        ValidationFailed,
    )
    from django_flex.client.flows.cache import Cache
    from django_flex.client.flows.identity import Password, SessionCookie, SessionLogin, StaticToken
    from django_flex.client.flows.operations import WriteOptions
    from django_flex.client.flows.progress import Progress
    from django_flex.client.flows.retries import NO_RETRIES, Retry
    from django_flex.client.queries.aggregates import Agg
    from django_flex.client.queries.filters import F
    from django_flex.client.queries.query import rows
    from django_flex.client.shells.aio import AsyncClient
    from django_flex.client.shells.async_collection import AsyncCollection, AsyncPage
    from django_flex.client.shells.collection import Collection, Page
    from django_flex.client.shells.sync import Client
    from django_flex.client.values.downloads import Asset
    from django_flex.client.values.uploads import Upload

__all__ = [
    "NO_RETRIES",
    "Agg",
    "ApiError",
    "Asset",
    "AsyncClient",
    "AsyncCollection",
    "AsyncPage",
    "AuthError",
    "BadQuery",
    "BuildError",
    "Cache",
    "Client",
    "ClientError",
    "Collection",
    "ConfigurationError",
    "Conflict",
    "ConnectionFailed",
    "DecodeError",
    "F",
    "Forbidden",
    "InvalidCredentials",
    "NotFound",
    "NotFoundOrForbidden",
    "Page",
    "Password",
    "PreconditionFailed",
    "Progress",
    "ProtocolError",
    "RateLimited",
    "ReplyTooLarge",
    "Retry",
    "ServerError",
    "SessionCookie",
    "SessionLogin",
    "StaticToken",
    "TimedOut",
    "TokenExpired",
    "TransportError",
    "UnknownOperator",
    "Unsupported",
    "Upload",
    "ValidationFailed",
    "WriteOptions",
    "rows",
]

_MODULES = {
    "queries.aggregates": ("Agg",),
    "shells.aio": ("AsyncClient",),
    "shells.async_collection": ("AsyncCollection", "AsyncPage"),
    "flows.cache": ("Cache",),
    "exceptions": (
        "ApiError",
        "AuthError",
        "BadQuery",
        "BuildError",
        "ClientError",
        "ConfigurationError",
        "Conflict",
        "ConnectionFailed",
        "DecodeError",
        "Forbidden",
        "InvalidCredentials",
        "NotFound",
        "NotFoundOrForbidden",
        "PreconditionFailed",
        "ProtocolError",
        "RateLimited",
        "ReplyTooLarge",
        "ServerError",
        "TimedOut",
        "TokenExpired",
        "TransportError",
        "UnknownOperator",
        "Unsupported",
        "ValidationFailed",
    ),
    "queries.filters": ("F",),
    "flows.identity": ("Password", "SessionCookie", "SessionLogin", "StaticToken"),
    "flows.operations": ("WriteOptions",),
    "flows.progress": ("Progress",),
    "queries.query": ("rows",),
    "flows.retries": ("NO_RETRIES", "Retry"),
    "shells.collection": ("Collection", "Page"),
    "shells.sync": ("Client",),
    "values.downloads": ("Asset",),
    "values.uploads": ("Upload",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
