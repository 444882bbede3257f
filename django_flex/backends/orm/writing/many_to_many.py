"""Many-to-many relations of a written row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.backends.orm.django_internals.models import (
    accessor_name,
    is_automatic,
    through_model,
)
from django_flex.backends.orm.writing.references import check_links, visible_keys
from django_flex.exceptions import UnsupportedQueryError

if TYPE_CHECKING:
    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import LinkChanges


def write_links(pending: PendingRow, using: str) -> None:
    """Add and remove the links of a row. Rows that the caller may not see keep theirs.

    Raises:
        ValidationFailedError: a key of a row that does not exist or is hidden.
        UnsupportedQueryError: the relation uses a custom ``through`` model.
    """
    for links in pending.row.links:
        manager = _manager(pending, links)
        check_links(links, pending.place, using)
        if links.add:
            manager.add(*links.add)
        if links.remove:
            manager.remove(*visible_keys(links.rows, links.remove, using))
        if links.replace is not None:
            _replace(manager, links, using)


def _replace(manager: Any, links: LinkChanges, using: str) -> None:
    pk = links.relation.target.pk.lookup
    linked = set(manager.using(using).order_by().values_list(pk, flat=True))
    wanted = set(links.replace or ())
    gone = visible_keys(links.rows, linked - wanted, using) if linked - wanted else []
    if gone:
        manager.remove(*gone)
    manager.add(*(wanted - linked))


def _manager(pending: PendingRow, links: LinkChanges) -> Any:
    field: object = pending.instance._meta.get_field(links.relation.lookup)
    through = through_model(field)
    if through is None or not is_automatic(through):
        raise UnsupportedQueryError(
            f"'{links.name}' has an explicit through model", path=pending.place, hint="write those"
        )
    return getattr(pending.instance, accessor_name(field))
