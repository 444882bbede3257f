"""What a client is told when it is made, as the core has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from django_flex.client.dialects.base import Dialect
from django_flex.client.dialects.directus import DirectusDialect
from django_flex.client.dialects.flex import FlexDialect
from django_flex.client.exceptions import ConfigurationError
from django_flex.client.flows.identity import Auth, StaticToken

_DIALECTS: Mapping[str, type[FlexDialect | DirectusDialect]] = {
    "flex": FlexDialect,
    "directus": DirectusDialect,
}


def dialect_named(dialect: Literal["auto", "flex", "directus"] | Dialect) -> Dialect | None:
    """Return a dialect by its name; ``None`` for ``"auto"``.

    Raises:
        ConfigurationError: there is none of this name.
    """
    if dialect == "auto":
        return None
    if not isinstance(dialect, str):
        return dialect
    if dialect not in _DIALECTS:
        raise ConfigurationError(f"There is no dialect {dialect!r}; there are auto, flex, directus")
    return _DIALECTS[dialect]()


def size_of(max_bytes: int) -> int:
    """Return how large a reply may be.

    Raises:
        ConfigurationError: it is no number of bytes.
    """
    if type(max_bytes) is not int or max_bytes < 1:
        raise ConfigurationError(f"max_bytes is a whole number of at least 1, not {max_bytes!r}")
    return max_bytes


def credentials(auth: Auth | str | None) -> Auth | None:
    """Return ``auth``; a text is a token.

    Raises:
        ConfigurationError: it is an empty text.
    """
    if auth == "":
        raise ConfigurationError("auth is an empty text; None means no credentials")
    return StaticToken(auth) if isinstance(auth, str) else auth
