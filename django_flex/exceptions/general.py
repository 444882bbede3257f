"""What can go wrong with any request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class FlexError(Exception):
    """A request that cannot be served, with what a front end needs to react to it."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        hint: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.hint = hint
        self.headers = headers or {}

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of a reply: ``error`` and ``code``, ``path``/``hint`` if known."""
        body: dict[str, Any] = {"error": self.message, "code": self.code}
        if self.path is not None:
            body["path"] = self.path
        if self.hint is not None:
            body["hint"] = self.hint
        return body


class RequestError(FlexError):
    """The request cannot be read: encoding, JSON, headers or parameters."""

    code = "request.invalid"


class MethodNotAllowedError(RequestError):
    """This URL does not serve this method; the ``Allow`` header lists those it serves."""

    status = 405
    code = "request.method"


class ContentTooLargeError(RequestError):
    """The body is larger than the setting ``MAX_BODY_BYTES``."""

    status = 413
    code = "request.too_large"


class UnsupportedMediaTypeError(RequestError):
    """The body is not sent as JSON."""

    status = 415
    code = "request.media_type"


class QueryError(FlexError):
    """The query is malformed: a wrong type or an impossible combination."""

    code = "query.invalid"


class UnknownKeyError(QueryError):
    """The query has a key that does not exist."""

    code = "query.unknown_key"


class InvalidValueError(QueryError):
    """A value does not fit the field or key that it was sent for."""

    code = "query.value"


class LimitExceededError(QueryError):
    """The query is larger than a cap in the settings allows."""

    code = "query.limit"


class CostExceededError(LimitExceededError):
    """The query would cost more than the caller may spend on one: ``cost`` beyond ``max_cost``."""

    code = "query.cost"

    def __init__(self, *, cost: int, max_cost: int) -> None:
        super().__init__(
            "The query costs too much",
            hint=f"at most {max_cost}; ask for fewer rows, fields or lists",
        )
        self.cost = cost
        self.max_cost = max_cost

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of a reply, with the estimate and what it may be at most."""
        return {**super().to_dict(), "cost": self.cost, "max_cost": self.max_cost}


class CursorError(QueryError):
    """The cursor is none of ours, was made for another query or caller, or its place is gone."""

    code = "query.cursor"

    def __init__(self) -> None:
        super().__init__(
            "The cursor does not belong to this query",
            path="cursor",
            hint='begin again with "cursor": true',
        )


class UnsupportedQueryError(QueryError):
    """The query asks for something that this server or its database cannot do."""

    code = "query.unsupported"


class AuthenticationRequiredError(FlexError):
    """Nobody is signed in and the API wants somebody to be."""

    status = 401
    code = "auth.required"

    def __init__(self) -> None:
        super().__init__("Authentication required")


class AuthenticationFailedError(FlexError):
    """The credentials that were sent are wrong, expired or of an inactive user."""

    status = 401
    code = "auth.failed"


class CsrfFailedError(FlexError):
    """A write by a cookie session, without the token that proves which site it comes from."""

    status = 403
    code = "csrf.failed"


class AccessDeniedError(FlexError):
    """The caller's grant does not cover the request."""

    status = 403
    code = "permission.denied"


class OperationDeniedError(AccessDeniedError):
    """The role may not do this operation on this model."""

    code = "operation.denied"

    def __init__(self, operation: str, resource: str) -> None:
        super().__init__(f"Access denied: operation '{operation}' not allowed on '{resource}'")


class FieldDeniedError(AccessDeniedError):
    """A field that was asked for is not granted, or does not exist."""

    code = "field.denied"

    def __init__(self, text: str, *, path: str | None = None, hint: str | None = None) -> None:
        super().__init__(f"Access denied: field '{text}' not accessible", path=path, hint=hint)


class FilterDeniedError(AccessDeniedError):
    """A filter that was asked for is not granted, or does not exist."""

    code = "filter.denied"

    def __init__(self, text: str, *, path: str | None = None, hint: str | None = None) -> None:
        super().__init__(f"Filter denied: '{text}' not allowed", path=path, hint=hint)


class OrderDeniedError(AccessDeniedError):
    """An ordering that was asked for is not granted, or does not exist."""

    code = "order.denied"

    def __init__(self, text: str, *, path: str | None = None, hint: str | None = None) -> None:
        super().__init__(f"Order denied: '{text}' not allowed", path=path, hint=hint)


class SearchDeniedError(AccessDeniedError):
    """The role may not search this model, or may read none of the paths to search in."""

    code = "search.denied"

    def __init__(self, path: str = "search") -> None:
        super().__init__("Search denied: there is nothing to search in", path=path)


class RowDeniedError(AccessDeniedError):
    """A written row would not be one that the caller may write."""

    code = "row.denied"

    def __init__(self, *, path: str | None = None) -> None:
        super().__init__("Access denied: the row would not be yours to write", path=path)


class NotFoundError(FlexError):
    """There is nothing here that the caller may see."""

    status = 404
    code = "not_found"


class ObjectNotFoundError(NotFoundError):
    """No row with this key, or none that the caller may see."""

    code = "object.not_found"

    def __init__(self, *, path: str | None = None) -> None:
        super().__init__("Object not found", path=path)


class ResourceNotFoundError(NotFoundError):
    """No exposed model under this name."""

    code = "resource.not_found"


class ValidationFailedError(FlexError):
    """Values that the model, form or serializer refuses, by the name that each was sent under."""

    code = "write.invalid"

    def __init__(
        self,
        fields: Mapping[str, Sequence[str]],
        codes: Mapping[str, Sequence[str]] | None = None,
        *,
        path: str | None = None,
    ) -> None:
        super().__init__("Some values are not valid", path=path)
        self.fields = {name: list(messages) for name, messages in fields.items()}
        self.codes = {name: list(found) for name, found in (codes or {}).items()}

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of a reply, with ``fields`` (messages) and ``codes`` by name."""
        return {**super().to_dict(), "fields": self.fields, "codes": self.codes}


class ConflictError(FlexError):
    """What is stored stands against the write: a protected or unique row, or a concurrent write."""

    status = 409
    code = "write.conflict"


class DuplicateError(ConflictError):
    """There is such a row already; another request may just have added it."""

    code = "write.duplicate"

    def __init__(self) -> None:
        super().__init__("There is such an object already")


class InFlightError(ConflictError):
    """A request with the same ``Idempotency-Key`` is being worked on."""

    code = "idempotency.in_flight"

    def __init__(self, *, retry_after: int = 1) -> None:
        super().__init__(
            "A request with this Idempotency-Key is being worked on",
            headers={"Retry-After": str(retry_after)},
        )
        self.retry_after = retry_after

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of a reply, with ``retry_after`` in seconds."""
        return {**super().to_dict(), "retry_after": self.retry_after}


class PreconditionFailedError(FlexError):
    """The row is no longer the one that ``If-Match`` names (RFC 9110)."""

    status = 412
    code = "write.precondition"

    def __init__(self) -> None:
        super().__init__(
            "The object has changed", path="_if_match", hint="get it again and send its ETag"
        )


class IdempotencyKeyReusedError(FlexError):
    """An ``Idempotency-Key`` that came with another request before."""

    status = 422
    code = "idempotency.reused"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was sent with another request",
            hint="use a new key for each request that is not a repetition",
        )


class RateLimitExceededError(FlexError):
    """The caller has used up what the rate limit allows; ``retry_after`` says when to come back."""

    status = 429
    code = "rate_limit.exceeded"

    def __init__(self, *, retry_after: int, headers: dict[str, str] | None = None) -> None:
        super().__init__(
            "Rate limit exceeded", headers={**(headers or {}), "Retry-After": str(retry_after)}
        )
        self.retry_after = retry_after

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of a reply, with ``retry_after`` in seconds."""
        return {**super().to_dict(), "retry_after": self.retry_after}


class UnavailableError(FlexError):
    """The database is away or too busy; the same request may succeed later."""

    status = 503
    code = "backend.unavailable"

    def __init__(self, message: str = "Service unavailable", *, retry_after: int = 1) -> None:
        super().__init__(message, headers={"Retry-After": str(retry_after)})
        self.retry_after = retry_after

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of a reply, with ``retry_after`` in seconds."""
        return {**super().to_dict(), "retry_after": self.retry_after}


class TimeLimitExceededError(UnavailableError):
    """The database took longer than ``READ_TIMEOUT`` or ``WRITE_TIMEOUT`` allows."""

    code = "backend.timeout"

    def __init__(self) -> None:
        super().__init__("The request took too long")


class InternalError(FlexError):
    """A mistake of ours, or of a callable in the settings; the log says which."""

    status = 500
    code = "internal"

    def __init__(self) -> None:
        super().__init__("Internal error")
