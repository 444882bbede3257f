"""Columns of exposed models that a custom field stores in another form than their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.policy.compile.sorting import SORTING
from django_flex.policy.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.policy.model import Entry

_LIMITS = {
    "converted": ("compared for equality only", SORTING),
    "encrypted": ("not compared at all, but with null", None),
}


def review_conversions(entry: Entry) -> Iterator[Problem]:
    """Yield which columns can be compared for equality only, and which not at all."""
    for kind, (limit, hint) in _LIMITS.items():
        names = [one.name for one in entry.resource.attributes.values() if one.kind == kind]
        if names:
            text = f"Stored in another form, and {limit}: {', '.join(names)}"
            yield Problem("I006", text, f"EXPOSE[{entry.name!r}]", hint)
