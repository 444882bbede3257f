"""One record of each request: for the log where ``AUDIT_QUERIES`` is set, and for a signal.

A record holds names, never values: which fields, filters and columns were used, not what was
looked for and not what was written. So nothing that is guarded can get into a log.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_flex.plan.shape import FlexResult

logger = logging.getLogger("django_flex.audit")
MAX_TEXT = 500
MAX_NAMES = 100
_CONNECTORS = frozenset({"or", "and", "not"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Who did what, with which outcome.

    ``user`` is the primary key, ``None`` for an anonymous caller; ``role`` is ``None`` where none
    was found. ``fields`` are those asked for, ``filters`` the keys of conditions, ``written`` the
    columns sent. ``rows`` counts those in the reply; ``code`` is that of an error; ``ms`` are
    milliseconds.
    """

    user: Any
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

    def __str__(self) -> str:
        return " ".join(f"{name}={_plain(value)}" for name, value in asdict(self).items())


def make_record(  # noqa: PLR0913 - all by name, each a column of the record
    *,
    user: Any,
    role: str | None,
    version: str | None,
    model: str,
    action: str,
    payload: Mapping[str, Any],
    result: FlexResult,
    ms: float,
) -> Record:
    """Return the record of an answered request; ``payload`` is the untrusted query object."""
    return Record(
        user=getattr(user, "pk", None),
        role=role,
        version=version,
        model=_one_line(model),
        action=_one_line(action),
        fields=_one_line(payload.get("fields", payload.get("_fields", "*"))),
        filters=_first(_filter_names(payload.get("filters"))),
        written=_first(_written_names(payload, action)),
        rows=_count(result),
        status=result.status_code,
        code=result.error.code if result.error is not None else None,
        ms=round(ms, 1),
    )


def log(record: Record) -> None:
    """Write a record as one line; its parts are on the log record, too, as ``flex``."""
    logger.info("%s", record, extra={"flex": asdict(record)})


def _filter_names(filters: Any) -> Iterator[str]:
    """Yield the keys of conditions, those inside and/or/not among them, outer ones first."""
    level = [filters]
    while level:
        inner: list[Any] = []
        for part in level:
            if isinstance(part, Mapping):
                for key, value in part.items():
                    if key not in _CONNECTORS:
                        yield str(key)
                    inner += value if isinstance(value, list) else [value]
        level = [part for part in inner if isinstance(part, Mapping)]


def _written_names(payload: Mapping[str, Any], action: str) -> Iterator[str]:
    if action in {"get", "list"}:
        return
    items = payload.get("_items")
    rows = [payload, payload.get("_set"), *(items if isinstance(items, list) else ())]
    for row in rows:
        if isinstance(row, Mapping):
            yield from (str(key) for key in row if not str(key).startswith("_"))


def _first(names: Iterator[str]) -> tuple[str, ...]:
    """Return different names, in order, and not more than a line can hold."""
    found: dict[str, None] = {}
    for name in names:
        if name not in {"id", "filters"}:
            found[_one_line(name)] = None
        if len(found) >= MAX_NAMES:
            break
    return tuple(found)


def _count(result: FlexResult) -> int:
    if result.error is not None:
        return 0
    if result.rows is not None:
        return result.rows
    results = result.data.get("results")
    return len(results) if isinstance(results, dict | list) else 1


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "-"
    return "-" if value is None else str(value)


def _one_line(value: object) -> str:
    """Return text on one line, so that a client cannot forge further lines of the log."""
    return str(value)[:MAX_TEXT].encode("unicode_escape").decode()
