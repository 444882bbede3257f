"""What the functions of this package take and return. No ``repr`` shows a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID


class Kind(StrEnum):
    """What a token is for; each has a prefix of its own, and a key of its own."""

    ACCESS = "access"
    REFRESH = "refresh"
    #: Both at once, for a cookie.
    SESSION = "session"
    STATIC = "static"


#: How a token begins, so that it can be told from others, and be found where it should not be.
PREFIXES = {
    Kind.ACCESS: "flexa_",
    Kind.REFRESH: "flexr_",
    Kind.SESSION: "flexc_",
    Kind.STATIC: "flexs_",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a signed token says. ``expires`` is a Unix time in seconds."""

    kind: Kind
    login_id: UUID
    generation: int
    expires: int
    password_state: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What a login or a refresh gives.

    ``access`` is sent with requests, and is valid for ``expires_in`` seconds. ``refresh`` is
    exchanged for the next pair within ``refresh_expires_in`` seconds. Of a session both are the
    same token, ``access``, and ``refresh`` is empty.
    """

    user: Any
    login_id: UUID
    access: str = field(repr=False)
    expires_in: int
    refresh: str = field(default="", repr=False)
    refresh_expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Whose token it is; ``login_id`` is ``None`` for a static token."""

    user: Any
    kind: Kind
    login_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A static token that was just created. ``token`` is not stored: it can be read only here."""

    id: int
    name: str
    token: str = field(repr=False)
