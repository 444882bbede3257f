"""What can go wrong with a table: subclasses of Django's exceptions wherever there are such."""

from __future__ import annotations

from django.core.exceptions import MultipleObjectsReturned as DjangoMultipleObjectsReturned
from django.core.exceptions import ObjectDoesNotExist as DjangoObjectDoesNotExist
from django.db import IntegrityError, OperationalError


class DynamoDBQueryException(Exception):  # noqa: N818 - the name in pydjamodb
    """The base of all that a queryset raises."""


class FieldDoesNotExists(DynamoDBQueryException):
    """A lookup names an attribute that the model does not have."""


class InvalidOperator(DynamoDBQueryException):
    """A lookup ends in an operator that does not exist, or that its attribute does not have."""


class InvalidValueError(DynamoDBQueryException, ValueError):
    """DynamoDB could not store or compare a value: its type, size or number of digits."""


class DynamoDBQuerySetError(DynamoDBQueryException):
    """A queryset is used in a way that it cannot serve."""


class NoKeyError(DynamoDBQuerySetError):
    """No key or index serves a query; the message says what would make it one."""


class InvalidCursorError(DynamoDBQuerySetError):
    """A cursor was changed, has expired, or belongs to another query."""


class MultipleObjectsReturned(DynamoDBQueryException, DjangoMultipleObjectsReturned):
    """More than one item was found where one was asked for."""


class ObjectDoesNotExist(DynamoDBQueryException, DjangoObjectDoesNotExist):
    """No item was found where one was asked for."""


class AlreadyExistsError(DynamoDBQueryException, IntegrityError):
    """There is an item with this key."""


class ConditionFailedError(DynamoDBQueryException, IntegrityError):
    """An item was not as a write expected it, so nothing was written."""


class TransactionCanceledError(DynamoDBQueryException, IntegrityError):
    """A transaction wrote nothing.

    Attributes:
        reasons: a code for each of its operations, in their order: ``ConditionalCheckFailed``, or
            ``None`` for those that were not the cause.
    """

    def __init__(self, message: str, reasons: tuple[str | None, ...] = ()) -> None:
        super().__init__(message)
        self.reasons = reasons


class RequestFailedError(DynamoDBQueryException, OperationalError):
    """DynamoDB refused a request or did not answer.

    Attributes:
        code: that of DynamoDB, without further text.
        in_doubt: whether it may have carried out the request, which was a write.
    """

    def __init__(self, message: str, code: str = "", *, in_doubt: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.in_doubt = in_doubt


class ThrottledError(RequestFailedError):
    """The capacity is used up, after all attempts."""
