"""Keys of other rows: a foreign key or a link may only point to a row that the caller may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from django_flex.backends.orm.bind_parameters import KeyArgument
from django_flex.backends.orm.connection.databases import database_of_related
from django_flex.backends.orm.django_internals.models import key_field
from django_flex.backends.orm.expressions.conditions import visible_rows
from django_flex.backends.orm.prepared.statement_cache import Database, fetch
from django_flex.backends.orm.schema import field_of, model_of
from django_flex.exceptions import ValidationFailedError

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import Assignment, LinkChanges, Rows

MISSING = "does_not_exist"


def check_references(pending_rows: Sequence[PendingRow], database: Database) -> None:
    """Look up the keys of all rows: one query for each foreign key, however many rows.

    Raises:
        ValidationFailedError: a key of a row that does not exist or is hidden: both look the same.
    """
    columns: dict[str, list[tuple[PendingRow, Assignment]]] = {}
    for pending in pending_rows:
        for part in pending.row.assignments:
            if part.reference is not None and part.value is not None:
                columns.setdefault(part.attribute.name, []).append((pending, part))
    faults: dict[int, dict[str, list[str]]] = {}
    for uses in columns.values():
        known = _known(uses, database)
        for pending, part in uses:
            if part.value not in known:
                faults.setdefault(id(pending), {})[part.name] = [_message(part.value)]
    for pending in pending_rows:
        if id(pending) in faults:
            raise _failure(faults[id(pending)], pending.place)


def _known(uses: Sequence[tuple[PendingRow, Assignment]], database: Database) -> set[object]:
    _, part = uses[0]
    field: Any = field_of(part.attribute)
    rows: Any = part.reference
    using = database_of_related(field.model, model_of(rows.resource), database.using, writing=True)
    database = replace(database, using=using)
    far = key_field(field)
    limited = field.get_limit_choices_to()
    values = {part.value for _, part in uses}
    if rows.plain and not limited and len(values) == 1:
        (value,) = values
        found = fetch((rows, far.attname, KeyArgument(value)), _key_query, database)
        return {key for (key,) in found}
    queryset = visible_rows(rows, using).using(using)
    if limited:
        queryset = queryset.complex_filter(limited)
    return set(_matching(queryset, far.attname, values))


def _key_query(asked: tuple[Rows, str, KeyArgument], using: str) -> Any:
    rows, name, key = asked
    return visible_rows(rows, using).filter(Q((name, key.value))).order_by().values_list(name).query


def _matching(queryset: QuerySet[Any], name: str, values: Iterable[object]) -> QuerySet[Any]:
    found = queryset.filter(Q((f"{name}__in", list(values)))).order_by()
    return found.values_list(name, flat=True)


def check_links(links: LinkChanges, place: str | None, using: str) -> None:
    """Look up the keys of a many-to-many relation that are to be added.

    Raises:
        ValidationFailedError: a key of a row that does not exist or is hidden.
    """
    wanted = {*links.add, *(links.replace or ())}
    if not wanted:
        return
    known = set(visible_keys(links.rows, wanted, using))
    missing = [key for key in (*links.add, *(links.replace or ())) if key not in known]
    if missing:
        raise _failure({links.name: [_message(key) for key in missing]}, place)


def visible_keys(rows: Rows, keys: Iterable[object], using: str) -> list[Any]:
    """Return those of some keys that are of visible rows."""
    queryset = visible_rows(rows, using).using(using)
    return list(_matching(queryset, rows.resource.pk.lookup, keys))


def _message(key: object) -> str:
    return f"{key!s:.100} does not exist."


def _failure(fields: dict[str, list[str]], place: str | None) -> ValidationFailedError:
    codes = {name: [MISSING] * len(messages) for name, messages in fields.items()}
    return ValidationFailedError(fields, codes, path=place)
