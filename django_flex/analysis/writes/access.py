"""What one caller may do by one operation on one model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.dataclass_init import fast_init
from django_flex.query.operations import SHOWING

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.policy.model import Preset
    from django_flex.resolved import WriteRules
    from django_flex.schema.paths import ResolvedPath


@fast_init
@dataclass(frozen=True, slots=True, eq=False)
class WriteAccess:
    """The caller's reach for one operation on one model, and the rules that come of it.

    ``access`` asks for what may be written where it says "readable"; ``reading`` for what may be
    read; ``presets`` are what the operator fills in.
    """

    rules: WriteRules
    access: Access
    presets: tuple[Preset, ...]
    reading: Access

    @property
    def operation(self) -> str:
        """``add``, ``edit`` or ``delete``."""
        return self.rules.operation

    def may_read(self, target: ResolvedPath) -> bool:
        """Whether the caller may read rows, and this of them."""
        return may_read_rows(target, self.reading)


def may_read_rows(target: ResolvedPath, reading: Access) -> bool:
    """Whether the caller may read rows of a model, and a path from them."""
    grant = reading.grant
    return grant.unrestricted or (
        not grant.operations.isdisjoint(SHOWING) and reading.readable(target)
    )
