"""Errors of the database, as errors of ours: never a traceback, never text of the database.

PostgreSQL tells faults apart by SQLSTATE, MariaDB and MySQL by number, SQLite by message.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import DataError, Error, IntegrityError, NotSupportedError, ProgrammingError
from django.db.models import ProtectedError, RestrictedError
from django.db.transaction import TransactionManagementError

from django_flex.exceptions import (
    ConflictError,
    DuplicateError,
    InternalError,
    InvalidValueError,
    LimitExceededError,
    TimeLimitExceededError,
    UnavailableError,
    UnsupportedQueryError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_flex.exceptions import FlexError

logger = logging.getLogger("django_flex")


class Fault(Enum):
    """What went wrong in a database, whichever it is."""

    TIMEOUT = auto()
    CONTENTION = auto()
    DUPLICATE = auto()
    REFERENCE = auto()
    REFUSED = auto()
    VALUE = auto()
    PATTERN = auto()
    TOO_LARGE = auto()
    UNSUPPORTED = auto()
    BROKEN_TRANSACTION = auto()
    UNAVAILABLE = auto()


_BY_SQLSTATE = {
    "57014": Fault.TIMEOUT,  # query_canceled
    "40001": Fault.CONTENTION,  # serialization_failure
    "40P01": Fault.CONTENTION,  # deadlock_detected
    "55P03": Fault.CONTENTION,  # lock_not_available
    "23505": Fault.DUPLICATE,  # unique_violation
    "23P01": Fault.DUPLICATE,  # exclusion_violation
    "23503": Fault.REFERENCE,  # foreign_key_violation
    "23001": Fault.REFERENCE,  # restrict_violation
    "23502": Fault.VALUE,  # not_null_violation
    "23514": Fault.VALUE,  # check_violation
    "P0001": Fault.REFUSED,  # a trigger says no
    "25P02": Fault.BROKEN_TRANSACTION,  # in_failed_sql_transaction
    "54000": Fault.TOO_LARGE,  # program_limit_exceeded
    "54001": Fault.TOO_LARGE,  # statement_too_complex
    "54011": Fault.TOO_LARGE,  # too_many_columns
    "54023": Fault.TOO_LARGE,  # too_many_arguments
}

_BY_NUMBER = {
    1969: Fault.TIMEOUT,  # max_statement_time
    3024: Fault.TIMEOUT,  # MAX_EXECUTION_TIME
    1317: Fault.TIMEOUT,  # interrupted
    1020: Fault.CONTENTION,  # changed since it was read
    1205: Fault.CONTENTION,  # lock wait timeout
    1213: Fault.CONTENTION,  # deadlock
    3572: Fault.CONTENTION,  # NOWAIT
    1062: Fault.DUPLICATE,
    1586: Fault.DUPLICATE,
    1216: Fault.REFERENCE,
    1217: Fault.REFERENCE,
    1451: Fault.REFERENCE,
    1452: Fault.REFERENCE,
    1644: Fault.REFUSED,  # a trigger says no
    1048: Fault.VALUE,  # NULL
    1364: Fault.VALUE,  # no default
    1690: Fault.VALUE,  # out of range
    3819: Fault.VALUE,  # CHECK of MySQL
    4025: Fault.VALUE,  # CHECK of MariaDB
    # Patterns that the engine of expressions refuses.
    **dict.fromkeys((1139, 3685, *range(3686, 3695)), Fault.PATTERN),
}

_BY_MESSAGE = {
    "interrupted": Fault.TIMEOUT,
    "database is locked": Fault.CONTENTION,
    "database table is locked": Fault.CONTENTION,
    "database schema is locked": Fault.CONTENTION,
    "UNIQUE constraint failed": Fault.DUPLICATE,
    "FOREIGN KEY constraint failed": Fault.REFERENCE,
    "NOT NULL constraint failed": Fault.VALUE,
    "CHECK constraint failed": Fault.VALUE,
    "datatype mismatch": Fault.VALUE,
    "LIKE or GLOB pattern too complex": Fault.TOO_LARGE,
    "too many SQL variables": Fault.TOO_LARGE,
    "Expression tree is too large": Fault.TOO_LARGE,
    "parser stack overflow": Fault.TOO_LARGE,
    "string or blob too big": Fault.TOO_LARGE,
}

_BY_CLASS = (
    (TransactionManagementError, Fault.BROKEN_TRANSACTION),
    (IntegrityError, Fault.REFUSED),
    (DataError, Fault.VALUE),
    ((NotSupportedError, ProgrammingError), Fault.UNSUPPORTED),
)

_OURS: dict[Fault, tuple[Any, ...]] = {
    Fault.TIMEOUT: (TimeLimitExceededError,),
    Fault.CONTENTION: (UnavailableError,),
    Fault.DUPLICATE: (DuplicateError,),
    Fault.REFERENCE: (
        ConflictError,
        "An object refers to this one, or one that this refers to is gone",
    ),
    Fault.REFUSED: (ConflictError, "The database refuses the write"),
    Fault.VALUE: (InvalidValueError, "The database refuses a value"),
    Fault.PATTERN: (InvalidValueError, "The database refuses the pattern"),
    Fault.TOO_LARGE: (LimitExceededError, "The query is too large for the database"),
    Fault.UNSUPPORTED: (UnsupportedQueryError, "The database cannot run this query"),
    Fault.BROKEN_TRANSACTION: (InternalError,),
    Fault.UNAVAILABLE: (UnavailableError,),
}


@contextmanager
def translated(
    connection: BaseDatabaseWrapper, *, writing: bool = False, stored: Sequence[Any] = ()
) -> Iterator[None]:
    """Run statements; whatever the database objects to becomes a 4xx or a 503.

    Args:
        connection: that of the statements.
        writing: whether a write may be in the way of another one.
        stored: holds something as soon as all is committed: what fails then is not the write.

    Raises:
        InvalidValueError: the database refuses a value.
        UnsupportedQueryError: the database cannot do this.
        ConflictError: what is stored, or another write, stands against a write.
        UnavailableError: the database is away, or failed for a reason of its own.
        TimeLimitExceededError: a statement took too long.
        InternalError: code that ran in between left the transaction unusable.
    """
    try:
        yield
    except (ProtectedError, RestrictedError) as error:
        # They hold the rows that stand against it, of which the caller may see none.
        raise ConflictError("Other objects refer to this one") from error
    except Error as error:
        if stored:
            raise
        fault = classify(error)
        _log(fault, error)
        if fault is Fault.UNAVAILABLE:
            _drop_if_lost(connection)
        raise _as_ours(fault, writing=writing) from error
    except (ValidationError, OverflowError) as error:
        raise InvalidValueError("A value of the query does not fit its field") from error


def classify(error: Error) -> Fault:
    """Tell what an error of Django's database layer is about."""
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    number = error.args[0] if error.args else None
    if state is not None:
        known = _BY_SQLSTATE.get(state)
    elif isinstance(number, int):
        known = _BY_NUMBER.get(number)
    else:
        message = str(error)
        known = next(
            (fault for text, fault in _BY_MESSAGE.items() if message.startswith(text)), None
        )
    if known is not None:
        return known
    by_class = (fault for kind, fault in _BY_CLASS if isinstance(error, kind))
    return next(by_class, Fault.UNAVAILABLE)


def _as_ours(fault: Fault, *, writing: bool) -> FlexError:
    if fault is Fault.CONTENTION and writing:
        return ConflictError(
            "Another write came in between",
            hint="the same request may succeed if it is sent again",
            headers={"Retry-After": "1"},
        )
    kind, *message = _OURS[fault]
    error: FlexError = kind(*message)
    return error


def _log(fault: Fault, error: Error) -> None:
    """Tell the operator what the reply does not; what is the client's own mistake is no news."""
    match fault:
        case Fault.UNAVAILABLE | Fault.BROKEN_TRANSACTION:
            logger.error("The database failed", exc_info=error)
        case Fault.TIMEOUT | Fault.CONTENTION | Fault.UNSUPPORTED:
            logger.warning("The database stopped or refused a query", exc_info=error)
        case _:
            pass


def _drop_if_lost(connection: BaseDatabaseWrapper) -> None:
    """Let the next query have a new connection, if this one is broken.

    Django does so at the end of a request, which code without one never reaches. A transaction
    of the caller keeps the broken connection: to open another one would lose its writes silently.
    """
    if connection.in_atomic_block or not connection.errors_occurred:
        return
    if connection.connection is not None and not connection.is_usable():
        connection.close()
