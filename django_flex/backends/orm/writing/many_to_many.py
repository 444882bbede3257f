"""Many-to-many relations of a written row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.backends.orm.django_internals.models import (
    accessor_name,
    is_automatic,
    through_model,
)
from django_flex.backends.orm.writing.named_links import write_named
from django_flex.backends.orm.writing.references import visible_keys
from django_flex.exceptions import UnsupportedQueryError
from django_flex.exceptions.places import worded

if TYPE_CHECKING:
    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import LinkChanges


def write_links(pending: PendingRow, using: str) -> None:
    """Add and remove the links of a row. Rows that the caller may not see keep theirs.

    Raises:
        UnsupportedQueryError: the relation uses a custom ``through`` model.
    """
    for links in pending.row.links:
        manager = _manager(pending, links)
        if links.relation.called is not None:
            write_named(manager, links, using)
            continue
        if links.add:
            manager.add(*links.add)
        if links.remove:
            manager.remove(*visible_keys(links.rows, links.remove, using))
        if links.replace is None:
            continue
        if links.relation.sorted_by is None:
            _replace(manager, links, using)
        else:
            _replace_in_order(manager, links, using)


def _replace(manager: Any, links: LinkChanges, using: str) -> None:
    pk = links.relation.target.pk.lookup
    linked = set(manager.using(using).order_by().values_list(pk, flat=True))
    wanted = dict.fromkeys(links.replace or ())
    gone = _gone(linked.difference(wanted), links, using)
    if gone:
        manager.remove(*gone)
    manager.add(*(key for key in wanted if key not in linked))


def _replace_in_order(manager: Any, links: LinkChanges, using: str) -> None:
    """Store links in the order of the list; those that the caller may not see stay where they are."""
    linked = list(manager.using(using).values_list(links.relation.target.pk.lookup, flat=True))
    wanted = dict.fromkeys(links.replace or ())
    gone = _gone({key for key in linked if key not in wanted}, links, using)
    following = iter(wanted)
    order = [key if key not in wanted else next(following) for key in linked if key not in gone]
    order += following
    if order != linked:
        manager.set(order)


def _gone(unwanted: set[Any], links: LinkChanges, using: str) -> list[Any]:
    """Return the keys of links to remove: those that the caller may see."""
    return visible_keys(links.rows, unwanted, using) if unwanted else []


def _manager(pending: PendingRow, links: LinkChanges) -> Any:
    field: object = pending.instance._meta.get_field(links.relation.lookup)
    through = through_model(field)
    if links.relation.called is None and (through is None or not is_automatic(through)):
        raise UnsupportedQueryError(
            worded("'{}' has an explicit through model", links.name),
            path=pending.place,
            hint="write those",
        )
    manager = getattr(pending.instance, accessor_name(field))
    # That of django-modelcluster takes objects, and stores them with the next save of the row.
    stores = getattr(manager, "get_original_manager", None)
    return manager if stores is None else stores()
