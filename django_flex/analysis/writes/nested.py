"""Rows sent inside the written one, those that point to it and those that it points to.

Each is written under the rules of its model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

from django_flex.analysis.writes.rules import enter_related
from django_flex.analysis.writes.writable import denied, may_write
from django_flex.exceptions import InvalidValueError, LimitExceededError, QueryError
from django_flex.exceptions.places import Part, inside, worded
from django_flex.query.ast import RowChange
from django_flex.query.terms import excerpt
from django_flex.resolved import NestedWrites, NewRow
from django_flex.schema.field_checks import coerce_key
from django_flex.schema.paths import ResolvedPath
from django_flex.schema.values import UnfitValueError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.access.reach import Access
    from django_flex.analysis.writes.access import WriteAccess
    from django_flex.exceptions.places import Place
    from django_flex.policy.model import Preset
    from django_flex.query.limits import Limits
    from django_flex.resolved import RowWrite
    from django_flex.schema.resources import Relation

Verb = str
#: What may be done with nested rows, and the operations that it needs on their model.
VERBS: dict[Verb, tuple[str, ...]] = {
    Part.ADD: ("add",),
    Part.EDIT: ("edit",),
    Part.REMOVE: ("delete",),
    Part.REPLACE: ("add", "edit", "delete"),
}
HINT = worded(
    '{{"{}": [{{…}}], "{}": [{{"id": 1, …}}], "{}": [2]}}, or {{"{}": [{{…}}]}} for all',
    Part.ADD,
    Part.EDIT,
    Part.REMOVE,
    Part.REPLACE,
)


class RowResolver(Protocol):
    """Resolves nested rows as it does the rows around them, and caches what may be done with them."""

    limits: Limits
    depth: int
    related: dict[Relation, dict[str, WriteAccess]]

    def rows(
        self, changes: Iterable[RowChange], rules: WriteAccess, parent: Relation | None = None
    ) -> tuple[RowWrite, ...]:
        """Return what becomes of each row."""

    def row(
        self,
        change: RowChange,
        rules: WriteAccess,
        parent: Relation | None = None,
        *,
        inside: bool = False,
    ) -> RowWrite:
        """Return what becomes of one row."""


def children_of(
    name: str,
    relation: Relation,
    value: object,
    rules: WriteAccess,
    resolver: RowResolver,
    change: RowChange,
) -> NestedWrites:
    """Read the nested rows of one relation.

    Raises:
        FieldDeniedError: the caller may not do this on the other model.
        QueryError: the value is neither a list of rows nor an object of verbs.
    """
    # First, since an error about the value must not reveal that the relation exists.
    granted = _granted(relation, rules, resolver)
    if not granted or (rules.operation == "add" and "add" not in granted):
        raise denied(name, rules, change)
    place = change.at(excerpt(name))
    parts = _parts(value, place, adding=rules.operation == "add")
    if not granted.keys() >= {operation for verb in parts for operation in VERBS[verb]}:
        raise denied(name, rules, change)
    _check_depth(resolver, place)
    added, edited = _sorted(parts, place, relation.target.key_name)
    resolver.depth += 1
    children = NestedWrites(
        place=place,
        relation=relation,
        rules={name: there.rules for name, there in granted.items()},
        add=resolver.rows(added, granted["add"], relation) if added else (),
        edit=resolver.rows(edited, granted["edit"], relation) if edited else (),
        remove=_keys(
            parts.get(Part.REMOVE, ()), relation, inside(place, Part.REMOVE), resolver.limits
        ),
        replace=Part.REPLACE in parts,
    )
    resolver.depth -= 1
    return children


def is_new(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a foreign key is sent as a row to add."""
    return isinstance(value, Mapping) and Part.ADD in value


def parent_of(
    name: str,
    relation: Relation,
    value: Mapping[str, object],
    rules: WriteAccess,
    resolver: RowResolver,
    change: RowChange,
) -> NewRow:
    """Read the row that a foreign key is to point to, and that is added first.

    Raises:
        FieldDeniedError: the caller may not add rows of the other model.
        InvalidValueError: the value does not say what to add.
    """
    place = change.at(excerpt(name))
    if relation not in resolver.related:
        found = enter_related(rules.access, relation.label, "add")
        resolver.related[relation] = {} if found is None else {"add": found}
    there = resolver.related[relation].get("add")
    if there is None:
        raise denied(name, rules, change)
    values = value[Part.ADD]
    if len(value) > 1 or not isinstance(values, Mapping):
        raise InvalidValueError(
            "A key or a new object is needed",
            path=place,
            hint=worded('1, or {{"{}": {{"name": "x"}}}}', Part.ADD),
        )
    _check_depth(resolver, place)
    place = inside(place, Part.ADD)
    resolver.depth += 1
    row = resolver.row(RowChange(None, _mapping(values, place), place), there, inside=True)
    resolver.depth -= 1
    return NewRow(row, there.rules)


def _check_depth(resolver: RowResolver, place: Place) -> None:
    if resolver.depth >= resolver.limits.max_relation_depth:
        raise LimitExceededError(
            "Too many nested rows", path=place, hint=f"{resolver.limits.max_relation_depth}"
        )


def _parts(value: Any, place: Place, *, adding: bool) -> Mapping[Verb, list[Any]]:
    """Return lists by verb. A bare list means rows to add where nothing can be there yet."""
    if adding and isinstance(value, list | tuple):
        value = {Part.ADD: value}
    verbs = {Part.ADD} if adding else set(VERBS)
    good = isinstance(value, Mapping) and value and verbs.issuperset(value)
    if not good or (Part.REPLACE in value and len(value) > 1):
        raise QueryError(
            "An object that says what to do with these rows is needed", path=place, hint=HINT
        )
    for verb, items in value.items():
        if not isinstance(items, list | tuple):
            raise QueryError("A list is needed", path=inside(place, Part(verb)), hint=HINT)
    found: Mapping[Verb, list[object]] = value
    return found


def _granted(
    relation: Relation, rules: WriteAccess, resolver: RowResolver
) -> dict[str, WriteAccess]:
    """Return the rules of what the caller may do with the rows inside, by operation."""
    if relation not in resolver.related:
        found = {name: enter_related(rules.access, relation.label, name) for name in VERBS["$set"]}
        granted = {name: there for name, there in found.items() if there is not None}
        if "add" in granted:
            there = granted["add"]
            if not may_point(relation, there.access, there.presets):
                del granted["add"]
        resolver.related[relation] = granted
    return resolver.related[relation]


def may_point(relation: Relation, access: Access, presets: Iterable[Preset]) -> bool:
    """Whether a new row may be given the columns that point here, as if they were sent on their own.

    Args:
        relation: the way from the row that it points to.
        access: the caller's reach on the new row's model, under the grant for adding.
        presets: the values that are set there, whatever is sent.
    """
    fixed = {preset.attribute for preset in presets}
    columns = [relation.target.attribute(name) for name in pointing(relation)]
    return all(
        column is not None
        and column not in fixed
        and may_write(ResolvedPath((), column), access, "add", alone=False)
        for column in columns
    )


def pointing(relation: Relation) -> tuple[str, ...]:
    """Return the columns of the rows inside that point to the row around them."""
    kind = relation.far_type
    return (relation.far,) if kind is None else (relation.far, kind.column)


def _sorted(
    parts: Mapping[Verb, Any], place: Place, key_name: str
) -> tuple[list[RowChange], list[RowChange]]:
    """Tell rows to add from rows to edit; those of ``$set`` are known by their key."""
    # A new row has no key; if its key is a column that may be written, it is sent as one.
    added = [
        RowChange(None, _mapping(item, here := inside(place, Part.ADD, n)), here)
        for n, item in enumerate(parts.get(Part.ADD, ()))
    ]
    edited = [
        _keyed(item, inside(place, Part.EDIT, n), key_name)
        for n, item in enumerate(parts.get(Part.EDIT, ()))
    ]
    for change in edited:
        if change.pk is None:
            raise QueryError("The item needs its key", path=change.at(key_name))
    for n, item in enumerate(parts.get(Part.REPLACE, ())):
        change = _keyed(item, inside(place, Part.REPLACE, n), key_name)
        (added if change.pk is None else edited).append(change)
    return added, edited


def _keyed(item: object, place: Place, key_name: str) -> RowChange:
    values = dict(_mapping(item, place))
    if {"_id", key_name} <= values.keys():
        text = worded("'_id' and '{}' are the same key", key_name)
        raise QueryError(text, path=inside(place, key_name), hint="send one")
    sent = "_id" if "_id" in values else key_name
    return RowChange(values.pop(sent, None), values, place, key_place=inside(place, sent))


def _mapping(item: object, place: Place) -> Mapping[str, object]:
    if not isinstance(item, Mapping) or not all(isinstance(key, str) for key in item):
        raise QueryError("A JSON object is needed", path=place, hint=HINT)
    return item


def _keys(items: Any, relation: Relation, place: Place, limits: Limits) -> tuple[object, ...]:
    if len(items) > limits.max_items:
        raise LimitExceededError(
            "Too many keys", path=place, hint=worded("at most {}", limits.max_items)
        )
    pk = relation.target.pk
    try:
        typed = [coerce_key(item, pk) for item in items]
    except UnfitValueError as error:
        raise QueryError("A list of keys is needed", path=place, hint=error.expected) from error
    return tuple(dict.fromkeys(typed))
