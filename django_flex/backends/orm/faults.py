"""Errors of the database, as errors of ours: never a traceback, never text of the database."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import (
    DatabaseError,
    DataError,
    InterfaceError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
)

from django_flex.exceptions import (
    InvalidValueError,
    LimitExceededError,
    UnavailableError,
    UnsupportedQueryError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger("django_flex")

# MariaDB and MySQL report a pattern that their engine refuses as an operational error.
_PATTERN_ERRORS = frozenset({1139, 3685, 3686, 3687, 3688, 3689, 3690, 3691, 3692, 3693, 3694})

# What SQLite says to a pattern of LIKE, a list or a condition beyond its own limits.
_TOO_LARGE = (
    "LIKE or GLOB pattern too complex",
    "too many SQL variables",
    "Expression tree is too large",
    "parser stack overflow",
)


@contextmanager
def translated() -> Iterator[None]:
    """Run a statement; whatever the database objects to becomes a 4xx or a 503.

    Raises:
        InvalidValueError: the database refuses a value.
        UnsupportedQueryError: the database cannot do this.
        UnavailableError: the database is away, or failed for a reason of its own.
    """
    try:
        yield
    except DataError as error:
        raise InvalidValueError("The database refuses a value of the query") from error
    except (NotSupportedError, ProgrammingError) as error:
        logger.warning("A query was refused by the database", exc_info=True)
        raise UnsupportedQueryError("The database cannot run this query") from error
    except (OperationalError, InterfaceError) as error:
        if error.args and error.args[0] in _PATTERN_ERRORS:
            raise InvalidValueError("The database refuses the pattern") from error
        if str(error).startswith(_TOO_LARGE):
            raise LimitExceededError("The query is too large for the database") from error
        logger.exception("The database is not available")
        raise UnavailableError from error
    except DatabaseError as error:
        logger.exception("The database failed")
        raise UnavailableError from error
    except (ValidationError, OverflowError) as error:
        raise InvalidValueError("A value of the query does not fit its field") from error
