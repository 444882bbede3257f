"""Deletes that would remove or change rows of other models: refused ones, and allowed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.analysis.writes.writable import may_write
from django_flex.policy.problems import Problem
from django_flex.schema.dependents import dependents
from django_flex.schema.introspection import model_of
from django_flex.schema.paths import ResolvedPath

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.review.reviewed import ReviewedGrant
    from django_flex.schema.dependents import Dependent


def review_cascades(reviewed: ReviewedGrant) -> Iterator[Problem]:
    """Yield the models whose rows a delete would remove or change beyond the role's grants."""
    grant = reviewed.grant
    writing = grant.writing.get("delete")
    if writing is None:
        return
    if not grant.operations & {"delete", "bulk_delete"}:
        return
    model = model_of(reviewed.entry.resource)
    found = () if model is None else dependents(model)
    beyond = [one for one in found if not _is_granted(one, reviewed)]
    for opened in (False, True):
        names = {one.label for one in beyond if writing.cascade.opens(one.label) is opened}
        if opened and writing.cascade.everything:  # that it is all of them was meant
            names &= writing.cascade.named
        if names:
            text = ", ".join(sorted(names))
            wanted = [*("*" for _ in range(writing.cascade.everything)), *sorted(names)]
            yield _opened(text, reviewed) if opened else _refused(wanted, text, reviewed)


def _refused(names: list[str], text: str, reviewed: ReviewedGrant) -> Problem:
    return Problem(
        "I004",
        f"A row cannot be deleted while rows depend on it that the role may not delete or edit: {text}",
        reviewed.at("ops"),
        f"grant this on those models, or set 'delete': {{'cascade': {names}}}",
    )


def _opened(text: str, reviewed: ReviewedGrant) -> Problem:
    return Problem(
        "I004",
        f"Rows that the role may not delete or edit are deleted or changed with a row: {text}",
        reviewed.at("delete", "cascade"),
        "remove them if this is not intended",
    )


def _is_granted(dependent: Dependent, reviewed: ReviewedGrant) -> bool:
    """Whether the same role may delete such rows, or edit the column, there."""
    granted = reviewed.access.resolved(dependent.label)
    there = None if granted is None else granted.grant
    operation = "delete" if dependent.changes is None else "edit"
    if there is None or operation not in there.operations:
        return False
    if dependent.changes is None:
        return True
    entry = reviewed.policy.entries[dependent.label]
    attribute = entry.resource.column(dependent.changes)
    access = type(reviewed.access)(
        reviewed.policy, reviewed.access.actor, entry, there.writing["edit"].grant, reviewed.limits
    )
    return may_write(ResolvedPath((), attribute), access, "edit")
