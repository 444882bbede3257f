"""What may be asked about rows: one interface of it for each model, and for the lists inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.codegen.paths import aggregates_of, levels_of
from django_flex.codegen.texts import literal
from django_flex.codegen.typescript.filters import filtered_of, filters_interface
from django_flex.codegen.typescript.reads import key_of, members_of
from django_flex.codegen.typescript.trees import (
    Tree,
    groups_of,
    orders_interface,
    total_type,
    tree_interface,
)
from django_flex.describe import capitalized

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.codegen.typescript.pool import Declarations
    from django_flex.describe import (
        ModelDescription,
        ReachDescription,
        RelationDescription,
        Spelling,
    )


class Reaches:
    """What may be asked from one row, or from the rows of a list inside another one.

    ``title`` begins the names of its interfaces. ``models`` are the models of the role, by their
    names, and ``titles`` the names of their types.
    """

    __slots__ = (
        "_reads",
        "declarations",
        "levels",
        "models",
        "reach",
        "spelling",
        "titles",
        "wanted",
    )

    def __init__(
        self,
        wanted: str,
        reach: ReachDescription,
        models: Mapping[str, ModelDescription],
        titles: Mapping[str, str],
        declarations: Declarations,
        spelling: Spelling,
    ) -> None:
        self.wanted, self.reach, self.models, self.titles = wanted, reach, models, titles
        self.declarations, self.spelling = declarations, spelling
        self.levels = levels_of(reach)
        self._reads: dict[str, str] = {}

    def reads(self, way: str) -> str:
        """Return the interface of what can be read at the end of a way, nothing if nothing can."""
        if way not in self._reads:
            members = list(members_of(way, self))
            wanted = f"{self._named(way)}Reads"
            found = self.declarations.interface(wanted, members) if members else ""
            self._reads[way] = found
        return self._reads[way]

    def _named(self, way: str) -> str:
        relation = next((one for one in self.reach.relations if one.path == way), None)
        if relation is None:
            return self.wanted
        return self._title_of(relation)

    def _title_of(self, relation: RelationDescription) -> str:
        return self.titles.get(relation.model or "", "") or capitalized(
            relation.path.rpartition(".")[2]
        )

    def inside(self, relation: RelationDescription) -> str:
        """Return the interface of what a list inside a row may ask, nothing if there is none."""
        if relation.inside is None:
            return ""
        there = Reaches(
            self._title_of(relation),
            relation.inside,
            self.models,
            self.titles,
            self.declarations,
            self.spelling,
        )
        return there.interface("List")

    def totals_of_related(self, way: str) -> str:
        """Return the interface of the aggregates of related rows, nothing if there are none."""
        tree = Tree()
        for one in aggregates_of(self.reach):
            if one.of_row and one.path.startswith(f"{way}."):
                kind = total_type(one, hidden=self._may_be_few(way))
                tree.put(self.spelling.path(one.path.removeprefix(f"{way}.")), kind)
        return tree_interface("Totals", tree, self.declarations) if tree.names else ""

    def _may_be_few(self, way: str) -> bool:
        """Whether an aggregate of related rows may be null for other reasons than a lack of values."""
        relation = next(one for one in self.reach.relations if one.path == way)
        model = self.models.get(relation.model or "")
        nested = any(one.null and way.startswith(f"{one.path}.") for one in self.reach.relations)
        return nested or (model is not None and model.smallest_group > 1)

    def interface(self, ending: str, model: ModelDescription | None = None) -> str:
        """Return the interface of all that may be asked; of a model with totals and groups."""
        declarations, spelling = self.declarations, self.spelling
        level = self.levels[""]
        key = model.key if model is not None else (level.key.path if level.key else "id")
        totals, groups = Tree(), Tree()
        if model is not None and "aggregate" in model.summary.operations:
            for one in (*([model.count] if model.count else []), *aggregates_of(self.reach)):
                if one.total:
                    kind = total_type(one, hidden=model.smallest_group > 1)
                    totals.put(spelling.path(one.path), kind)
            groups = groups_of(self.reach, self.levels, spelling)
        filters = filters_interface(self.wanted, filtered_of(self.reach), declarations, spelling)
        members = (
            f"key: {literal(key)}",
            f"keyType: {key_of(level)}",
            f"reads: {self.reads('') or '{}'}",
            f"filters: {filters}",
            f"orders: {orders_interface(self.wanted, self.reach, declarations, spelling)}",
            f"totals: {tree_interface(f'{self.wanted}Totals', totals, declarations)}",
            f"groups: {tree_interface(f'{self.wanted}Groups', groups, declarations)}",
            f"search: {'true' if self.reach.search else 'false'}",
        )
        return declarations.interface(f"{self.wanted}{ending}", members)
