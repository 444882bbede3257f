"""The grants that applied to a query, for ``explain``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedRule:
    """A grant that was used: its path in the settings, and where its rows come from."""

    model: str
    role: str | None
    source: str
    rows: str
