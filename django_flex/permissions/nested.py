"""Rows that point to the written one, sent inside it: each under the rules of its own model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django_flex.exceptions import LimitExceededError, QueryError
from django_flex.permissions.authorized_writes import Children, Rules
from django_flex.permissions.writable import denied, may_write
from django_flex.permissions.write_rules import enter_related
from django_flex.query.ast import Change
from django_flex.query.terms import excerpt
from django_flex.schema.paths import Target
from django_flex.schema.values import UnfitValueError, coerce

if TYPE_CHECKING:
    from django_flex.permissions.changes import Writer
    from django_flex.query.limits import Limits
    from django_flex.schema.introspection import Relation

Verb = str
#: What may be done with nested rows, and the operations that it needs on their model.
VERBS: dict[Verb, tuple[str, ...]] = {
    "$add": ("add",),
    "$edit": ("edit",),
    "$remove": ("delete",),
    "$set": ("add", "edit", "delete"),
}
HINT = '{"$add": [{…}], "$edit": [{"id": 1, …}], "$remove": [2]}, or {"$set": [{…}]} for all'


def children_of(
    name: str, relation: Relation, value: Any, rules: Rules, writer: Writer, change: Change
) -> Children:
    """Read the nested rows of one relation.

    Raises:
        FieldDeniedError: the caller may not do this on the other model.
        QueryError: the value is no list of rows, and no object of verbs.
    """
    # First, since what a relation takes must not tell that it is there.
    granted = _granted(relation, rules, writer)
    if not granted or (rules.operation == "add" and "add" not in granted):
        raise denied(name, rules, change)
    place = change.at(excerpt(name))
    parts = _parts(value, place, adding=rules.operation == "add")
    if not granted.keys() >= {operation for verb in parts for operation in VERBS[verb]}:
        raise denied(name, rules, change)
    if writer.depth >= writer.limits.max_relation_depth:
        raise LimitExceededError(
            "Too many rows inside rows", path=place, hint=f"{writer.limits.max_relation_depth}"
        )
    added, edited = _sorted(parts, place)
    writer.depth += 1
    children = Children(
        place=place,
        relation=relation,
        rules=granted,
        add=writer.rows(added, granted["add"], relation) if added else (),
        edit=writer.rows(edited, granted["edit"], relation) if edited else (),
        remove=_keys(parts.get("$remove", ()), relation, f"{place}.$remove", writer.limits),
        replace="$set" in parts,
    )
    writer.depth -= 1
    return children


def _parts(value: Any, place: str, *, adding: bool) -> Mapping[Verb, list[Any]]:
    """Return lists by verb. A bare list means rows to add where nothing can be there yet."""
    if adding and isinstance(value, list | tuple):
        value = {"$add": value}
    verbs = {"$add"} if adding else set(VERBS)
    good = isinstance(value, Mapping) and value and verbs.issuperset(value)
    if not good or ("$set" in value and len(value) > 1):
        raise QueryError("What is to be done with these rows?", path=place, hint=HINT)
    for verb, items in value.items():
        if not isinstance(items, list | tuple):
            raise QueryError("A list is needed", path=f"{place}.{verb}", hint=HINT)
    found: Mapping[Verb, list[Any]] = value
    return found


def _granted(relation: Relation, rules: Rules, writer: Writer) -> dict[str, Rules]:
    """Return the rules of what the caller may do with the rows inside, by operation."""
    if relation not in writer.related:
        found = {name: enter_related(rules.access, relation.model, name) for name in VERBS["$set"]}
        granted = {name: there for name, there in found.items() if there is not None}
        if "add" in granted and not _may_point(relation, granted["add"]):
            del granted["add"]
        writer.related[relation] = granted
    return writer.related[relation]


def _may_point(relation: Relation, rules: Rules) -> bool:
    """Whether a new row may be given the column that points here, as if it were sent by itself."""
    column = relation.target.attribute(relation.far)
    if column is None or any(preset.attribute is column for preset in rules.presets):
        return False
    return may_write(Target((), column), rules.access, "add")


def _sorted(parts: Mapping[Verb, Any], place: str) -> tuple[list[Change], list[Change]]:
    """Tell rows to add from rows to edit; those of ``$set`` are known by their key."""
    # A new row has no key; if its key is a column that may be written, it is sent as one.
    added = [
        Change(None, _mapping(item, f"{place}.$add[{n}]"), f"{place}.$add[{n}]")
        for n, item in enumerate(parts.get("$add", ()))
    ]
    edited = [_keyed(item, f"{place}.$edit[{n}]") for n, item in enumerate(parts.get("$edit", ()))]
    for change in edited:
        if change.pk is None:
            raise QueryError("Which row? The item needs its key", path=change.at("id"))
    for n, item in enumerate(parts.get("$set", ())):
        change = _keyed(item, f"{place}.$set[{n}]")
        (added if change.pk is None else edited).append(change)
    return added, edited


def _keyed(item: Any, place: str) -> Change:
    values = dict(_mapping(item, place))
    if {"_id", "id"} <= values.keys():
        raise QueryError("'_id' and 'id' are the same key", path=f"{place}.id", hint="send one")
    pk = values.pop("id", None)
    return Change(values.pop("_id", pk), values, place)


def _mapping(item: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(item, Mapping) or not all(isinstance(key, str) for key in item):
        raise QueryError("A JSON object is needed", path=place, hint=HINT)
    return item


def _keys(items: Any, relation: Relation, place: str, limits: Limits) -> tuple[Any, ...]:
    if len(items) > limits.max_items:
        raise LimitExceededError("Too many keys", path=place, hint=f"at most {limits.max_items}")
    pk = relation.target.pk
    try:
        typed = [coerce(item, pk.kind, pk.value_field) for item in items]
    except UnfitValueError as error:
        raise QueryError("A list of keys is needed", path=place, hint=str(error)) from error
    return tuple(dict.fromkeys(typed))
