"""The values of a matrix: frozen, sorted, and complete without Django, the schema or the grants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Every operator of a kind of values but patterns, as in a grant.
ANY_OPERATOR = "*"
#: What an opening is about, in the order in which they are shown.
CLAUSES = (
    "operation",
    "field",
    "filter",
    "order",
    "group",
    "aggregate",
    "search",
    "list",
    "add",
    "edit",
    "delete",
    "action",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One thing that a role may do with a model: with one path in one clause.

    Of filters the ``values`` are operators, of orders directions, of aggregates where they may be
    asked for, of writes what may be sent beside a value, of actions their inputs. ``by`` are the
    lines of the settings that grant it.

    A ``list`` is a nested list, whose arguments (``related``) have clauses of their own: those that
    are opened here for the paths behind the relation, those of the same role on the model that
    ``values`` names, and beyond these the ones whose ``inside`` is the way to the list, with a dot.
    """

    clause: str
    path: str = ""
    inside: str = ""
    values: tuple[str, ...] = ()
    by: tuple[str, ...] = ()

    @property
    def subject(self) -> tuple[str, str, str]:
        """What it is about, without how far it goes."""
        return self.clause, self.inside, self.path

    @property
    def order(self) -> tuple[int, str, str]:
        """Its place among the openings of a cell."""
        return CLAUSES.index(self.clause), self.inside, self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One role on one model.

    ``granted_as`` is the role whose grant applies: another one where the model does not list the
    role. ``rules`` restrict what is opened, as text by their keys in the grant: ``rows`` is always
    there. ``findings`` say what can be told of what cannot be read, and what else a grant gives.
    """

    granted_as: str
    rules: Mapping[str, str]
    openings: tuple[Opening, ...]
    findings: tuple[str, ...] = ()

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations, without model actions."""
        return tuple(one.path for one in self.openings if one.clause == "operation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """All roles on all models of an API version: cells by the names of model and role."""

    version: str | None = None
    roles: tuple[str, ...] = ()
    models: Mapping[str, Mapping[str, Cell]] = field(default_factory=dict)

    def only(self, roles: Sequence[str] | None, models: Sequence[str] | None) -> Matrix:
        """Return the part about some roles and models, ``None`` for all; unknown ones are left out."""
        kept = {
            name: {role: cell for role, cell in cells.items() if roles is None or role in roles}
            for name, cells in self.models.items()
            if models is None or name in models
        }
        named = self.roles if roles is None else tuple(dict.fromkeys(roles))
        return Matrix(version=self.version, roles=named, models=kept)
