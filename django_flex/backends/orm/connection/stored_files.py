"""Files that a write has stored: what is not committed has none."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from django.db import connections

if TYPE_CHECKING:
    from typing import Any

logger = logging.getLogger("django_flex")

Remove = Callable[[], None]
# For each connection, a list for each of our transactions and savepoints that are open on it.
_open: WeakKeyDictionary[Any, list[list[Remove]]] = WeakKeyDictionary()


@contextmanager
def files_kept(using: str, stored: list[bool], *, dry_run: bool) -> Iterator[None]:
    """Remove the files that are stored inside, unless what is inside is committed.

    It has to be left after the transaction has ended.

    Args:
        using: the database.
        stored: not empty once everything is committed, whatever is raised then.
        dry_run: whether nothing is committed.
    """
    levels = _open.setdefault(connections[using], [])
    mine: list[Remove] = []
    levels.append(mine)
    kept = False
    try:
        yield
        kept = not dry_run
    finally:
        levels.pop()
        if not (kept or stored):
            _remove(mine)
        elif levels:
            levels[-1].extend(mine)  # what is around it may still fail


def removed_on_rollback(using: str, remove: Remove) -> None:
    """Call a function if what is being written is not committed."""
    levels = _open.get(connections[using])
    if levels:
        levels[-1].append(remove)


def _remove(files: list[Remove]) -> None:
    for remove in reversed(files):
        try:
            remove()
        except Exception:
            logger.exception("A file of a write that failed could not be removed")
