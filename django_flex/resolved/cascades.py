"""The models whose rows may be removed or changed by a delete."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cascade:
    """The models whose rows may be removed or changed by a delete, whatever else is granted."""

    everything: bool = False
    named: frozenset[str] = frozenset()

    def opens(self, label: str) -> bool:
        """Whether rows of a model (its label in lower case) may be removed with a deleted row."""
        return self.everything or label in self.named


NO_CASCADE = Cascade()


ANY_CASCADE = Cascade(everything=True)
