"""What the key of a row tells: replies name rows by it, whatever fields are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.policy.guarding import Guard
    from django_flex.policy.model import Grant
    from django_flex.schema.resources import Attribute, Resource

#: Operations whose replies name no row, or only the one that the client named.
NAMELESS = frozenset({"aggregate", "get"})


def untold_columns(grant: Grant, resource: Resource, guard: Guard) -> Iterator[Attribute]:
    """Yield the columns of a key that replies under a grant tell, although it keeps them.

    The columns of a key of several are data like any other, so all of them have to be readable. A
    key of one column may be known to anyone who may see the row, unless it is guarded or excluded.
    Where the names of secrets are unknown and everything is guarded, it still names rows.
    """
    if grant.unrestricted or not grant.operations - NAMELESS:
        return
    covered = grant.fields.everything or grant.fields.names((resource.pk.name,))
    for column in resource.key_columns:
        path = (column.name,)
        if grant.fields.names(path):
            continue
        if path in grant.exclude or guard.covers(resource, column):
            yield from (column,) if resource.pk.parts or not guard.everything else ()
        elif resource.pk.parts and not covered:
            yield column
