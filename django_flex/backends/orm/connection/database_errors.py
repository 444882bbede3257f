"""Database errors as our own errors, never with a traceback or a message of the database.

PostgreSQL tells faults apart by SQLSTATE, MariaDB and MySQL by number, SQLite by message
and code.
"""

from __future__ import annotations

import logging
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError, Error, IntegrityError, NotSupportedError, ProgrammingError
from django.db.models import ProtectedError, RestrictedError
from django.db.transaction import TransactionManagementError

from django_flex.backends.orm.django_internals.connections import drop_if_lost
from django_flex.backends.orm.on_error import OnError
from django_flex.exceptions import (
    AccessDeniedError,
    ConflictError,
    DuplicateError,
    InternalError,
    InvalidValueError,
    LimitExceededError,
    OutcomeUnknownError,
    TimeLimitExceededError,
    UnavailableError,
    UnsupportedQueryError,
    ValidationFailedError,
)
from django_flex.exceptions.foreign import of_rest_framework

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_flex.exceptions import FlexError

logger = logging.getLogger("django_flex")


class DatabaseFault(Enum):
    """What went wrong, for any database."""

    TIMEOUT = auto()
    CONTENTION = auto()
    DUPLICATE = auto()
    REFERENCE = auto()
    REFUSED = auto()
    VALUE = auto()
    NUMBER = auto()
    PATTERN = auto()
    TOO_LARGE = auto()
    UNSUPPORTED = auto()
    MISCONFIGURED = auto()
    BROKEN_TRANSACTION = auto()
    UNAVAILABLE = auto()


_BY_SQLSTATE = {
    "57014": DatabaseFault.TIMEOUT,  # query_canceled
    "40001": DatabaseFault.CONTENTION,  # serialization_failure
    "40P01": DatabaseFault.CONTENTION,  # deadlock_detected
    "55P03": DatabaseFault.CONTENTION,  # lock_not_available
    "23505": DatabaseFault.DUPLICATE,  # unique_violation
    "23P01": DatabaseFault.DUPLICATE,  # exclusion_violation
    "23503": DatabaseFault.REFERENCE,  # foreign_key_violation
    "23001": DatabaseFault.REFERENCE,  # restrict_violation
    "23502": DatabaseFault.VALUE,  # not_null_violation
    "23514": DatabaseFault.VALUE,  # check_violation
    "22003": DatabaseFault.NUMBER,  # numeric_value_out_of_range
    "P0001": DatabaseFault.REFUSED,  # raised by a trigger
    "3F000": DatabaseFault.MISCONFIGURED,  # invalid_schema_name
    "42501": DatabaseFault.MISCONFIGURED,  # insufficient_privilege
    "42703": DatabaseFault.MISCONFIGURED,  # undefined_column
    "42P01": DatabaseFault.MISCONFIGURED,  # undefined_table
    "XX001": DatabaseFault.MISCONFIGURED,  # data_corrupted
    "XX002": DatabaseFault.MISCONFIGURED,  # index_corrupted
    "25P02": DatabaseFault.BROKEN_TRANSACTION,  # in_failed_sql_transaction
    "54000": DatabaseFault.TOO_LARGE,  # program_limit_exceeded
    "54001": DatabaseFault.TOO_LARGE,  # statement_too_complex
    "54011": DatabaseFault.TOO_LARGE,  # too_many_columns
    "54023": DatabaseFault.TOO_LARGE,  # too_many_arguments
}

_BY_NUMBER = {
    1969: DatabaseFault.TIMEOUT,  # max_statement_time
    3024: DatabaseFault.TIMEOUT,  # MAX_EXECUTION_TIME
    1317: DatabaseFault.TIMEOUT,  # interrupted
    1020: DatabaseFault.CONTENTION,  # changed since it was read
    1205: DatabaseFault.CONTENTION,  # lock wait timeout
    1213: DatabaseFault.CONTENTION,  # deadlock
    3572: DatabaseFault.CONTENTION,  # NOWAIT
    1062: DatabaseFault.DUPLICATE,
    1586: DatabaseFault.DUPLICATE,
    1216: DatabaseFault.REFERENCE,
    1217: DatabaseFault.REFERENCE,
    1451: DatabaseFault.REFERENCE,
    1452: DatabaseFault.REFERENCE,
    1644: DatabaseFault.REFUSED,  # raised by a trigger
    1048: DatabaseFault.VALUE,  # NULL
    1364: DatabaseFault.VALUE,  # no default
    1264: DatabaseFault.NUMBER,  # out of range for a column
    1690: DatabaseFault.NUMBER,  # out of range
    3819: DatabaseFault.VALUE,  # CHECK of MySQL
    4025: DatabaseFault.VALUE,  # CHECK of MariaDB
    # Patterns that the engine of expressions refuses.
    **dict.fromkeys((1139, 3685, *range(3686, 3695)), DatabaseFault.PATTERN),
    # Dates, JSON and geometry that cannot be read, a division by zero, more rows than one, values
    # of a type that cannot be compared.
    **dict.fromkeys(
        (1242, 1292, 1365, 1366, 1367, 1411, 1416, 3140, 3141, 4038, 4078), DatabaseFault.VALUE
    ),
    # Packets, tables in a join, columns, placeholders, the stack.
    **dict.fromkeys((1116, 1117, 1118, 1153, 1301, 1390, 1436), DatabaseFault.TOO_LARGE),
    # An expression of the project that this database cannot run: ambiguous columns, groups that
    # do not fit, collations that cannot be mixed, functions that do not exist.
    **dict.fromkeys(
        (1052, 1055, 1111, 1140, 1241, 1253, 1267, 1270, 1271, 1305, 1582, 1583, 3143),
        DatabaseFault.UNSUPPORTED,
    ),
    # Tables, columns, views and rights that are missing; columns that nothing can be written to.
    **dict.fromkeys(
        (1051, 1054, 1142, 1143, 1146, 1288, 1348, 1356, 1370, 1471, 1906, 3105, 3780),
        DatabaseFault.MISCONFIGURED,
    ),
}

_BY_MESSAGE = {
    "interrupted": DatabaseFault.TIMEOUT,
    "database is locked": DatabaseFault.CONTENTION,
    "database table is locked": DatabaseFault.CONTENTION,
    "database schema is locked": DatabaseFault.CONTENTION,
    "UNIQUE constraint failed": DatabaseFault.DUPLICATE,
    "FOREIGN KEY constraint failed": DatabaseFault.REFERENCE,
    "NOT NULL constraint failed": DatabaseFault.VALUE,
    "CHECK constraint failed": DatabaseFault.VALUE,
    "datatype mismatch": DatabaseFault.VALUE,
    "LIKE or GLOB pattern too complex": DatabaseFault.TOO_LARGE,
    "too many SQL variables": DatabaseFault.TOO_LARGE,
    "Expression tree is too large": DatabaseFault.TOO_LARGE,
    "parser stack overflow": DatabaseFault.TOO_LARGE,
    "string or blob too big": DatabaseFault.NUMBER,  # also what a function of Django's overflows with
    "at most 64 tables in a join": DatabaseFault.TOO_LARGE,
    "too many ": DatabaseFault.TOO_LARGE,
    "integer overflow": DatabaseFault.NUMBER,
    "malformed JSON": DatabaseFault.VALUE,
    "user-defined function raised exception": DatabaseFault.VALUE,
    "no such table": DatabaseFault.MISCONFIGURED,
    "no such column": DatabaseFault.MISCONFIGURED,
    "table ": DatabaseFault.MISCONFIGURED,  # … has no column named …, may not be modified
    "cannot modify": DatabaseFault.MISCONFIGURED,  # a view
    "no such savepoint": DatabaseFault.BROKEN_TRANSACTION,
    "cannot start a transaction": DatabaseFault.BROKEN_TRANSACTION,
    "cannot commit": DatabaseFault.BROKEN_TRANSACTION,
    "cannot rollback": DatabaseFault.BROKEN_TRANSACTION,
}

#: What SQLite says besides the message; any other than these may be over when it is tried again.
_BY_SQLITE_CODE = {
    1: DatabaseFault.UNSUPPORTED,  # SQLITE_ERROR: the statement itself is wrong
    8: DatabaseFault.MISCONFIGURED,  # SQLITE_READONLY
    11: DatabaseFault.MISCONFIGURED,  # SQLITE_CORRUPT
    18: DatabaseFault.TOO_LARGE,  # SQLITE_TOOBIG
    23: DatabaseFault.MISCONFIGURED,  # SQLITE_AUTH
    26: DatabaseFault.MISCONFIGURED,  # SQLITE_NOTADB
}

#: Connections that broke, the server was shut down, "statement completion unknown"; and the numbers
#: that are those of the client of MariaDB and MySQL, not of a server that answers.
_LOST_STATES = ("08", "57P", "40003")
_LOST_NUMBERS = (0, *range(2_000, 3_000))
_SQLITE_IOERR = 10

_BY_CLASS = (
    (TransactionManagementError, DatabaseFault.BROKEN_TRANSACTION),
    (IntegrityError, DatabaseFault.REFUSED),
    (DataError, DatabaseFault.VALUE),
    ((NotSupportedError, ProgrammingError), DatabaseFault.UNSUPPORTED),
)

_OURS: dict[DatabaseFault, tuple[Any, ...]] = {
    DatabaseFault.TIMEOUT: (TimeLimitExceededError,),
    DatabaseFault.CONTENTION: (UnavailableError,),
    DatabaseFault.DUPLICATE: (DuplicateError,),
    DatabaseFault.REFERENCE: (
        ConflictError,
        "Another object refers to this one, or an object that this one refers to does not exist",
    ),
    DatabaseFault.REFUSED: (ConflictError, "The database refused the write"),
    DatabaseFault.VALUE: (InvalidValueError, "The database refused a value"),
    DatabaseFault.NUMBER: (
        InvalidValueError,
        "A number or a result is outside the range of the database",
    ),
    DatabaseFault.PATTERN: (InvalidValueError, "The database refused the pattern"),
    DatabaseFault.TOO_LARGE: (LimitExceededError, "The query is too large for the database"),
    DatabaseFault.UNSUPPORTED: (UnsupportedQueryError, "The database cannot run this query"),
    DatabaseFault.MISCONFIGURED: (InternalError,),
    DatabaseFault.BROKEN_TRANSACTION: (InternalError,),
    DatabaseFault.UNAVAILABLE: (UnavailableError,),
}


def translated(
    connection: BaseDatabaseWrapper,
    *,
    writing: bool = False,
    ended: Sequence[object] = (),
    stored: Sequence[object] = (),
) -> AbstractContextManager[None]:
    """Run statements; any error of the database becomes one of ours.

    It is a 503 only if the same statements may succeed later, since clients then try again.

    Args:
        connection: that of the statements.
        writing: whether a write may be in the way of another one.
        ended: holds something as soon as only the COMMIT is left: it may have arrived.
        stored: holds something as soon as all is committed: what fails then is not the write.

    Raises:
        AccessDeniedError: the project's code raised ``PermissionDenied``.
        InvalidValueError: the database refuses a value.
        UnsupportedQueryError: the database cannot do this.
        ConflictError: a write conflicts with stored data or with another write.
        UnavailableError: the database is away, or has failed internally.
        OutcomeUnknownError: it is away since the COMMIT was sent, or code that ran in between has
            written to another one, which did not say whether it was carried out.
        TimeLimitExceededError: a statement took too long.
        InternalError: code that ran in between left the transaction unusable, or the tables of the
            database are not those of the models.
    """
    react = partial(_raise_meant, connection, writing=writing, ended=ended, stored=stored)
    return OnError(react)


def _raise_meant(
    connection: BaseDatabaseWrapper,
    error: Exception,
    *,
    writing: bool,
    ended: Sequence[object],
    stored: Sequence[object],
) -> None:
    if isinstance(error, Error) and stored:
        return
    meant = _meaning(error, connection, writing=writing)
    # Errors of DynamoDB, which code in between may write to, say so themselves.
    if isinstance(error, Error) and (
        getattr(error, "in_doubt", False) or (ended and _is_lost(error))
    ):
        raise OutcomeUnknownError from error
    if meant is not None:
        raise meant from error


def _meaning(
    error: Exception, connection: BaseDatabaseWrapper, *, writing: bool
) -> FlexError | None:
    """Return what an error means that a statement has ended with, ``None`` for a fault."""
    match error:
        case ProtectedError() | RestrictedError():
            # These exceptions contain the rows that prevent it, which the caller may not be able to see.
            return ConflictError("Other objects refer to this one")
        case Error():
            fault = classify(error)
            _log(fault, error)
            if fault is DatabaseFault.UNAVAILABLE:
                drop_if_lost(connection)
            return _as_ours(fault, writing=writing)
        case PermissionDenied():
            # Where it is not known about which row: in ``clean``, a form, a manager, a condition.
            return AccessDeniedError(str(error) or "Access denied")
        case ValidationError() | OverflowError():
            return InvalidValueError("A value of the query does not fit its field")
        case _:
            known = of_rest_framework(error)
            if isinstance(known, ValidationFailedError):  # has names the caller must not learn
                return InvalidValueError("A value of the query does not fit its field")
            return known


def classify(error: Error) -> DatabaseFault:
    """Classify an error of Django's database layer."""
    cause, state = error.__cause__, _sqlstate(error)
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
    if known is None:
        known = _BY_SQLITE_CODE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
    if known is not None:
        return known
    by_class = (fault for kind, fault in _BY_CLASS if isinstance(error, kind))
    return next(by_class, DatabaseFault.UNAVAILABLE)


def _is_lost(error: Error) -> bool:
    """Whether the answer to a COMMIT was lost, rather than being that nothing was stored."""
    if classify(error) is not DatabaseFault.UNAVAILABLE:
        return False
    state = _sqlstate(error)
    number = error.args[0] if error.args else None
    if state is not None:
        return state.startswith(_LOST_STATES)
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    if code is not None:  # SQLite answers itself, and only a disk that fails may have stored it
        return bool(code & 0xFF == _SQLITE_IOERR)
    return not isinstance(number, int) or number in _LOST_NUMBERS


def _sqlstate(error: Error) -> str | None:
    """Return what PostgreSQL calls an error, ``None`` for that of a driver or another database."""
    cause = error.__cause__
    found = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    return None if found is None else str(found)


def came_in_between() -> ConflictError:
    """Return the error of a write that conflicts with another one."""
    return ConflictError(
        "Another write happened at the same time",
        hint="the same request may succeed if it is sent again",
        headers={"Retry-After": "1"},
    )


def _as_ours(fault: DatabaseFault, *, writing: bool) -> FlexError:
    if fault is DatabaseFault.CONTENTION and writing:
        return came_in_between()
    kind, *message = _OURS[fault]
    error: FlexError = kind(*message)
    return error


def _log(fault: DatabaseFault, error: Error) -> None:
    """Log what the reply does not say; the client's own mistakes are not logged."""
    match fault:
        case DatabaseFault.MISCONFIGURED:
            logger.error(
                "The database is not as the models need it: migrate it, and look at DATABASE_ROUTERS "
                "and at the rights of its user",
                exc_info=error,
            )
        case DatabaseFault.UNAVAILABLE | DatabaseFault.BROKEN_TRANSACTION:
            logger.error("The database failed", exc_info=error)
        case DatabaseFault.TIMEOUT | DatabaseFault.CONTENTION | DatabaseFault.UNSUPPORTED:
            logger.warning("The database stopped or refused a query", exc_info=error)
        case _:
            pass
