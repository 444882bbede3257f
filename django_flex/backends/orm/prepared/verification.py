"""Cached statements against what Django makes of the same query: the first uses, and in tests all.

The proof says that a cached statement is correct for any values. A mistake in the proof, or in a
project's custom fields and lookups, is found here: before a statement is trusted, its first uses
with other values are compared with Django's own SQL and parameters.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from django_flex.backends.orm.django_internals.compilation import (
    compile_query,
    compiler_of,
    convert_rows,
)
from django_flex.backends.orm.prepared.binders import comparable

if TYPE_CHECKING:
    from django.db.models.sql import Query

    from django_flex.backends.orm.django_internals.compilation import Row

#: So many different sets of values, beside the first, are compared.
REQUIRED = 3
#: Types whose texts tell values apart, and from those of the other types.
_TOLD_APART = frozenset(
    {bytes, dt.date, dt.datetime, dt.time, dt.timedelta, Decimal, float, int, str, UUID}
)


#: A statement, and its parameters.
SentStatement: TypeAlias = "tuple[str, Sequence[object]]"


class StatementMismatchError(AssertionError):
    """A cached statement is not what Django makes of the same plan."""


@dataclass(slots=True)
class Verification:
    """The first uses of a statement: which parameters were compared, as hashes with a secret key.

    It is ``pending`` until the statement is trusted. The ``first`` are those that it was compiled
    with.
    """

    pending: bool = True
    first: int | None = None
    compared: set[int] = field(default_factory=set)

    def knows(self, digest: int) -> bool:
        """Whether nothing is to be compared: at the first use, and for values that were compared."""
        if self.first is None:
            self.first = digest
            return True
        return digest in self.compared

    def passed(self, digest: int, *, varies: bool) -> None:
        """Note that parameters were compared and right.

        Args:
            digest: of the parameters.
            varies: whether the statement has any that may be others.
        """
        self.compared.add(digest)
        if not varies or len(self.compared - {self.first}) >= REQUIRED:
            self.pending = False


def digest_of(parameters: Sequence[object]) -> int:
    """Return what tells parameters apart, by value and type, without saying what they are.

    Python hashes text with a key that is secret and different in each process (PEP 456).
    """
    plain = _TOLD_APART.issuperset(map(type, parameters))
    return hash(repr(parameters if plain else comparable(parameters)))


def matches_django(sent: SentStatement, query: Query, using: str) -> bool:
    """Whether a cached statement is what Django makes of a query: text, values, and their types."""
    compiled = compile_query(query, using)
    if compiled is None:
        return False
    sql, parameters = compiled
    return sent[0] == sql and comparable(sent[1]) == comparable(parameters)


def check(
    sent: SentStatement, raw: Sequence[Row], rows: Sequence[Row], query: Query, using: str
) -> None:
    """Compare a run of a cached statement with Django's: statement, parameters, and values.

    Args:
        sent: what was sent.
        raw: the rows that came back.
        rows: the rows after conversion.
        query: Django's.
        using: the database.

    Raises:
        StatementMismatchError: they differ.
    """
    compiler = compiler_of(query, using)
    sql, parameters = compiler.as_sql()
    if not matches_django(sent, query, using):
        message = f"{sent!r} should be {(sql, parameters)!r}"
        raise StatementMismatchError(message)
    wanted = convert_rows(compiler, raw)
    if wanted != list(rows) and not _alike(wanted, list(rows)):
        message = f"{sent!r} gives {rows!r} and should give {wanted!r}"
        raise StatementMismatchError(message)


def _alike(one: object, other: object) -> bool:
    """Whether values are equal, or hold equal values where Python compares them by identity only."""
    if one is other or type(one) is not type(other):
        return one is other or one == other
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    if type(one).__eq__ is object.__eq__ and hasattr(one, "__dict__"):
        return _alike([*vars(one).items()], [*vars(other).items()])
    return one == other
