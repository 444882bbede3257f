"""Changes of many-to-many relations: which rows are linked, and which are added for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.access.pointing import nameable_rows
from django_flex.analysis.writes.nested import RowResolver
from django_flex.analysis.writes.rules import enter_related
from django_flex.analysis.writes.writable import may_write
from django_flex.exceptions import InvalidValueError, LimitExceededError, UnsupportedQueryError
from django_flex.exceptions.places import Part, worded
from django_flex.languages import in_language
from django_flex.query.ast import ParameterText, RowChange
from django_flex.query.terms import excerpt
from django_flex.resolved import Fault, LinkChanges, NewRow
from django_flex.schema.conversions.keys import check_usable
from django_flex.schema.field_checks import coerce_key
from django_flex.schema.paths import ResolvedPath
from django_flex.schema.values import UnfitValueError

if TYPE_CHECKING:
    from django_flex.analysis.writes.access import WriteAccess
    from django_flex.exceptions.places import Place
    from django_flex.schema.resources import Relation

LINK_KEYS = frozenset({Part.ADD, Part.REMOVE, Part.REPLACE})
NAMES = worded(
    '["a", "b"] replaces all of them; {{"{}": ["c"], "{}": ["a"]}} changes some',
    Part.ADD,
    Part.REMOVE,
)
KEYS = worded(
    '[1, 2] replaces all of them; {{"{}": [3], "{}": [1]}} changes some', Part.ADD, Part.REMOVE
)


def links_of(
    name: str, target: ResolvedPath, value: object, rules: WriteAccess, change: RowChange
) -> tuple[LinkChanges, list[Fault]]:
    """Read the keys of a many-to-many relation: a list, or what to add and to remove.

    Args:
        name: as the client has sent it.
        target: the relation.
        value: what was sent.
        rules: those of the operation on the row.
        change: the row.

    Returns:
        the changes, and the keys that do not fit.

    Raises:
        InvalidValueError: it is neither.
        UnsupportedQueryError: some of the links are hidden from the caller.
    """
    relation, faults = target.hops[0], list[Fault]()
    if isinstance(value, ParameterText):  # in a form a list of one is not to be told from a text
        value = [value] if value else []
    parts: Mapping[str, object] = value if isinstance(value, Mapping) else {Part.REPLACE: value}
    unknown = [key for key in parts if key not in LINK_KEYS]
    if unknown or not parts or (Part.REPLACE in parts and len(parts) > 1):
        raise _no_list(relation, change.at(excerpt(name)))
    access = rules.access
    if access.link_rows(relation) is not None:
        raise UnsupportedQueryError(
            worded("'{}' has an explicit through model", excerpt(name)),
            path=change.at(excerpt(name)),
            hint="write those",
        )
    keys = {key: _keys(name, relation, part, rules, change, faults) for key, part in parts.items()}
    links = LinkChanges(
        name=name,
        relation=relation,
        rows=nameable_rows(relation.target, access),
        add=keys.get(Part.ADD, ()),
        remove=keys.get(Part.REMOVE, ()),
        replace=keys.get(Part.REPLACE),
    )
    return links, faults


def _no_list(relation: Relation, place: Place) -> InvalidValueError:
    if relation.called is None:
        return InvalidValueError("A list of keys is needed", path=place, hint=KEYS)
    return InvalidValueError("A list of names is needed", path=place, hint=NAMES)


def _keys(
    name: str,
    relation: Relation,
    values: object,
    rules: WriteAccess,
    change: RowChange,
    faults: list[Fault],
) -> tuple[object, ...]:
    place = change.at(excerpt(name))
    if not isinstance(values, list | tuple):
        raise _no_list(relation, place)
    if len(values) > rules.access.limits.max_items:
        raise LimitExceededError("Too many keys", path=place)
    try:
        typed = [coerce_key(value, relation.item) for value in values]
    except UnfitValueError as error:
        expected = in_language(worded("This has to be {}.", error.expected))
        faults.append(Fault(name, name, expected))
        return ()
    check_usable(tuple(typed), place)
    return tuple(dict.fromkeys(typed))


def with_new_rows(
    links: LinkChanges, rules: WriteAccess, resolver: RowResolver, change: RowChange
) -> LinkChanges:
    """Return changes with the rows that are added if there is none with a name that was sent.

    Nothing is added if related rows are known by their keys. A model without an entry has no rules;
    one with an entry has to let the caller add rows with a name.
    """
    relation, access = links.relation, rules.access
    if relation.called is None:
        return links
    if access.grant.unrestricted or access.resolved(relation.label) is None:
        return replace(links, adds=True)
    there = _adding(relation, rules, resolver)
    if there is None:
        return links
    place, new = change.at(excerpt(links.name)), dict[object, NewRow]()
    for name in (*links.add, *(links.replace or ())):
        values = RowChange(None, {relation.item.name: name}, place)
        new[name] = NewRow(resolver.row(values, there, inside=True), there.rules)
    return replace(links, adds=True, new=new)


def _adding(relation: Relation, rules: WriteAccess, resolver: RowResolver) -> WriteAccess | None:
    """Return the rules for adding related rows, ``None`` if the caller may not give them a name."""
    if relation not in resolver.related:
        there = enter_related(rules.access, relation.label, "add")
        resolver.related[relation] = {} if there is None else {"add": there}
    there = resolver.related[relation].get("add")
    if there is None or any(one.attribute is relation.item for one in there.presets):
        return None
    return there if may_write(ResolvedPath((), relation.item), there.access, "add") else None
