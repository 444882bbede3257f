"""The statement cache of the settings that hold, for tests that look into it or do without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django_flex.backends.orm.backend import OrmBackend
from django_flex.conf import get_settings

if TYPE_CHECKING:
    from django_flex.backends.orm.prepared.statement_cache import StatementCache
    from django_flex.backends.orm.prepared.statements import CompiledStatement


def cache(version: str | None = None) -> StatementCache:
    """Return the statement cache of an API version."""
    backend = get_settings(version).backends.default
    assert isinstance(backend, OrmBackend)
    return backend.statements


def statements() -> list[CompiledStatement]:
    """Return the cached statements."""
    return [one.statement for one in cache().entries.values() if one.statement is not None]


def begin_unchecked() -> None:
    """Begin with no statements and reads, and compare none but the statements that are verified."""
    found, reads = cache(), get_settings().prepared
    found.checked = reads.checked = False
    found.entries.clear()
    reads.clear()


@contextmanager
def uncached() -> Iterator[None]:
    """Parse and authorize each read, and let Django compile each statement."""
    found, reads = cache(), get_settings().prepared
    size, most = found.size, reads.most
    found.size = reads.most = 0
    try:
        yield
    finally:
        found.size, reads.most = size, most
