"""Sets of granted paths. All paths in here are canonical: the schema's own names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.query.operators import PATTERNS

if TYPE_CHECKING:
    from django_flex.query.ast import Path


@dataclass(frozen=True, slots=True)
class PathSet:
    """Paths that are written out, relations with ``.*``, and ``*``."""

    exact: frozenset[Path] = frozenset()
    wildcards: frozenset[Path] = frozenset()

    def names(self, path: Path, keys: int = 0) -> bool:
        """Whether a path is written out; the last ``keys`` segments are keys in a JSON column.

        A JSON value that is granted covers what is in it.
        """
        if not keys:
            return path in self.exact
        lengths = range(len(path) - keys, len(path) + 1)
        return any(path[:length] in self.exact for length in lengths)

    def opens(self, path: Path, keys: int) -> bool:
        """Whether a ``json.*`` covers a path with a number of keys, at any depth."""
        lengths = range(len(path) - keys, len(path)) if keys else ()
        return any(path[:length] in self.wildcards for length in lengths)

    @property
    def written(self) -> frozenset[Path]:
        """All paths, wildcards with their ``*``."""
        return self.exact | {(*path, "*") for path in self.wildcards}

    @property
    def everything(self) -> bool:
        """Whether ``*`` is in the set."""
        return () in self.wildcards

    def __bool__(self) -> bool:
        return bool(self.exact or self.wildcards)


@dataclass(frozen=True, slots=True)
class FilterSet:
    """Which operators may follow which path. ``*`` as operators means all but patterns."""

    exact: frozenset[tuple[Path, Path]] = frozenset()
    open_paths: frozenset[Path] = frozenset()
    everything: bool = False

    def names(self, path: Path, operators: Path) -> bool:
        """Whether a path is written out with these transforms and operator."""
        if (path, operators) in self.exact:
            return True
        return path in self.open_paths and operators[-1] not in PATTERNS


@dataclass(frozen=True, slots=True)
class OrderSet:
    """Granted orderings: ``True`` is descending. ``random`` is no path, and not in ``everything``."""

    exact: frozenset[tuple[Path, bool]] = frozenset()
    everything: bool = False
    random: bool = False


@dataclass(frozen=True, slots=True)
class AggregateSet:
    """Granted aggregates, the function last; ``path.*`` is every function of a path."""

    exact: frozenset[Path] = frozenset()
    open_paths: frozenset[Path] = frozenset()
    everything: bool = False

    def names(self, path: Path) -> bool:
        """Whether an aggregate is written out."""
        return path in self.exact or path[:-1] in self.open_paths
