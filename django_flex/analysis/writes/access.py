"""What one caller may do by one operation on one model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.policy.model import Preset
    from django_flex.resolved import WriteRules


@dataclass(frozen=True, slots=True, eq=False)
class WriteAccess:
    """The caller's reach for one operation on one model, and the rules that come of it.

    ``access`` asks for what may be written where it says "readable"; ``presets`` are what the
    operator fills in.
    """

    rules: WriteRules
    access: Access
    presets: tuple[Preset, ...]

    @property
    def operation(self) -> str:
        """``add``, ``edit`` or ``delete``."""
        return self.rules.operation
