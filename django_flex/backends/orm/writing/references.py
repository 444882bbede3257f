"""Keys of other rows: a foreign key or a link may only point to a row that the caller may see."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db.models import Q, Subquery

from django_flex.backends.orm.bind_parameters import KeyArgument
from django_flex.backends.orm.connection.databases import database_of_related
from django_flex.backends.orm.django_internals.models import key_field
from django_flex.backends.orm.expressions.conditions import visible_rows
from django_flex.backends.orm.prepared.statement_cache import Database, fetch
from django_flex.backends.orm.schema import field_of, model_of
from django_flex.exceptions.places import inside, worded
from django_flex.languages import in_language
from django_flex.resolved import Fault
from django_flex.schema.conversions.keys import check_usable
from django_flex.schema.model_attributes import compared_as

if TYPE_CHECKING:
    from django.db.models import Field, QuerySet

    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import Assignment, LinkChanges, Rows

    #: A value for a foreign key, in a row to be written.
    _Use: TypeAlias = tuple[PendingRow, Assignment]
    #: Rows, the name of their key, and one such key.
    _OneKey: TypeAlias = tuple[Rows, str, KeyArgument]


def note_missing(pending_rows: Sequence[PendingRow], database: Database) -> None:
    """Look up the keys that rows refer to, and note those that do not exist or are hidden.

    Both look the same. It takes one query for all foreign keys of a single row, one for each
    foreign key of several rows, and one for the links of each row.
    """
    columns: dict[str, list[_Use]] = {}
    for pending in pending_rows:
        for part in pending.row.assignments:
            if part.reference is not None and part.value is not None:
                check_usable(part.value, inside(pending.row.place, part.name))
                columns.setdefault(part.attribute.own_name, []).append((pending, part))
    if columns and not _all_known(columns.values(), database):
        _note_unknown(columns.values(), database)
    for pending in pending_rows:
        for links in pending.row.links:
            if links.relation.called is not None:
                continue  # the keys were found by names, among the visible rows
            gone = _missing_links(links, database.using)
            pending.missing += [missing_fault(links.name, links.name, key) for key in gone]


def _all_known(columns: Collection[Sequence[_Use]], database: Database) -> bool:
    """Whether the keys in several columns of a single row are found, all of them by one query."""
    asked: list[_OneKey] = []
    for uses in columns:
        one = _one_key(uses, database) if len(columns) > 1 else None
        if one is None or one[1] != database.using:
            return False
        asked.append(one[0])
    rows = fetch(tuple(asked), _keys_query, database)
    return rows == [tuple(key.value for _, _, key in asked)]


def _note_unknown(columns: Iterable[Sequence[_Use]], database: Database) -> None:
    for uses in columns:
        known = _known(uses, database)
        for pending, part in uses:
            if part.value not in known:
                pending.missing.append(
                    missing_fault(part.name, part.attribute.own_name, part.value)
                )


def _one_key(uses: Sequence[_Use], database: Database) -> tuple[_OneKey, str] | None:
    """Return how a key is found that stands alone in its column, and in which database.

    ``None`` for several keys, and for rows that no cached statement finds.
    """
    _, part = uses[0]
    field: Any = field_of(part.attribute)
    rows: Any = part.reference
    if not rows.plain or field.get_limit_choices_to() or len({part.value for _, part in uses}) > 1:
        return None
    using = database_of_related(field.model, model_of(rows.resource), database.using, writing=True)
    return (rows, key_field(field).attname, KeyArgument(part.value)), using


def _known(uses: Sequence[_Use], database: Database) -> set[object]:
    one = _one_key(uses, database)
    if one is not None:
        asked, using = one
        if using != database.using:
            database = replace(database, using=using)
        return {key for (key,) in fetch((asked,), _keys_query, database)}
    _, part = uses[0]
    field: Any = field_of(part.attribute)
    rows: Any = part.reference
    using = database_of_related(field.model, model_of(rows.resource), database.using, writing=True)
    queryset = visible_rows(rows, using).using(using)
    limited = field.get_limit_choices_to()
    if limited:
        queryset = queryset.complex_filter(limited)
    return set(_matching(queryset, key_field(field), {part.value for _, part in uses}))


def _keys_query(asked: tuple[_OneKey, ...], using: str) -> Any:
    """Build the query of a key, with the other keys that are asked for beside it."""
    (_, name, _), *others = asked
    found = [_key_rows(one, using) for one in asked]
    beside = {
        f"flex_key{position}": Subquery(rows.values(column)[:1])
        for position, ((_, column, _), rows) in enumerate(zip(others, found[1:], strict=True))
    }
    return found[0].annotate(**beside).values_list(name, *beside).query


def _key_rows(asked: _OneKey, using: str) -> QuerySet[Any]:
    rows, name, key = asked
    return visible_rows(rows, using).filter(Q((name, key.value))).order_by()


def _matching(
    queryset: QuerySet[Any], column: Field[Any, Any], values: Iterable[object]
) -> QuerySet[Any]:
    found = queryset.filter(Q((f"{compared_as(column)}__in", list(values)))).order_by()
    return found.values_list(column.attname, flat=True)


def _missing_links(links: LinkChanges, using: str) -> list[object]:
    """Return the keys of a many-to-many relation that are to be added, and are of no visible row."""
    wanted = [*links.add, *(links.replace or ())]
    known = set(visible_keys(links.rows, set(wanted), using)) if wanted else set()
    return [key for key in wanted if key not in known]


def visible_keys(rows: Rows, keys: Iterable[object], using: str) -> list[Any]:
    """Return those of some keys that are of visible rows."""
    queryset = visible_rows(rows, using).using(using)
    return list(_matching(queryset, field_of(rows.resource.pk), keys))


def missing_fault(name: str, column: str, key: object) -> Fault:
    """Return the error about a key of no visible row, which was sent under a name for a column."""
    message = in_language(worded("{} does not exist.", f"{key!s:.100}"))
    return Fault(name, column, message, "does_not_exist")
