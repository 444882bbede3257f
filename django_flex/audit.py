"""One record for each request, for the log (with ``AUDIT_QUERIES``) and for a signal.

A record has names, never values: which fields, filters and columns were used, not what was
searched for or written. So guarded values cannot get into a log. Of an upload it has name and size.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from django_flex.access.identity import identify

if TYPE_CHECKING:
    from django_flex.plan.shape import FlexResult

logger = logging.getLogger("django_flex.audit")
MAX_TEXT = 500
MAX_NAMES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Who did what, with which outcome.

    ``user`` is the primary key, ``None`` for an anonymous caller. ``kind`` is the label of the
    user's model, or the path of the class. ``role`` is ``None`` if the caller has none. ``fields``
    are the requested fields, ``filters`` the keys of conditions, ``written`` the columns that were
    sent, ``files`` the names and sizes of uploads. ``rows`` is the number of rows in the reply, ``code`` that of an error, and ``ms`` the
    time in milliseconds. ``door`` is where it came in, if that is not the API itself: ``mcp``, or ``explorer``.
    ``operator`` is the primary key of the superuser who asked there, in the name of ``user``.
    """

    user: object
    kind: str | None
    role: str | None
    version: str | None
    model: str
    action: str
    fields: str
    filters: tuple[str, ...]
    written: tuple[str, ...]
    rows: int
    status: int
    code: str | None
    ms: float
    files: tuple[str, ...] = ()
    door: str | None = None
    operator: object = None

    def __str__(self) -> str:
        """One line of ``name=value``; an ambiguous value is quoted."""
        told = asdict(self)
        kind = told.pop("kind")
        for name in ("files", "door", "operator"):
            if not told[name]:
                del told[name]
        if kind is not None:
            told["user"] = f"{kind}:{self.user}"
        return " ".join(f"{name}={_plain(value)}" for name, value in told.items())


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """The names that a request uses, unchecked: fields, keys of conditions, columns to write."""

    fields: object
    filters: Iterable[str]
    written: Iterable[str]
    files: Iterable[str] = ()


def make_record(  # noqa: PLR0913 - all by name, each a column of the record
    *,
    user: object,
    role: str | None,
    version: str | None,
    model: str,
    action: str,
    names: Names,
    result: FlexResult,
    rows: int,
    ms: float,
    door: str | None = None,
    operator: object = None,
) -> Record:
    """Return the record of a request and its result."""
    return Record(
        user=getattr(user, "pk", None),
        kind=identify(user).kind or None,
        role=role,
        version=version,
        model=_one_line(model),
        action=_one_line(action),
        fields=_one_line(names.fields),
        filters=_first(names.filters),
        written=_first(names.written),
        files=_first(names.files),
        rows=rows,
        status=result.status_code,
        code=result.error.code if result.error is not None else None,
        ms=round(ms, 1),
        door=door,
        operator=getattr(operator, "pk", None),
    )


def log(record: Record) -> None:
    """Log a record as one line; the log record also has it as ``flex``."""
    logger.info("%s", record, extra={"flex": asdict(record)})


def _first(names: Iterable[str]) -> tuple[str, ...]:
    """Return distinct names, in order, up to the number that a line can have."""
    found: dict[str, None] = {}
    for name in names:
        found[_one_line(name)] = None
        if len(found) >= MAX_NAMES:
            break
    return tuple(found)


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(_quoted(str(part), ",") for part in value) or "-"
    return "-" if value is None else _quoted(str(value))


def _quoted(text: str, separator: str = " ") -> str:
    """Return text quoted like a Python string, unless it is a single unambiguous word."""
    plain = text.isprintable() and not set(text) & {" ", "'", '"', "=", separator}
    return text if plain and text not in {"", "-"} else ascii(text)


def _one_line(value: object) -> str:
    """Return text on one line, so that a client cannot forge lines of the log."""
    return str(value)[:MAX_TEXT].encode("unicode_escape").decode()
