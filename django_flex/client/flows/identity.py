"""Who is asking: what a program passes as ``auth``, and what is remembered of a login."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal, TypeAlias
from uuid import uuid4

from django_flex.client.dialects.base import Tokens
from django_flex.client.messages import Request

#: A token is refreshed this many seconds before it expires.
EARLY = 30.0
#: What Django calls the cookie, if the project does not.
CSRF_COOKIE = "csrftoken"


@dataclass(frozen=True, slots=True)
class StaticToken:
    """A token that does not change, sent as ``Authorization: {scheme} {token}``."""

    token: str = field(repr=False)
    scheme: str = "Bearer"


@dataclass(frozen=True, slots=True)
class Password:
    """Log in with a name and a password, for tokens that are refreshed, or a session cookie.

    ``mode`` is ``"json"`` for tokens and ``"session"`` for a cookie. A ``refresh_token`` of an
    earlier login is used in place of the password. ``path`` is where the server has the URLs for
    signing in, if that is not where its dialect has them (``/auth/`` for django_flex).
    """

    name: str = ""
    password: str = field(default="", repr=False)
    mode: Literal["json", "session"] = "json"
    refresh_token: str = field(default="", repr=False)
    path: str = ""


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """A session of Django's, and the CSRF token that writes need."""

    session_id: str = field(repr=False)
    csrf_token: str = field(default="", repr=False)
    session_name: str = "sessionid"
    csrf_name: str = "csrftoken"


@dataclass(frozen=True, slots=True)
class SessionLogin:
    """Log in through a login page of Django's, such as that of the admin, at ``path``."""

    username: str
    password: str = field(repr=False)
    path: str = "/admin/login/"
    logout_path: str = "/admin/logout/"
    session_name: str = "sessionid"
    csrf_name: str = "csrftoken"


#: Called for each request, for a token or for headers.
Signer: TypeAlias = Callable[[], str | Mapping[str, str]]
Auth: TypeAlias = StaticToken | Password | SessionCookie | SessionLogin | Signer


class Identity:
    """What a client knows about one user: the credentials, and the tokens or cookies of a login.

    ``generation`` grows with each login and refresh, so that a flow notices that another one has
    done it meanwhile. ``lock`` is of the kind that the shell uses.
    """

    __slots__ = (
        "_mark", "access", "auth", "cookies", "expires_at", "generation", "lock", "refresh"
    )  # fmt: skip

    def __init__(self, auth: Auth | None, lock: Any) -> None:
        self.auth = auth
        self.lock = lock
        #: Unlike ``id(self)``, no later identity has the same: a cache may outlive this one.
        self._mark = uuid4().hex
        self.access = ""
        self.refresh = auth.refresh_token if isinstance(auth, Password) else ""
        self.expires_at: float | None = None
        self.cookies: dict[str, str] = {}
        self.generation = 0
        if isinstance(auth, SessionCookie):
            self.cookies = {auth.session_name: auth.session_id}
            if auth.csrf_token:
                self.cookies[auth.csrf_name] = auth.csrf_token

    def __repr__(self) -> str:
        return f"<Identity {type(self.auth).__name__}{' signed in' if self.signed_in else ''}>"

    @property
    def signed_in(self) -> bool:
        """Whether requests carry something that says who is asking."""
        return bool(
            self.access or self.cookies or not isinstance(self.auth, Password | SessionLogin)
        )

    @property
    def can_renew(self) -> bool:
        """Whether the client can get other credentials by itself."""
        return isinstance(self.auth, Password | SessionLogin)

    def accept(self, tokens: Tokens, cookies: Mapping[str, str], now: float) -> None:
        """Remember what a login or refresh gave; ``now`` is in seconds of the session's clock."""
        self.access = tokens.access
        self.refresh = tokens.refresh or self.refresh
        self.expires_at = None if tokens.expires_in is None else now + tokens.expires_in
        self.cookies |= cookies
        self.generation += 1

    def forget(self) -> None:
        """Drop everything that a login gave, and the token of a caller who logs out."""
        self.access = self.refresh = ""
        self.expires_at = None
        self.cookies = {}
        self.generation += 1
        if not isinstance(self.auth, Password | SessionLogin):
            self.auth = None

    def expires_soon(self, now: float) -> bool:
        """Say whether the token should be refreshed before it is used."""
        return self.expires_at is not None and now >= self.expires_at - EARLY

    def headers(self, request: Request) -> dict[str, str]:
        """Return the headers that say who is asking."""
        auth = self.auth
        if isinstance(auth, StaticToken):
            return {"Authorization": f"{auth.scheme} {auth.token}"}
        if auth is not None and not isinstance(auth, Password | SessionCookie | SessionLogin):
            signed = auth()
            return (
                {"Authorization": f"Bearer {signed}"} if isinstance(signed, str) else dict(signed)
            )
        headers = {"Authorization": f"Bearer {self.access}"} if self.access else {}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            if isinstance(auth, SessionCookie | SessionLogin) and not request.safe:
                headers["X-CSRFToken"] = self.cookies.get(auth.csrf_name, "")
            elif isinstance(auth, Password) and CSRF_COOKIE in self.cookies:
                headers["X-CSRFToken"] = self.cookies[CSRF_COOKIE]
        return headers

    def key(self) -> str:
        """Return a text that differs between callers, and tells nothing of their credentials."""
        auth = self.auth
        if auth is None:
            return ""
        if isinstance(auth, StaticToken):
            told: object = auth.token
        elif isinstance(auth, Password | SessionLogin | SessionCookie):
            told = (self._mark, self.generation)
        else:
            told = auth()
        return sha256(repr(told).encode()).hexdigest()
