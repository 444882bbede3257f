"""Rows of trees: what their packages refuse, and what is deleted with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q
from django.utils.translation import gettext

from django_flex.backends.orm.schema import model_of
from django_flex.backends.orm.writing.checks.failures import as_failure
from django_flex.exceptions import UnsupportedQueryError
from django_flex.schema.trees import node_model, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import WriteRules

_EXCEPTIONS = frozenset({"mptt.exceptions", "treebeard.exceptions"})
#: What django-treebeard calls the parent in an adjacency list.
_PARENT = "parent"


def check_additions(pending_rows: Iterable[PendingRow], rules: WriteRules) -> None:
    """Refuse to add a row whose place in the tree only a method of its package can set.

    A grant may name the columns of the tree, so that a caller can set them.

    Raises:
        UnsupportedQueryError: they were not sent, and no serializer saves the row.
    """
    tree = tree_of(model_of(rules.resource))
    if tree is None or rules.code.serializer_class is not None:
        return
    for pending in pending_rows:
        if not tree.needed <= pending.sent():
            raise UnsupportedQueryError(
                "A row of this tree cannot be added without its place in the tree",
                path=pending.place,
                hint="use an action of the model that calls add_root() or add_child()",
            )


def check_moves(pending_rows: Sequence[PendingRow], rules: WriteRules, using: str) -> None:
    """Refuse to move rows of adjacency lists below themselves, as django-treebeard's ``move`` does.

    django-mptt refuses it when a row is saved.

    Raises:
        ValidationFailedError: about the parent of a row.
    """
    model = model_of(rules.resource)
    tree = tree_of(model)
    if tree is None or tree.kind != "adjacency lists":
        return
    moves = {pending.pk: _parent(pending) for pending in pending_rows if _is_moved(pending)}
    for pending in filter(_is_moved, pending_rows):
        if _leads_to(pending.pk, moves, model, using):
            itself = moves[pending.pk] == pending.pk
            text = "Can't move node to itself." if itself else "Can't move node to a descendant."
            refused = ValidationError({_PARENT: [ValidationError(gettext(text), "invalid_move")]})
            raise as_failure(refused, pending, rules)


def _is_moved(pending: PendingRow) -> bool:
    return _PARENT in pending.changes()


def _parent(pending: PendingRow) -> object:
    field: Any = pending.instance._meta.get_field(_PARENT)
    return getattr(pending.instance, field.attname)


def _leads_to(key: object, moves: dict[Any, object], model: type[Model], using: str) -> bool:
    """Whether a row is met on the way up from its new parent, as the tree is after all moves."""
    rows = model._base_manager.using(using).order_by()
    above, seen = moves[key], set[object]()
    while above is not None and above not in seen:
        if above == key:
            return True
        seen.add(above)
        if above in moves:
            above = moves[above]
        else:
            above = rows.filter(pk=above).values_list(_PARENT, flat=True).first()
    return False


def refused_move(error: Exception, model: type[Model]) -> ValidationError | None:
    """Return what an exception of such a package says about a row, ``None`` for any other."""
    if type(error).__module__ not in _EXCEPTIONS:
        return None
    options = _mptt_options(model)
    refused = ValidationError(str(error), "invalid_move")
    return refused if options is None else ValidationError({options.parent_attr: [refused]})


def _mptt_options(model: type[Model]) -> Any:
    """Return django-mptt's names of the columns of a model, ``None`` for any other model."""
    return getattr(model, "_mptt_meta", None)


def deletion_order(pending_rows: Sequence[PendingRow]) -> Sequence[PendingRow]:
    """Return rows in an order in which each can be deleted by itself.

    django-mptt closes the gap of a deleted row twice if it is gone with a row above it already.
    """
    options = _mptt_options(type(pending_rows[0].instance)) if pending_rows else None
    if options is None:
        return pending_rows
    level = options.level_attr
    return sorted(pending_rows, key=lambda pending: getattr(pending.instance, level), reverse=True)


def descendants(instances: Sequence[Model], using: str) -> list[Model]:
    """Return what a package deletes with rows of one model although no foreign key says so."""
    tree = tree_of(type(instances[0])) if instances else None
    if tree is None or not tree.implicit:
        return []
    nodes: Any = instances
    model = node_model(type(instances[0]), tree)
    if tree.kind == "paths":
        below = [Q(path__startswith=one.path) for one in nodes]
    else:
        below = [Q(tree_id=one.tree_id, lft__gt=one.lft, rgt__lt=one.rgt) for one in nodes]
    rows = model._base_manager.using(using).filter(Q(*below, _connector=Q.OR))
    known = {one.pk for one in instances}
    found: list[Any] = [one for one in rows if one.pk not in known]
    if tree.kind == "paths":
        # SQLite takes no notice of case.
        paths = tuple(one.path for one in nodes)
        found = [one for one in found if one.path.startswith(paths)]
    return found
