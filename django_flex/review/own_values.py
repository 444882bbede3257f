"""Ways to be another user: rules that callers can pass by editing what they look at, passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.analysis.writes.writable import may_write
from django_flex.policy.problems import Problem
from django_flex.policy.rule_terms import signed_terms
from django_flex.query.ast import UserValue
from django_flex.review.joining import EVERY, joins_any_row, removes_rows, shows_every_row
from django_flex.review.reviewed import ReviewedGrant
from django_flex.schema.paths import ResolvedPath

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.policy.model import RowRule
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Relation, Resource

#: Operations that change a row that is there.
_EDITING = frozenset({"edit", "bulk_edit"})


def review_own_values(reviewed: ReviewedGrant) -> Iterator[Problem]:
    """Yield the rules about the user that the same role can make true of any row.

    Where rows belong to the e-mail address of a user, a user who may edit it sees the rows of any.
    Where they belong to the members of a team, so does a role that may edit the members.
    """
    if reviewed.grant.role == "superuser" or reviewed.policy.guard.users is None:
        return
    yield from _passwords(reviewed)
    for place, rule in reviewed.rules():
        if rule.condition is None:
            continue
        found = dict[str, Problem]()
        for path, comparison, negative in signed_terms(rule.condition):
            if isinstance(comparison.value, UserValue):
                problem = _of_user(comparison.value.path, reviewed, place)
                problem = problem or _of_way(path, reviewed, place, negative=negative)
                found |= {} if problem is None else {problem.message: problem}
        yield from found.values()


def _passwords(reviewed: ReviewedGrant) -> Iterator[Problem]:
    """Yield a problem if the role may set the passwords of others: it can sign in as any of them."""
    resource = reviewed.entry.resource
    if not reviewed.policy.guard.has_users(resource):
        return
    hashed = [one.own_name for one in resource.attributes.values() if one.hashed]
    if any(_may_edit(name, resource, reviewed, any_row=True) for name in hashed):
        text = "The role may set the password of any user, also of superusers"
        hint = (
            "limit 'rows' of 'edit', such as to {'id': {'$user': 'id'}} or {'is_superuser': False}"
        )
        yield Problem("W034", text, reviewed.grant.source, hint)


def _of_user(path: Path, reviewed: ReviewedGrant, place: str) -> Problem | None:
    """Return a problem if the role may edit something on a path from the user."""
    label: str | None = reviewed.policy.guard.users
    for name in path:
        resource = reviewed.policy.schema.exposable(label) if label else None
        if resource is None:
            return None
        if _may_edit(name, resource, reviewed):
            text = (
                f"The role may edit '{resource.label}.{name}', and so '$user': '{'.'.join(path)}'"
            )
            hint = "compare with the key of the user, or let nobody edit it of themselves"
            return Problem("W032", text, place, hint)
        relation = next((one for one in resource.relations.values() if one.own_name == name), None)
        label = None if relation is None else relation.label
    return None


def _of_way(path: Path, reviewed: ReviewedGrant, place: str, *, negative: bool) -> Problem | None:
    """Return a problem if the role can make what a rule looks at in other rows true of any row.

    It may edit that in any of them, or add one; or delete one, if the rule is that there is none. Of the row itself it may not where the rule says
    which rows it sees or edits: to edit a row, a caller has to see it before.
    """
    own = resource = reviewed.entry.resource
    added = place.startswith(reviewed.at("add"))  # of a new row, which is in no other's way
    for name, after in zip(path, (*path[1:], None), strict=True):
        edits = not (added and resource is own)
        text = _edited(name, resource, reviewed) if edits else None
        passed = _removed if negative else _joined
        text = text or passed(name, after, resource, reviewed)
        if text is not None:
            hint = "limit the rows of that model, or what the role may write of them"
            return Problem("W033", text, place, hint)
        relation = resource.relation(name)
        if relation is None:
            return None
        resource = relation.target
    return None


def _edited(name: str, resource: Resource, reviewed: ReviewedGrant) -> str | None:
    """Return what the role may edit in any row of a model, which a rule looks at by a name."""
    if _may_edit(name, resource, reviewed, any_row=True):
        return f"The role may edit '{resource.label}.{name}' of any row, which the rule looks at"
    relation = resource.relation(name)
    back = relation and _other_side(relation, resource)
    if relation is None or back is None:
        return None
    if _is_open(back, reviewed) and _may_edit(back.name, relation.target, reviewed):
        return (
            f"The role may edit '{relation.label}.{back.own_name}', and so "
            f"'{resource.label}.{name}' of any row, which the rule looks at"
        )
    return None


def _joined(
    name: str, after: str | None, resource: Resource, reviewed: ReviewedGrant
) -> str | None:
    """Return which rows the role may let point to any row of a model, where a rule looks for some."""
    relation = resource.relation(name)
    joining = relation and joins_any_row(relation, resource, after, reviewed)
    if joining is None:
        return None
    return (
        f"The role may let rows of '{joining}' point to any row of '{resource.label}', "
        f"and the rule looks at '{name}' of these"
    )


def _removed(
    name: str, _after: str | None, resource: Resource, reviewed: ReviewedGrant
) -> str | None:
    """Return which rows the role may delete, where a rule is that there are none."""
    relation = resource.relation(name)
    removed = relation and removes_rows(relation, reviewed)
    if removed is None:
        return None
    return (
        f"The role may delete rows of '{removed}', and the rule is that '{resource.label}.{name}' "
        "has none of them"
    )


def _is_open(links: Relation, reviewed: ReviewedGrant) -> bool:
    """Whether the role may link any row: it sees all of them, and all links that there are."""
    labels = (links.label, links.through)
    return all(shows_every_row(one, reviewed) for one in labels if one is not None)


def _other_side(relation: Relation, resource: Resource) -> Relation | None:
    """Return the same links from the other side, ``None`` if they have no name there."""
    if not relation.linked:
        return None
    sides = relation.target.relations.values()
    same = (one for one in sides if one.linked and one.through == relation.through)
    return next((one for one in same if one.label in resource.kinds), None)


def _may_edit(
    name: str, resource: Resource, reviewed: ReviewedGrant, *, any_row: bool = False
) -> bool:
    """Whether the role may edit a column or links, in each row that there is with ``any_row``."""
    entry = reviewed.policy.entries.get(resource.label)
    grant = reviewed.access.related_grant(resource.label)
    if entry is None or grant is None or _EDITING.isdisjoint(grant.operations):
        return False
    writing = grant.writing.get("edit")
    if writing is None:
        return False
    rules: tuple[RowRule, ...] = (grant.rows, writing.rows, *writing.checks)
    if reviewed.policy.resolver is not None and grant.rows.kind == "absent" and any_row:
        return False  # it may say which rows
    if any_row and (entry.queryset is not None or any(one.kind not in EVERY for one in rules)):
        return False
    there = ReviewedGrant(reviewed.policy, entry, grant, reviewed.version_limits)
    access = there.access.under(writing.grant)
    columns = (one for one in resource.attributes.values() if name in {one.own_name, one.lookup})
    targets = [ResolvedPath((), column) for column in columns]
    link = resource.relation(name)
    if link is not None and (link.linked or link.same_row):
        targets.append(ResolvedPath((link,), link.item, via=True))
    return any(may_write(target, access, "edit") for target in targets)
