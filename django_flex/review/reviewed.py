"""One grant under review, with the reach of a caller who has the same role on every model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django_flex.access.actor import Actor
from django_flex.access.limits import limits_of
from django_flex.access.reach import Access
from django_flex.access.roles import policy_of_role
from django_flex.query.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.policy.model import Entry, Grant, Policy, Preset, RowRule


@dataclass(frozen=True, eq=False)
class ReviewedGrant:
    """A grant that is not empty, and where it comes from."""

    policy: Policy
    entry: Entry
    grant: Grant
    version_limits: Limits

    @cached_property
    def access(self) -> Access:
        """What the role may reach: the same role everywhere is the best guess without a user."""
        static = policy_of_role(self.policy, self.grant.role)
        return Access(static, Actor(), self.entry, self.grant, Limits())

    @property
    def limits(self) -> Limits:
        """The caps that apply to the role."""
        return limits_of(self.version_limits, self.grant)

    def at(self, *parts: str) -> str:
        """Return the place of a part of the grant."""
        return self.grant.source + "".join(f"[{part!r}]" for part in parts)

    def rules(self) -> Iterator[tuple[str, RowRule]]:
        """Yield every rule of the grant with its place, each once."""
        written = self.grant.written
        yield self.at("rows"), self.grant.rows
        seen: set[int] = set()
        for operation, writing in self.grant.writing.items():
            yield self.at(operation, "rows"), writing.rows
            for position, rule in enumerate(writing.checks):
                common = "check" in written and position == 0
                if id(rule) not in seen:
                    seen.add(id(rule))
                    yield self.at(*(() if common else (operation,)), "check"), rule
        for name, action in self.grant.actions.items():
            yield self.at("actions", name, "rows"), action.rows

    def presets(self) -> Iterator[tuple[str, Preset]]:
        """Yield every preset of the grant with its place, each once."""
        seen: set[int] = set()
        for operation, writing in self.grant.writing.items():
            for preset in writing.presets:
                name = preset.attribute.name
                own: object = self.grant.written.get(operation)
                place = (operation,) if name in _presets_of(own) else ()
                if id(preset) not in seen:
                    seen.add(id(preset))
                    yield self.at(*place, "presets", name), preset


def _presets_of(own: object) -> Any:
    return (own.get("presets") or ()) if isinstance(own, dict) else ()
