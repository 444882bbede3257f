"""Finds the table and rows that an SQL statement changes: Django's, and simple handwritten ones.

This is not a general SQL parser. It knows the few forms in which rows are changed, and reports any
other statement, which the caller then has to refuse.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = r'(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`|\w+)'
#: Comments that tools add to statements.
_COMMENTS = re.compile(r"\A(?:\s*/\*.*?\*/)+|/\*[^*']*\*/\s*\Z", re.DOTALL)
#: The prefix of a statement with a time limit on MariaDB.
_LIMITS = re.compile(r"SET\s+STATEMENT\s+[\w\s=.,]+?\s+FOR\s+", re.IGNORECASE)
_READS = re.compile(
    r"[(\s]*(SELECT|VALUES|WITH|SAVEPOINT|RELEASE|ROLLBACK|SET|SHOW|PRAGMA|DECLARE|FETCH|CLOSE)\b",
    re.IGNORECASE,
)
#: What turns a statement that starts like a read into one that writes, or into two statements: any
#: verb that writes, except ``FOR UPDATE``, ``FOR NO KEY UPDATE`` and ``REPLACE`` as a function.
_WRITES = re.compile(
    r"\b(?:INSERT|DELETE|MERGE|TRUNCATE)\b|\bREPLACE\b(?!\s*\()"
    r"|(?<!\bFOR )(?<!\bFOR NO KEY )\bUPDATE\b|;\s*\S",
    re.IGNORECASE,
)
_INSERT = re.compile(
    rf"INSERT(?:\s+OR\s+IGNORE|\s+IGNORE)?\s+INTO\s+(?P<table>{_NAME})", re.IGNORECASE
)
_UPSERT = re.compile(
    r"\bDO\s+UPDATE\b|\bON\s+DUPLICATE\s+KEY\b|\bRETURNING\b.*\bUPDATE\b", re.IGNORECASE
)
_UPDATE = re.compile(rf"UPDATE\s+(?P<table>{_NAME})\s+SET\s", re.IGNORECASE)
_DELETE = re.compile(rf"DELETE\s+(?P<from>FROM\s+(?P<table>{_NAME}))(?=\s|$)", re.IGNORECASE)
#: The syntax of MariaDB in which other tables determine the rows.
_DELETE_JOINED = re.compile(rf"DELETE\s+(?P<table>{_NAME})\s+(?P<from>FROM)\s", re.IGNORECASE)
#: Strings and quoted names, which contain no SQL keywords.
_QUOTED = re.compile(r"""(['"`])(?:(?!\1).|\1\1)*\1""", re.DOTALL)
_TOKEN = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\$\w*\$|--|/\*|\\|;|%%|%s|%\(|[()]"""
    r"|\b(?:WHERE|FROM|RETURNING|USING)\b",
    re.IGNORECASE,
)
_STRANGE = ("$", "--", "/*", "\\", ";", "%(")
#: The only literal with a backslash that Django writes, for `LIKE`.
_ESCAPE = "'\\'"


class UnreadableStatementError(Exception):
    """It is unclear what a statement changes."""


@dataclass(frozen=True, slots=True)
class WriteStatement:
    """A statement that changes rows.

    Attributes:
        table: the table that it writes to.
        rows: the rest of a SELECT of the rows that it changes, from ``FROM`` on; ``None`` if it
            only adds rows.
        skipped: the number of its parameters before those of ``rows``.
    """

    table: str
    rows: str | None
    skipped: int = 0


def read(sql: str) -> WriteStatement | None:
    """Return the table and rows that a statement changes; ``None`` for one that changes nothing.

    Raises:
        UnreadableStatementError: this cannot be determined.
    """
    sql = _COMMENTS.sub("", sql).strip().removesuffix(";")
    if (limits := _LIMITS.match(sql)) is not None:
        sql = sql[limits.end() :]
    if _READS.match(sql):
        if _WRITES.search(_bare(sql)):
            raise UnreadableStatementError
        return None
    if (found := _INSERT.match(sql)) is not None:
        if _UPSERT.search(_bare(sql)):
            raise UnreadableStatementError
        return WriteStatement(_unquoted(found["table"]), None)
    if (found := _UPDATE.match(sql)) is not None:
        where, end, skipped = _parts(sql, found.end(), before_where=True)
        rows = f"FROM {found['table']} {sql[where:end]}"
        return WriteStatement(_unquoted(found["table"]), rows, skipped)
    found = _DELETE.match(sql) or _DELETE_JOINED.match(sql)
    if found is None:
        raise UnreadableStatementError
    _, end, _ = _parts(sql, found.end(), before_where=False)
    return WriteStatement(_unquoted(found["table"]), sql[found.start("from") : end])


def mentions(sql: str, table: str) -> bool:
    """Return whether a statement that may change rows mentions a table anywhere.

    A procedure may change any table, so it mentions all of them.
    """
    known = re.match(
        r"\s*(SELECT|SET|INSERT|REPLACE|MERGE|UPDATE|DELETE|TRUNCATE|WITH)\b", sql, re.IGNORECASE
    )
    return known is None or table.lower() in sql.lower()


def _bare(sql: str) -> str:
    """Return a statement without quoted text."""
    return _QUOTED.sub('"x"', sql)


def _unquoted(name: str) -> str:
    for quote in ('"', "`"):
        if name.startswith(quote):
            return name[1:-1].replace(quote * 2, quote)
    return name


def _parts(sql: str, start: int, *, before_where: bool) -> tuple[int, int, int]:
    """Return the start and end of the WHERE clause, and the number of parameters before it.

    Raises:
        UnreadableStatementError: something other than the WHERE clause determines the rows.
    """
    where, depth, skipped = len(sql), 0, 0
    for token in _TOKEN.finditer(sql, start):
        text, in_set = token[0].upper(), before_where and where == len(sql)
        if text.startswith(_STRANGE) or (text[0] in "'\"`" and _is_strange(text)):
            raise UnreadableStatementError
        depth += (text == "(") - (text == ")")
        if text == "%S":
            skipped += in_set
        elif depth == 0 and text == "RETURNING":
            return min(where, token.start()), token.start(), skipped
        elif depth == 0 and text == "WHERE" and where == len(sql):
            where = token.start()
        elif depth == 0 and (text == "USING" or (text == "FROM" and in_set)):
            raise UnreadableStatementError
    return where, len(sql), skipped


def _is_strange(quoted: str) -> bool:
    """Return whether quoting is ambiguous, or a quoted text contains a parameter."""
    return ("\\" in quoted and quoted != _ESCAPE) or "%S" in quoted.replace("%%", "")
