"""Files that a write has stored: what is not committed has none."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from django.db import connections

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

logger = logging.getLogger("django_flex")

Remove = Callable[[], None]


@dataclass(slots=True)
class _Level:
    """A transaction or savepoint of ours: how to remove what is stored in it, and what was undone."""

    stored: list[Remove] = field(default_factory=list)
    undone: list[Remove] = field(default_factory=list)


# For each connection, our transactions and savepoints that are open on it.
_open: WeakKeyDictionary[Any, list[_Level]] = WeakKeyDictionary()


class files_kept(AbstractContextManager[None]):  # noqa: N801 - called like a function
    """Remove the files that are stored inside, unless what is inside is committed.

    It has to be left after the transaction has ended. Of a savepoint they are removed when the
    transaction around it has ended: until then its deadline holds, and a query for the rows that
    have a file may be one too many. A class, since each write enters it.

    Args:
        using: the database.
        stored: not empty once everything is committed, whatever is raised then.
        dry_run: whether nothing is committed.
    """

    __slots__ = ("_dry_run", "_level", "_levels", "_stored")

    def __init__(self, using: str, stored: list[bool], *, dry_run: bool) -> None:
        self._levels = _open.setdefault(connections[using], [])
        self._level = _Level()
        self._stored = stored
        self._dry_run = dry_run

    def __enter__(self) -> None:
        self._levels.append(self._level)

    def __exit__(
        self,
        _kind: object,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        level, levels = self._level, self._levels
        levels.pop()
        kept = error is None and not self._dry_run
        if not (kept or self._stored):
            level.undone += level.stored
            level.stored = []
        if levels:
            levels[-1].stored += level.stored  # what is around it may still fail
            levels[-1].undone += level.undone
        else:
            _remove(level.undone)


def removed_on_rollback(using: str, remove: Remove) -> None:
    """Call a function if what is being written is not committed."""
    levels = _open.get(connections[using])
    if levels:
        levels[-1].stored.append(remove)


def _remove(files: list[Remove]) -> None:
    for remove in reversed(files):
        try:
            remove()
        except Exception:
            logger.exception("A file of a write that failed could not be removed")
