"""Checks what else a delete would remove or change against the caller's permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.backends.orm.django_internals.connections import features
from django_flex.backends.orm.django_internals.deletion import Collected, CollectedRows, collect
from django_flex.backends.orm.django_internals.keys import is_among
from django_flex.backends.orm.schema import model_of
from django_flex.backends.orm.writing.rows import allowed_rows, hold
from django_flex.backends.orm.writing.trees import descendants
from django_flex.exceptions import CascadeDeniedError
from django_flex.schema.dependents import Dependent, dependents
from django_flex.schema.introspection import label_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import WriteRules


def check_cascade(
    pending_rows: Sequence[PendingRow], rules: WriteRules, using: str
) -> Collected | None:
    """Refuse a delete that cascades to rows that the caller may not delete or change.

    The database is not queried if the grants alone allow everything that it cascades to.

    Returns:
        What was checked, if anything.

    Raises:
        CascadeDeniedError: there are such rows. It names exposed models, and counts nothing.
        ProtectedError, RestrictedError: rows that Django does not delete.
    """
    if not pending_rows or all(
        _is_open(one, rules) for one in dependents(model_of(rules.resource))
    ):
        return None
    instances = [pending.instance for pending in pending_rows]
    _hold(instances, rules, using)
    collected = _collected(instances, rules, using)
    denied = {
        effect.model
        for effect in collected.rows
        if not _is_open(_dependent(effect), rules) and _is_denied(effect, rules, using)
    }
    if denied:
        names = map(rules.permissions.name_of, map(label_of, denied))
        raise CascadeDeniedError(sorted(name for name in names if name is not None))
    return collected


def _hold(instances: list[Any], rules: WriteRules, using: str) -> None:
    """Lock the rows before rules are checked, which have to hold when the rows are deleted.

    Collect again afterwards, since rows may have come or gone while a lock was waited for.
    """
    if not features(using).has_select_for_update:
        return
    for effect in _collected(instances, rules, using).rows:
        one = _dependent(effect)
        if not _is_open(one, rules) and rules.permissions.rules_of(one) is not None:
            hold(effect.rows, using)


def _collected(instances: list[Any], rules: WriteRules, using: str) -> Collected:
    model = model_of(rules.resource)
    return collect(model, instances, using, descendants(instances, using))


def _is_open(dependent: Dependent, rules: WriteRules) -> bool:
    """Whether nothing has to be checked: the grant allows the model, or the caller may do everything."""
    if rules.cascade.opens(dependent.label):
        return True
    there = rules.permissions.rules_of(dependent)
    return there is not None and all(rows.plain for rows in there.before)


def _is_denied(effect: CollectedRows, rules: WriteRules, using: str) -> bool:
    there = rules.permissions.rules_of(_dependent(effect))
    if there is None:
        return effect.rows.exists()
    allowed = allowed_rows(there, None, using).order_by()
    return effect.rows.exclude(is_among(allowed)).exists()


def _dependent(effect: CollectedRows) -> Dependent:
    return Dependent(label_of(effect.model), effect.field.name if effect.field else None)
