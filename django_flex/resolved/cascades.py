"""The models whose rows may be removed or changed by a delete."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cascade:
    """The models whose rows may be removed or changed by a delete, whatever else is granted.

    ``kept`` are those that ``everything`` does not include, only their names.
    """

    everything: bool = False
    named: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()

    def opens(self, label: str) -> bool:
        """Whether rows of a model (its label in lower case) may be removed with a deleted row."""
        return label in self.named or (self.everything and label not in self.kept)


NO_CASCADE = Cascade()


ANY_CASCADE = Cascade(everything=True)
