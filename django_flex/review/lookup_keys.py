"""Lists of backends that find rows by keys only: what no key serves is refused, query by query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.policy.problems import Problem
from django_flex.query.ast import And, Comparison
from django_flex.query.kinds import WITHOUT_PLACES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.plan.capabilities import Capabilities, LookupKey
    from django_flex.policy.model import Grant
    from django_flex.query.ast import Condition
    from django_flex.review.reviewed import ReviewedGrant

#: The operators that give values of a column.
_VALUES = ("exact", "in")


def review_lookup_keys(reviewed: ReviewedGrant, can: Capabilities) -> Iterator[Problem]:
    """Yield the lists and orders of a grant that no key can serve."""
    grant = reviewed.grant
    if can.keys is None or "list" not in grant.operations:
        return
    if "scan" in grant.operations and grant.role == "anon":
        text = "Anonymous callers may have all of the table read, page by page"
        hint = "leave 'scan' to roles of people you know, or grant a filter by a key"
        yield Problem("W037", text, reviewed.at("ops"), hint)
    named = frozenset(_named(grant.rows.condition))
    usable = [key for key in can.keys if key.hash in named or _may_name(grant, key.hash)]
    if not usable and not _names_whole_keys(reviewed) and "scan" not in grant.operations:
        names = ", ".join(sorted({key.hash for key in can.keys}))
        text = "The role may not filter by a key, so each list is refused"
        hint = f"grant a filter by one of {names}, or name its value in 'rows'"
        yield Problem("W035", text, reviewed.at("filters"), hint)
        return
    yield from _orders(reviewed, usable)
    yield from _columns(reviewed, usable)


def _orders(reviewed: ReviewedGrant, usable: list[LookupKey]) -> Iterator[Problem]:
    orders = {path for path, _ in reviewed.grant.order_by.exact}
    unsorted = {
        (one.name,)
        for one in reviewed.entry.resource.attributes.values()
        if one.kind in WITHOUT_PLACES
    }
    for path in sorted(orders & unsorted):
        text = f"No rows are sorted by '{path[0]}', whose values are lists or JSON"
        yield Problem("W036", text, reviewed.at("order_by"), "leave it out")
    if _names_whole_keys(reviewed) or any(_names_items(reviewed.grant, key) for key in usable):
        # Rows that are got by their keys are sorted by anything.
        return
    sorted_by = {name for key in usable for name in (key.hash, key.range) if name is not None}
    pk = reviewed.entry.resource.pk.name
    for path in sorted(orders - unsorted - {(name,) for name in (*sorted_by, pk, "pk")}):
        text = f"No key that the role may filter by sorts by '{'.'.join(path)}'"
        hint = f"they sort by {', '.join(sorted(sorted_by))}; another order needs an index"
        yield Problem("W036", text, reviewed.at("order_by"), hint)


def _columns(reviewed: ReviewedGrant, usable: list[LookupKey]) -> Iterator[Problem]:
    readable = {path[0] for path in reviewed.grant.fields.exact}
    if reviewed.grant.fields.everything:
        readable = {*reviewed.entry.resource.attributes}
    for key in usable:
        composite = reviewed.entry.resource.pk.name
        lacking = readable - {composite} - (readable if key.columns is None else key.columns)
        if lacking:
            text = f"The index {key.index} lacks {', '.join(sorted(lacking))}"
            hint = "lists that show them read each row a second time: project them, or grant fewer"
            yield Problem("I007", text, reviewed.at("fields"), hint)


def _named(condition: Condition | None) -> Iterator[str]:
    """Yield the columns that a rule gives values of."""
    match condition:
        case And():
            for child in condition.children:
                yield from _named(child)
        case Comparison() if len(condition.path) == 1:
            yield condition.path[0]
        case Comparison() if condition.path[1:] in {("exact",), ("in",)}:
            yield condition.path[0]


def _may_name(grant: Grant, column: str) -> bool:
    """Whether a role may filter by values of a column."""
    found = grant.filters
    if found.everything and column in {path[0] for path in grant.fields.exact}:
        return True
    if found.everything and grant.fields.everything:
        return True
    return any(found.names((column,), (operator,)) for operator in _VALUES)


def _names_whole_keys(reviewed: ReviewedGrant) -> bool:
    """Whether a role may filter by keys of rows."""
    return any(_may_name(reviewed.grant, name) for name in (reviewed.entry.resource.pk.name, "pk"))


def _names_items(grant: Grant, key: LookupKey) -> bool:
    """Whether a role may name single rows by the columns of their key."""
    return key.index is None and (key.range is None or _may_name(grant, key.range))
