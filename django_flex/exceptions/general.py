"""What can go wrong with any request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django_flex.exceptions.base import FlexError
from django_flex.exceptions.places import (
    Part,
    Place,
    Text,
    worded,
)


class RequestError(FlexError):
    """The request cannot be read: encoding, JSON, headers or parameters."""

    code = "request.invalid"


class MethodNotAllowedError(RequestError):
    """This URL does not support this method; the ``Allow`` header lists those that it supports."""

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


class AuthenticationError(FlexError):
    """The request has no valid credentials; the reply says how to authenticate."""

    status = 401


class AuthenticationRequiredError(AuthenticationError):
    """The caller has to sign in, for any request or for this one."""

    code = "auth.required"

    def __init__(self) -> None:
        super().__init__("Authentication required")


class AuthenticationFailedError(AuthenticationError):
    """The credentials are wrong, have expired or belong to an inactive user."""

    code = "auth.failed"


class TokenExpiredError(AuthenticationFailedError):
    """The token was valid once: refresh it, or sign in again."""

    code = "auth.expired"

    def __init__(self) -> None:
        super().__init__("The token has expired", hint="refresh it, or sign in again")


class CsrfFailedError(FlexError):
    """A write with a cookie, without the token that proves which site it comes from."""

    status = 403
    code = "csrf.failed"


class AccessDeniedError(FlexError):
    """The caller's grant does not cover the request."""

    status = 403
    code = "permission.denied"


class OperationDeniedError(AccessDeniedError):
    """The role may not do this operation on this model; the hint has those that it may do."""

    code = "operation.denied"

    def __init__(self, operation: str, resource: str) -> None:
        super().__init__(
            worded("Access denied: operation '{}' not allowed on '{}'", operation, resource)
        )
        self.operation = operation


class RowRuleError(AccessDeniedError):
    """A row rule cannot be applied to its model; the log of the project says why."""

    def __init__(self) -> None:
        super().__init__("Access denied")


class FieldDeniedError(AccessDeniedError):
    """A requested field is not granted, or does not exist."""

    code = "field.denied"

    def __init__(self, text: str, *, path: Place | None = None, hint: Text | None = None) -> None:
        super().__init__(
            worded("Access denied: field '{}' not accessible", text), path=path, hint=hint
        )


class FilterDeniedError(AccessDeniedError):
    """A requested filter is not granted, or does not exist."""

    code = "filter.denied"

    def __init__(self, text: str, *, path: Place | None = None, hint: Text | None = None) -> None:
        super().__init__(worded("Filter denied: '{}' not allowed", text), path=path, hint=hint)


class OrderDeniedError(AccessDeniedError):
    """A requested ordering is not granted, or does not exist."""

    code = "order.denied"

    def __init__(self, text: str, *, path: Place | None = None, hint: Text | None = None) -> None:
        super().__init__(worded("Order denied: '{}' not allowed", text), path=path, hint=hint)


class SearchDeniedError(AccessDeniedError):
    """The role may not search this model, or may not read any of the paths to search in."""

    code = "search.denied"

    def __init__(self, path: Place = Part.SEARCH) -> None:
        super().__init__("Search denied: there is nothing to search in", path=path)


class RowDeniedError(AccessDeniedError):
    """The written row would not match the rules of the caller."""

    code = "row.denied"

    def __init__(self, *, path: Place | None = None) -> None:
        super().__init__("Access denied: you may not write a row with these values", path=path)


class NotFoundError(FlexError):
    """There is nothing here that the caller may see."""

    status = 404
    code = "not_found"


class ObjectNotFoundError(NotFoundError):
    """No row with this key, or none that the caller may see."""

    code = "object.not_found"

    def __init__(self, *, path: Place | None = None) -> None:
        super().__init__("Object not found", path=path)


class ResourceNotFoundError(NotFoundError):
    """No exposed model under this name."""

    code = "resource.not_found"


class ValidationFailedError(FlexError):
    """The model, form or serializer refuses some values; ``fields`` has messages by name."""

    code = "write.invalid"

    def __init__(
        self,
        fields: Mapping[str, Sequence[str]],
        codes: Mapping[str, Sequence[str]] | None = None,
        *,
        path: Place | None = None,
    ) -> None:
        super().__init__("Some values are not valid", path=path)
        self.fields = {name: list(messages) for name, messages in fields.items()}
        self.codes = {name: list(found) for name, found in (codes or {}).items()}

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of a reply, with ``fields`` (messages) and ``codes`` by name."""
        return {**super().to_dict(), "fields": self.fields, "codes": self.codes}


class ConflictError(FlexError):
    """The write conflicts with stored data: a protected or unique row, or a concurrent write."""

    status = 409
    code = "write.conflict"


class DuplicateError(ConflictError):
    """The row exists already; another request may just have added it."""

    code = "write.duplicate"

    def __init__(self) -> None:
        super().__init__("Such an object already exists")


class StaleRowError(ConflictError):
    """Another write has changed a row since this one read it; nothing was written."""

    def __init__(self) -> None:
        super().__init__(
            "Another write happened at the same time",
            hint="the same request may succeed if it is sent again",
        )


class CascadeDeniedError(ConflictError):
    """A delete would remove or change rows that the caller may not delete or change."""

    code = "write.cascade"

    def __init__(self, models: Sequence[str]) -> None:
        known = worded(": rows of {}", ", ".join(models)) if models else ""
        super().__init__(
            worded(
                "Other objects depend on this one, and you may not delete or change them{}", known
            )
        )


class InFlightError(ConflictError):
    """A request with the same ``Idempotency-Key`` is in progress."""

    code = "idempotency.in_flight"

    def __init__(self, *, retry_after: int = 1) -> None:
        super().__init__(
            "A request with this Idempotency-Key is in progress",
            headers={"Retry-After": str(retry_after)},
        )
        self.retry_after = retry_after

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of a reply, with ``retry_after`` in seconds."""
        return {**super().to_dict(), "retry_after": self.retry_after}


class PreconditionFailedError(FlexError):
    """The row has changed since the ``ETag`` in ``If-Match`` (RFC 9110)."""

    status = 412
    code = "write.precondition"

    def __init__(self, path: Place = Part.IF_MATCH) -> None:
        super().__init__("The object has changed", path=path, hint="get it again and send its ETag")


class IdempotencyKeyReusedError(FlexError):
    """The ``Idempotency-Key`` was already used for a different request."""

    status = 422
    code = "idempotency.reused"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was sent with another request",
            hint="use a new key for each request that is not a repetition",
        )


class ConfirmationError(ConflictError):
    """A write of an agent has no valid confirmation of its dry run, or would now give another result."""

    code = "write.confirmation"

    def __init__(self, path: Place) -> None:
        super().__init__(
            "This is not the confirmation of a dry run with these arguments and this result",
            path=path,
            hint="send the same arguments without a confirmation, and check the result again",
        )


class RateLimitExceededError(FlexError):
    """The caller has exceeded the rate limit; ``retry_after`` says how long to wait."""

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
    """The database is unavailable or too busy; the same request may succeed later."""

    status = 503
    code = "backend.unavailable"

    def __init__(self, message: str = "Service unavailable", *, retry_after: int = 1) -> None:
        super().__init__(message, headers={"Retry-After": str(retry_after)})
        self.retry_after = retry_after

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of a reply, with ``retry_after`` in seconds."""
        return {**super().to_dict(), "retry_after": self.retry_after}


class TimeLimitExceededError(UnavailableError):
    """The request took longer than ``READ_TIMEOUT`` or ``WRITE_TIMEOUT`` allows."""

    code = "backend.timeout"

    def __init__(self) -> None:
        super().__init__("The request took too long")


class OutcomeUnknownError(FlexError):
    """A database did not say whether it has carried a write out; to send it again may write twice."""

    status = 503
    code = "write.unknown"

    def __init__(self) -> None:
        super().__init__(
            "This may have been written, or not", hint="read it before you send the write again"
        )


class MisconfiguredError(FlexError):
    """The server or its database is not set up for this request; only an operator can change that."""

    status = 500
    code = "backend.misconfigured"


class InternalError(FlexError):
    """A bug in the package or in a callable of the settings; the log has the traceback."""

    status = 500
    code = "internal"

    def __init__(self) -> None:
        super().__init__("Internal error")
