"""Lookups that ignore case in the same way on every database: letter by letter, accents count.

Two texts are equal if the capital letters of both are: one letter for each, so that ``ß`` is only
equal to itself, both small sigmas are equal, and ``é`` is to ``É``, but not to ``e``. PostgreSQL and MariaDB know
these capitals, but MariaDB would compare by a collation, which ignores accents. SQLite knows those
of ASCII; a function of ours, which is only called for texts with other letters, knows the rest.

Uses ``BuiltinLookup``: ``process_lhs``, ``process_rhs`` and ``get_rhs_op``; ``RegisterLookupMixin``:
``get_lookup``; ``BaseDatabaseWrapper.connection``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import connections
from django.db.backends.signals import connection_created
from django.db.models import Field
from django.db.models.expressions import Col
from django.db.models.lookups import (
    EndsWith,
    IContains,
    IEndsWith,
    IExact,
    IStartsWith,
    Lookup,
)

if TYPE_CHECKING:
    Fragment = tuple[str, tuple[Any, ...]]
    Base = Lookup[Any]
else:
    Base = Lookup

#: Put before the name of Django's lookup.
PREFIX = "flex_"
CAPITALS = "flex_upper"
SMALL_LETTERS = "flex_lower"
#: Letters whose capitals are several letters, which would not be one for one.
_SEVERAL = re.compile(
    f"[{''.join(chr(n) for n in range(0x80, 0x20000) if len(chr(n).upper()) != 1)}]"
)
#: What SQLite tests first, by the letters of the text that is searched for: nothing, those letters
#: whose capitals are ASCII (the dotless i, the long s), any letters that are not, or everything.
_OTHERS = "length({lhs}) <> length(CAST({lhs} AS BLOB))"
# AND would evaluate both of its sides here; CASE does not.
_TESTS = (
    f"CASE %s WHEN 0 THEN 0"
    f" WHEN 1 THEN CASE WHEN {_OTHERS}"
    f" THEN instr({{lhs}}, '\u0131') + instr({{lhs}}, '\u017f') ELSE 0 END"
    f" WHEN 2 THEN {_OTHERS} ELSE 1 END"
)
_LIKE = "LIKE %s ESCAPE '\\'"


def capitals(text: Any) -> Any:
    """Return a text in capital letters, one for each letter; another value unchanged."""
    if not isinstance(text, str):
        return text
    if text.isascii() or _SEVERAL.search(text) is None:
        return text.upper()
    return "".join(c if len(c.upper()) != 1 else c.upper() for c in text)


def small_letters(text: Any) -> Any:
    """Return a text in small letters, one for each letter; another value unchanged."""
    if not isinstance(text, str):
        return text
    if text.isascii():
        return text.lower()
    return "".join(c if len(c.lower()) != 1 else c.lower() for c in text)


def letter_cases(text: str) -> list[str]:
    """Return a text as it is, in capitals and in small letters, where other letters than ASCII are."""
    if text.isascii():
        return [text]
    small = "".join(c.lower() if capitals(c.lower()) == capitals(c) else c for c in text)
    return list(dict.fromkeys((text, capitals(text), small)))


def add_functions(connection: Any, **_kwargs: object) -> None:
    """Add our function to a connection to SQLite that has just been opened."""
    if connection.vendor == "sqlite":
        create = connection.connection.create_function
        create(CAPITALS, 1, capitals, deterministic=True)
        create(SMALL_LETTERS, 1, small_letters, deterministic=True)


connection_created.connect(add_functions, dispatch_uid="django_flex.functions")
for _open in connections.all(initialized_only=True):
    if _open.connection is not None:
        add_functions(_open)


class _IgnoringCase(Base):
    """A lookup of Django's, made the same on every database; what is searched for is a text."""

    djangos: ClassVar[type[Any]]
    prepare_rhs = False

    def _usual(self) -> Any:
        """Return the lookup that the column has: Django's, or that of the project's own field."""
        kind = self.lhs.get_lookup(self.djangos.lookup_name)
        return (kind or self.djangos)(self.lhs, self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> Fragment:
        """Compare as Django does: by capitals."""
        found: Fragment = compiler.compile(self._usual())
        return found

    def as_sqlite(self, compiler: Any, connection: Any) -> Fragment:
        """Compare by capitals if there are letters that LIKE does not know."""
        usual = self._usual()
        if not _is_djangos(usual):
            return self.as_sql(compiler, connection)
        lhs_sql, lhs_params = compiler.compile(self.lhs)
        _, (pattern,) = self.djangos(self.lhs, self.rhs).process_rhs(compiler, connection)
        upper = capitals(pattern)
        folded = f"{CAPITALS}({lhs_sql}) {_LIKE}"
        if not isinstance(self.lhs, Col):
            return folded, (*lhs_params, upper)
        tests = _TESTS.format(lhs=lhs_sql)
        sql = f"({lhs_sql} {_LIKE} OR ({tests} AND {folded}))"
        return sql, (pattern, _letters(pattern, upper), upper)

    def as_mysql(self, compiler: Any, connection: Any) -> Fragment:
        """Compare capitals as they are, not by a collation; its index still finds the row."""
        usual = self._usual()
        if not _is_djangos(usual):
            return self.as_sql(compiler, connection)
        plain = self.djangos(self.lhs, self.rhs)
        lhs_sql, lhs_params = plain.process_lhs(compiler, connection)
        rhs_sql, rhs_params = plain.process_rhs(compiler, connection)
        compared = plain.get_rhs_op(connection, f"UPPER({rhs_sql})")
        sql = f"CONVERT(UPPER({lhs_sql}) USING utf8mb4) COLLATE utf8mb4_bin {compared}"
        if self._has_index() and _ignores_case(self.lhs):
            first = plain.get_rhs_op(connection, rhs_sql)
            return f"({lhs_sql} {first} AND {sql})", (*rhs_params, *rhs_params)
        return sql, (*lhs_params, *rhs_params)

    def _has_index(self) -> bool:
        """Whether an index of the column may find the rows: by their first letters."""
        at_the_start = not issubclass(self.djangos, IContains | EndsWith)
        return at_the_start and isinstance(self.lhs, Col)


def _is_djangos(lookup: object) -> bool:
    return type(lookup).__module__.startswith("django.db.models.")


def _letters(pattern: str, upper: str) -> int:
    """Return which test SQLite needs; see ``_TESTS``."""
    if pattern.isascii():
        return 1 if re.search("[is]", pattern, re.IGNORECASE) else 0
    return 3 if upper.isascii() else 2


def _ignores_case(lhs: Any) -> bool:
    """Whether the collation of a column ignores case, as that of a database usually does."""
    own = getattr(lhs.target, "db_collation", None)
    return own is None or str(own).endswith("_ci")


for _djangos in (IExact, IContains, IStartsWith, IEndsWith):
    _name = f"{PREFIX}{_djangos.lookup_name}"
    Field.register_lookup(
        type(
            f"Flex{_djangos.__name__}",
            (_IgnoringCase,),
            {"lookup_name": _name, "djangos": _djangos},
        )
    )
