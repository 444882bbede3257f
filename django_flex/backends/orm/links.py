"""Many-to-many relations of a written row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.backends.orm.references import check_links, visible_keys
from django_flex.exceptions import UnsupportedQueryError

if TYPE_CHECKING:
    from django_flex.backends.orm.work import Work
    from django_flex.permissions.authorized_writes import Links


def write_links(work: Work, using: str) -> None:
    """Add and remove the links of a row. Rows that the caller may not see keep theirs.

    Raises:
        ValidationFailedError: a key of no row, or of one that is hidden.
        UnsupportedQueryError: the relation has a model of its own in between.
    """
    for links in work.row.links:
        manager = _manager(work, links)
        check_links(links, work.place, using)
        if links.add:
            manager.add(*links.add)
        if links.remove:
            manager.remove(*visible_keys(links.rows, links.remove, using))
        if links.replace is not None:
            _replace(manager, links, using)


def _replace(manager: Any, links: Links, using: str) -> None:
    pk = links.relation.target.pk.lookup
    linked = set(manager.using(using).order_by().values_list(pk, flat=True))
    wanted = set(links.replace or ())
    gone = visible_keys(links.rows, linked - wanted, using) if linked - wanted else []
    if gone:
        manager.remove(*gone)
    manager.add(*(wanted - linked))


def _manager(work: Work, links: Links) -> Any:
    field: Any = work.instance._meta.get_field(links.relation.lookup)
    forward = not field.auto_created
    through = field.remote_field.through if forward else field.through
    if not through._meta.auto_created:
        raise UnsupportedQueryError(
            f"'{links.name}' has rows of its own in between", path=work.place, hint="write those"
        )
    return getattr(work.instance, field.name if forward else field.get_accessor_name())
