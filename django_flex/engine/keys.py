"""What a caller is told of keys that would make a query possible."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django_flex.access.reach import Access
from django_flex.exceptions import (
    NeedsKeyError,
    OrderNeedsKeyError,
    RangeNeededError,
    TooManyValuesError,
)
from django_flex.schema.paths import ResolvedPath

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.engine.call import ResolvedCall


#: What a filter needs so that its attribute is named; of others that it may be equal to a value.
_OPERATORS: dict[type[NeedsKeyError], tuple[str, ...]] = {
    RangeNeededError: ("isnull",),
    TooManyValuesError: ("in",),
}


@contextmanager
def telling_keys(resolved: ResolvedCall) -> Iterator[None]:
    """Complete the error of a query that no key serves, by names that its caller may use.

    Raises:
        UnsupportedQueryError: instead of ``NeedsKeyError``.
    """
    try:
        yield
    except NeedsKeyError as error:
        raise told(error, resolved) from error


def told(error: NeedsKeyError, resolved: ResolvedCall) -> Exception:
    """Return an error as the caller of a request may read it."""
    call, entry, grant = resolved.call, resolved.entry, resolved.granted.grant
    if grant is None:
        return error
    access = Access(call.policy, call.actor, entry, grant, call.settings.limits)
    operators = _OPERATORS.get(type(error), ("exact",))

    def known(name: str) -> bool:
        attribute = entry.resource.attribute(name)
        if attribute is None:
            return False
        target = ResolvedPath((), attribute)
        if isinstance(error, OrderNeedsKeyError):
            return access.may_order(target, descending=False)
        return access.may_filter(target, operators)

    return error.told(known)
