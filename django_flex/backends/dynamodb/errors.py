"""Errors of DynamoDB as those of a request."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django_flex.dynamodb.core.expressions import TooComplexError
from django_flex.dynamodb.exceptions import InvalidValueError as UnstorableError
from django_flex.dynamodb.exceptions import (
    RequestFailedError,
    ThrottledError,
    TransactionCanceledError,
)
from django_flex.dynamodb.wire.deadlines import seconds_left
from django_flex.exceptions import (
    InvalidValueError,
    LimitExceededError,
    OutcomeUnknownError,
    StaleRowError,
    TimeLimitExceededError,
    UnavailableError,
)
from django_flex.exceptions.places import Part

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds after which a client may try again when the capacity of a table is used up.
AFTER_THROTTLING = 2


@contextmanager
def translated() -> Iterator[None]:
    """Raise errors of a request instead of those of DynamoDB, none of whose texts is passed on.

    Raises:
        UnavailableError: the capacity is used up, or there is no answer.
        TimeLimitExceededError: there is none in time.
        OutcomeUnknownError: there is none to a write, which may have been carried out.
        StaleRowError: another write was in the way all the time.
        LimitExceededError: an expression is longer than DynamoDB allows.
        InvalidValueError: DynamoDB could not store or compare a value.
    """
    try:
        yield
    except ThrottledError as error:
        raise UnavailableError(retry_after=AFTER_THROTTLING) from error
    except RequestFailedError as error:
        if error.in_doubt:
            raise OutcomeUnknownError from error
        left = seconds_left()
        is_late = left is not None and left <= 0
        raise (TimeLimitExceededError if is_late else UnavailableError) from error
    except TransactionCanceledError as error:
        raise StaleRowError from error
    except TooComplexError as error:
        raise LimitExceededError(
            "The conditions are too long for this database",
            path=Part.FILTERS,
            hint="send fewer conditions, or shorter lists of values",
        ) from error
    except UnstorableError as error:
        raise InvalidValueError("This database cannot store or compare such a value") from error
