"""Rows that a role may add, move or delete, to make a rule about another model true of any row.

A rule over `memberships.user` is true of a team as soon as the caller is one of its members. Who may
add a membership to any team has the rows of any, whatever they may edit of the rows that are there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.access.pointing import shows_rows
from django_flex.analysis.writes.nested import pointing
from django_flex.analysis.writes.writable import may_write
from django_flex.policy.rule_terms import rule_terms
from django_flex.query.ast import UserValue
from django_flex.review.reviewed import ReviewedGrant
from django_flex.schema.generic_relations import columns_behind
from django_flex.schema.paths import ResolvedPath

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.access.reach import Access
    from django_flex.policy.model import Grant, RowRule
    from django_flex.schema.resources import Attribute, Relation, Resource

#: Kinds of row rules that leave no row out.
EVERY = frozenset({"absent", "all"})
_DELETING = frozenset({"delete", "bulk_delete"})
#: What a role needs one of to write rows, by how they are written.
_WRITING = {"add": frozenset({"add"}), "edit": frozenset({"edit", "bulk_edit"})}


def joins_any_row(
    relation: Relation, near: Resource, after: str | None, reviewed: ReviewedGrant
) -> str | None:
    """Return the label of the rows that the role may let point to any row of a model.

    Args:
        relation: a way from that model, which a rule follows.
        near: that model.
        after: what the rule looks at behind the way, if it goes on.
        reviewed: the grant with the rule.

    Returns:
        ``None`` if there are none: the way is a column of the row itself, or the role may write no
        such rows, or only with a way that its rules or presets fix.
    """
    if not _is_of_others(relation):
        return None
    if not shows_every_row(near.label, reviewed):
        return None
    label = relation.through if relation.linked else relation.label
    entry = reviewed.policy.entries.get(label or "")
    grant = None if label is None else reviewed.access.related_grant(label)
    if label is None or entry is None or grant is None or grant.empty:
        return None
    there = ReviewedGrant(reviewed.policy, entry, grant, reviewed.version_limits)
    holder = entry.resource
    for way in _ways(relation, near, holder):
        onward = _onward(relation, way, after, holder)
        if any(_lets(operation, way, onward, there) for operation in _WRITING):
            return label
    return None


def removes_rows(relation: Relation, reviewed: ReviewedGrant) -> str | None:
    """Return the label of the rows behind a relation, or of its links, if the role may delete its own.

    Those are all rows, or those that a rule about the caller leaves.
    """
    if not _is_of_others(relation):
        return None
    label = relation.through if relation.linked else relation.label
    grant = None if label is None else reviewed.access.related_grant(label)
    writing = None if grant is None else grant.writing.get("delete")
    if grant is None or writing is None or grant.operations.isdisjoint(_DELETING):
        return None
    return label if all(map(_leaves_own, (grant.rows, writing.rows))) else None


def _leaves_own(rule: RowRule) -> bool:
    if rule.condition is None:
        return rule.kind in EVERY
    return all(isinstance(one.value, UserValue) for _, one in rule_terms(rule.condition))


def _is_of_others(relation: Relation) -> bool:
    """Whether other rows, or links, decide what a relation leads to."""
    return relation.linked or relation.cardinality == "many" or relation.reverse


def shows_every_row(label: str, reviewed: ReviewedGrant) -> bool:
    """Whether the role sees any row of a model: a key that it sends may only be that of such a row."""
    granted = reviewed.access.resolved(label)
    if granted is None or not granted.lists_role:
        return True
    grant, entry = granted.grant, reviewed.policy.entries.get(label)
    if grant is None or not shows_rows(grant) or (entry is not None and entry.queryset is not None):
        return False
    return grant.rows.kind in EVERY and not _is_resolved(grant, reviewed)


def _is_resolved(grant: Grant, reviewed: ReviewedGrant) -> bool:
    """Whether the role resolver may say which rows a grant has."""
    return reviewed.policy.resolver is not None and grant.rows.kind == "absent"


def _ways(relation: Relation, near: Resource, holder: Resource) -> Iterator[tuple[Attribute, ...]]:
    """Yield the columns by which rows of the other model point to a row, for each way they may."""
    if relation.linked:
        yield from _columns_to(near, holder)
    else:
        yield _columns(pointing(relation), holder)


def _columns(names: tuple[str | None, ...], holder: Resource) -> tuple[Attribute, ...]:
    found = (holder.attribute(name) for name in names if name is not None)
    return tuple(one for one in found if one is not None)


def _columns_to(target: Resource, holder: Resource) -> Iterator[tuple[Attribute, ...]]:
    """Yield the columns of links that point to a model, or to rows of any."""
    for one in holder.relations.values():
        if one.same_row:
            yield columns_behind(one, holder)
        elif one.column is not None and one.label in target.kinds:
            yield _columns((one.column,), holder)


def _onward(
    relation: Relation, way: tuple[Attribute, ...], after: str | None, holder: Resource
) -> list[tuple[Attribute, ...]]:
    """Return the columns that lead a new row on to the caller, for each way there may be."""
    if relation.linked:
        return [one for one in _columns_to(relation.target, holder) if one != way]
    columns = _columns((after,), holder)
    return [columns] if columns else []


def _lets(
    operation: str,
    way: tuple[Attribute, ...],
    onward: list[tuple[Attribute, ...]],
    there: ReviewedGrant,
) -> bool:
    """Whether a role may add rows that point to any row and to the caller, or move its own there."""
    grant, writing = there.grant, there.grant.writing.get(operation)
    if writing is None or grant.operations.isdisjoint(_WRITING[operation]):
        return False
    if there.entry.queryset is not None or _is_resolved(grant, there):
        return False
    if any(_fixes(rule, way, there.entry.resource) for rule in (grant.rows, *writing.checks)):
        return False
    access = there.access.under(writing.grant)
    preset = {one.attribute for one in writing.presets}
    if not preset.isdisjoint(way) or not _may_set(way, operation, access):
        return False
    # What is preset is set, too: to the caller, as a rule.
    leads = [preset.issuperset(columns) or _may_set(columns, "add", access) for columns in onward]
    return operation == "edit" or not leads or any(leads)


def _may_set(columns: tuple[Attribute, ...], operation: str, access: Access) -> bool:
    """Whether the role may write columns, those of a generic foreign key also by the name of that."""
    resource = access.resource
    pointers = (one for one in resource.relations.values() if one.same_row)
    for one in pointers:
        there = ResolvedPath((one,), one.item, via=True)
        same = set(columns_behind(one, resource)) == {*columns}
        if same and may_write(there, access, operation):
            return True
    # In a list of nested rows these columns are set without being sent.
    return all(may_write(ResolvedPath((), one), access, operation, alone=False) for one in columns)


def _fixes(rule: RowRule, way: tuple[Attribute, ...], holder: Resource) -> bool:
    """Whether a rule of the written rows may limit where they point to.

    A rule that leads back to these rows limits nothing: the new one makes it true by itself.
    """
    if rule.kind in EVERY:
        return False
    if rule.condition is None:
        return True
    return any(_looks_at(path, way, holder) for path, _ in rule_terms(rule.condition))


def _looks_at(path: tuple[str, ...], way: tuple[Attribute, ...], holder: Resource) -> bool:
    first = holder.relation(path[0])
    if first is None:
        return holder.attribute(path[0]) in way
    columns = columns_behind(first, holder) or _columns((first.column,), holder)
    if not any(column in way for column in columns):
        return False
    if len(path) == 1 or first.same_row:
        return True
    back = first.target.relation(path[1])
    return back is None or holder.label not in {back.label, back.through}
