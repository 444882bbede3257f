"""The settings of the explorer: what is wrong with a value of them."""

from __future__ import annotations

from collections.abc import Mapping

#: Who may open it.
AUDIENCES = ("off", "staff", "everybody")


def is_audience(value: object) -> str | None:
    """Return what is wrong with a value of ``EXPLORER``, ``None`` for nothing."""
    good = isinstance(value, str) and value in AUDIENCES
    return None if good else "'off', 'staff' or 'everybody' is needed"


def are_accounts(value: object) -> str | None:
    """Return what is wrong with a value of ``EXPLORER_ACCOUNTS``, ``None`` for nothing."""
    good = isinstance(value, Mapping) and all(
        isinstance(part, str) for pair in value.items() for part in pair
    )
    return None if good else "a dictionary of passwords by user names is needed"
