"""Settings that belong together, as values for the package that they are for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

#: What an agent can call. ``describe`` is always among them: without it no query can be written.
AGENT_TOOLS = ("describe", "query", "aggregate", "write", "action")


if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.policy.rates import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """How long replies to writes are stored, and in which cache if not in the database."""

    cache: str
    hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """The settings of model actions."""

    track: bool
    ttl_minutes: int
    max_bytes: int
    max_rows: int
    min_status: str
    task_backend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agents:
    """What agents may do by MCP: as which roles, with which tools, and how much they are shown.

    ``max_rows`` is of one list, ``max_characters`` of one result.
    """

    roles: frozenset[str]
    tools: tuple[str, ...]
    max_rows: int
    max_characters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explorer:
    """Who may open the explorer, and the logins that it offers: passwords by names."""

    audience: str
    accounts: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """How long tokens are valid, in seconds, and how many logins may be tried.

    ``login_seconds`` is how long a login can be refreshed at all; ``session_seconds`` is the
    lifetime of the token of a session, which is a cookie; for ``grace_seconds`` a refresh token may
    be sent again.
    """

    access_seconds: int
    refresh_seconds: int
    login_seconds: int
    session_seconds: int
    grace_seconds: int
    login_rate: Rate | None
