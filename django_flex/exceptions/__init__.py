"""Everything that can go wrong, as one tree.

::

    FlexError
    ├── RequestError                     the HTTP request itself
    │   ├── MethodNotAllowedError
    │   ├── ContentTooLargeError
    │   └── UnsupportedMediaTypeError
    ├── QueryError                       the query object
    │   ├── UnknownKeyError
    │   ├── InvalidValueError
    │   ├── LimitExceededError
    │   │   └── CostExceededError
    │   ├── CursorError
    │   └── UnsupportedQueryError
    ├── AuthenticationRequiredError
    ├── AuthenticationFailedError
    ├── CsrfFailedError
    ├── AccessDeniedError
    │   ├── OperationDeniedError
    │   ├── FieldDeniedError
    │   ├── FilterDeniedError
    │   ├── OrderDeniedError
    │   └── RowDeniedError
    ├── NotFoundError
    │   ├── ActionNotFoundError
    │   ├── ObjectNotFoundError
    │   └── ResourceNotFoundError
    ├── ValidationFailedError            what a write would store
    ├── ActionFailedError                what a model action came to
    │   └── ActionUnwrittenError
    ├── ConflictError
    │   ├── ActionCancelledError
    │   ├── ActionError
    │   ├── ActionUnavailableError
    │   ├── DuplicateError
    │   └── InFlightError
    ├── PreconditionFailedError
    ├── IdempotencyKeyReusedError
    ├── RateLimitExceededError
    ├── UnavailableError
    │   └── TimeLimitExceededError
    └── InternalError

An error is raised once, where it is known, and turned into a reply once, at the edge. Messages
never carry a name that the caller may not see, nor text of the database.
"""

from __future__ import annotations

from django_flex.exceptions.actions import (
    ActionCancelledError,
    ActionError,
    ActionFailedError,
    ActionNotFoundError,
    ActionUnavailableError,
    ActionUnwrittenError,
)
from django_flex.exceptions.general import (
    AccessDeniedError,
    AuthenticationFailedError,
    AuthenticationRequiredError,
    ConflictError,
    ContentTooLargeError,
    CostExceededError,
    CsrfFailedError,
    CursorError,
    DuplicateError,
    FieldDeniedError,
    FilterDeniedError,
    FlexError,
    IdempotencyKeyReusedError,
    InFlightError,
    InternalError,
    InvalidValueError,
    LimitExceededError,
    MethodNotAllowedError,
    NotFoundError,
    ObjectNotFoundError,
    OperationDeniedError,
    OrderDeniedError,
    PreconditionFailedError,
    QueryError,
    RateLimitExceededError,
    RequestError,
    ResourceNotFoundError,
    RowDeniedError,
    SearchDeniedError,
    TimeLimitExceededError,
    UnavailableError,
    UnknownKeyError,
    UnsupportedMediaTypeError,
    UnsupportedQueryError,
    ValidationFailedError,
)

__all__ = [
    "AccessDeniedError",
    "ActionCancelledError",
    "ActionError",
    "ActionFailedError",
    "ActionNotFoundError",
    "ActionUnavailableError",
    "ActionUnwrittenError",
    "AuthenticationFailedError",
    "AuthenticationRequiredError",
    "ConflictError",
    "ContentTooLargeError",
    "CostExceededError",
    "CsrfFailedError",
    "CursorError",
    "DuplicateError",
    "FieldDeniedError",
    "FilterDeniedError",
    "FlexError",
    "IdempotencyKeyReusedError",
    "InFlightError",
    "InternalError",
    "InvalidValueError",
    "LimitExceededError",
    "MethodNotAllowedError",
    "NotFoundError",
    "ObjectNotFoundError",
    "OperationDeniedError",
    "OrderDeniedError",
    "PreconditionFailedError",
    "QueryError",
    "RateLimitExceededError",
    "RequestError",
    "ResourceNotFoundError",
    "RowDeniedError",
    "SearchDeniedError",
    "TimeLimitExceededError",
    "UnavailableError",
    "UnknownKeyError",
    "UnsupportedMediaTypeError",
    "UnsupportedQueryError",
    "ValidationFailedError",
]
