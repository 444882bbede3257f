"""Everything that can go wrong between a program and a server, as one tree.

``BuildError`` is raised before anything is sent, ``TransportError`` if there is no reply,
``ProtocolError`` if the reply cannot be understood, ``ApiError`` if the server refuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: How much of a reply that is no JSON an error shows.
EXCERPT = 200


class ClientError(Exception):
    """The root of the tree. ``retryable`` says whether the same request may succeed later."""

    retryable: bool = False


class BuildError(ClientError, ValueError):
    """A query or a write that cannot be sent as it was written; nothing was sent."""


class UnknownOperator(BuildError):
    """An operator that does not exist, or that the dialect does not have."""


class Unsupported(BuildError):
    """Something that the dialect of this server cannot express."""


class ConfigurationError(ClientError):
    """The client was told something that cannot be right, such as a login without a password."""


class TransportError(ClientError):
    """No reply arrived. ``sent`` is false if the request certainly did not reach the server."""

    retryable = True

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent


class ConnectionFailed(TransportError):
    """The server could not be reached, or the connection broke."""


class TimedOut(TransportError):
    """The server did not answer in time."""


class ProtocolError(ClientError):
    """A reply that is not what the dialect promises; the message shows its beginning."""

    def __init__(self, message: str, *, status: int | None = None, excerpt: str = "") -> None:
        super().__init__(f"{message}: {excerpt!r}" if excerpt else message)
        self.status = status
        self.excerpt = excerpt


class ReplyTooLarge(ClientError):
    """A reply of more bytes than the client may hold; the rest of it was not read."""


class DecodeError(ProtocolError):
    """A row that does not fit the model: ``row`` counts from 0, ``field`` is a dotted path."""

    def __init__(self, message: str, *, row: int | None = None, field: str = "") -> None:
        super().__init__(message)
        self.row = row
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a server said about a refused request.

    ``fields`` has the messages of each refused field, ``errors`` the errors as the server sent
    them, ``retry_after`` is in seconds, ``request_id`` is what the server or a proxy called the
    request.
    """

    status: int
    message: str
    code: str = ""
    path: str = ""
    hint: str = ""
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    errors: Sequence[Mapping[str, object]] = ()
    request_id: str = ""
    retry_after: float | None = None


class ApiError(ClientError):
    """The server refused the request; the attributes are those of its ``problem``."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(_text(problem))
        self.problem = problem

    @property
    def status(self) -> int:
        return self.problem.status

    @property
    def status_code(self) -> int:
        """The same as ``status``, under the name that HTTP libraries and py-directus give it."""
        return self.problem.status

    @property
    def code(self) -> str:
        return self.problem.code

    @property
    def message(self) -> str:
        return self.problem.message

    @property
    def path(self) -> str:
        return self.problem.path

    @property
    def hint(self) -> str:
        return self.problem.hint

    @property
    def fields(self) -> Mapping[str, Sequence[str]]:
        return self.problem.fields

    @property
    def request_id(self) -> str:
        return self.problem.request_id

    @property
    def retry_after(self) -> float | None:
        return self.problem.retry_after


class BadQuery(ApiError):
    """A query or a value that the server does not understand (400, 413, 415, 422)."""


class ValidationFailed(BadQuery):
    """Values that the server's model refuses; ``fields`` has their messages."""


class AuthError(ApiError):
    """The server does not know who is asking (401)."""


class InvalidCredentials(AuthError):
    """A wrong password or token."""


class TokenExpired(AuthError):
    """A token that was valid once."""


class Forbidden(ApiError):
    """The caller may not do this (403)."""


class NotFound(ApiError):
    """There is no such row or collection, or the caller may not see it (404)."""


class NotFoundOrForbidden(Forbidden, NotFound):
    """The dialect does not tell a missing row from a forbidden one (Directus, 403)."""


class MethodNotAllowed(ApiError):
    """The URL does not support the method (405)."""


class Conflict(ApiError):
    """Another row or request stands in the way (409)."""


class PreconditionFailed(ApiError):
    """The row is not the one that ``if_match`` names (412)."""


class RateLimited(ApiError):
    """Too many requests (429); ``retry_after`` says how many seconds to wait."""

    retryable = True


class ServerError(ApiError):
    """The server failed (5xx)."""

    @property
    def retryable(self) -> bool:  # type: ignore[override] # a class attribute elsewhere in the tree
        return self.status in {502, 503, 504}


_BY_STATUS: Mapping[int, type[ApiError]] = {
    401: AuthError,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    409: Conflict,
    412: PreconditionFailed,
    429: RateLimited,
}


def api_error(problem: Problem, kind: type[ApiError] | None = None) -> ApiError:
    """Return the error of ``problem``: of the class ``kind``, else of that of its status."""
    if kind is None:
        kind = _BY_STATUS.get(problem.status)
    if kind is None:
        kind = ServerError if problem.status >= 500 else _bad_query(problem)  # noqa: PLR2004 # HTTP
    return kind(problem)


def excerpt(content: bytes) -> str:
    """Return the beginning of ``content`` as text, without what is no text."""
    text = content[: EXCERPT * 4].decode("utf-8", "replace")
    return " ".join(text.split())[:EXCERPT]


def _bad_query(problem: Problem) -> type[ApiError]:
    return ValidationFailed if problem.fields else BadQuery


def _text(problem: Problem) -> str:
    parts = [f"{problem.status} {problem.message}"]
    if problem.path:
        parts.append(f"at {problem.path}")
    if problem.fields:
        parts.append(
            "; ".join(f"{name}: {' '.join(told)}" for name, told in problem.fields.items())
        )
    if problem.hint and problem.hint not in problem.message:  # Directus says some things twice
        parts.append(f"({problem.hint})")
    if problem.request_id:
        parts.append(f"[request {problem.request_id}]")
    return " ".join(parts)
