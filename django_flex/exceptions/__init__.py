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
    │   │   ├── CostExceededError
    │   │   └── ReplyTooLargeError
    │   ├── CursorError
    │   └── UnsupportedQueryError
    │       └── NeedsKeyError
    │           ├── KeyNeededError
    │           ├── OrderNeedsKeyError
    │           ├── RangeNeededError
    │           └── TooManyValuesError
    ├── AuthenticationError              who sends the request
    │   ├── AuthenticationRequiredError
    │   └── AuthenticationFailedError
    │       └── TokenExpiredError
    ├── CsrfFailedError
    ├── AccessDeniedError
    │   ├── OperationDeniedError
    │   ├── FieldDeniedError
    │   ├── FilterDeniedError
    │   ├── OrderDeniedError
    │   ├── RowDeniedError
    │   └── RowRuleError
    ├── NotFoundError
    │   ├── ActionNotFoundError
    │   ├── ObjectNotFoundError
    │   └── ResourceNotFoundError
    ├── ValidationFailedError            what a write would store
    ├── ActionFailedError                the code of a model action
    │   └── ActionUnwrittenError
    ├── ConflictError
    │   ├── CascadeDeniedError
    │   ├── ActionCancelledError
    │   ├── ActionError
    │   ├── ActionUnavailableError
    │   ├── ConfirmationError
    │   ├── DuplicateError
    │   ├── InFlightError
    │   └── StaleRowError
    ├── PreconditionFailedError
    ├── IdempotencyKeyReusedError
    ├── RateLimitExceededError
    ├── UnavailableError
    │   └── TimeLimitExceededError
    ├── OutcomeUnknownError
    ├── MisconfiguredError
    └── InternalError

An error is raised once, where it is detected, and turned into a reply once, at the edge. Messages
never contain a name that the caller may not see, or text of the database.
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
from django_flex.exceptions.base import FlexError
from django_flex.exceptions.general import (
    AccessDeniedError,
    AuthenticationError,
    AuthenticationFailedError,
    AuthenticationRequiredError,
    CascadeDeniedError,
    ConfirmationError,
    ConflictError,
    ContentTooLargeError,
    CsrfFailedError,
    DuplicateError,
    FieldDeniedError,
    FilterDeniedError,
    IdempotencyKeyReusedError,
    InFlightError,
    InternalError,
    MethodNotAllowedError,
    MisconfiguredError,
    NotFoundError,
    ObjectNotFoundError,
    OperationDeniedError,
    OrderDeniedError,
    OutcomeUnknownError,
    PreconditionFailedError,
    RateLimitExceededError,
    RequestError,
    ResourceNotFoundError,
    RowDeniedError,
    RowRuleError,
    SearchDeniedError,
    StaleRowError,
    TimeLimitExceededError,
    TokenExpiredError,
    UnavailableError,
    UnsupportedMediaTypeError,
    ValidationFailedError,
)
from django_flex.exceptions.queries import (
    CostExceededError,
    CursorError,
    InvalidValueError,
    KeyNeededError,
    LimitExceededError,
    NeedsKeyError,
    OrderNeedsKeyError,
    QueryError,
    RangeNeededError,
    ReplyTooLargeError,
    TooManyValuesError,
    UnknownKeyError,
    UnsupportedQueryError,
)

__all__ = [
    "AccessDeniedError",
    "ActionCancelledError",
    "ActionError",
    "ActionFailedError",
    "ActionNotFoundError",
    "ActionUnavailableError",
    "ActionUnwrittenError",
    "AuthenticationError",
    "AuthenticationFailedError",
    "AuthenticationRequiredError",
    "CascadeDeniedError",
    "ConfirmationError",
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
    "KeyNeededError",
    "LimitExceededError",
    "MethodNotAllowedError",
    "MisconfiguredError",
    "NeedsKeyError",
    "NotFoundError",
    "ObjectNotFoundError",
    "OperationDeniedError",
    "OrderDeniedError",
    "OrderNeedsKeyError",
    "OutcomeUnknownError",
    "PreconditionFailedError",
    "QueryError",
    "RangeNeededError",
    "RateLimitExceededError",
    "ReplyTooLargeError",
    "RequestError",
    "ResourceNotFoundError",
    "RowDeniedError",
    "RowRuleError",
    "SearchDeniedError",
    "StaleRowError",
    "TimeLimitExceededError",
    "TokenExpiredError",
    "TooManyValuesError",
    "UnavailableError",
    "UnknownKeyError",
    "UnsupportedMediaTypeError",
    "UnsupportedQueryError",
    "ValidationFailedError",
]
