"""What a caller may see and ask, in plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from tests.differential.values import ABSENT, Path, part_of
from tests.differential.world import COLUMNS, GUARDED, RELATIONS, Row, World, key_of


class Caller:
    """What the role ``anon`` of an ``EXPOSE`` may see."""

    def __init__(self, world: World, expose: Mapping[str, Any], rules: Mapping[str, Any]) -> None:
        self.world = world
        self.expose = expose
        self.rules = rules
        self.everywhere = self
        self.visible = cache(self._visible)
        self.may_read = cache(self._may_read)

    def grant(self, model: str) -> dict[str, Any] | None:
        """Return the grant on a model; ``None`` if the entry does not name the role."""
        given = self.expose.get(model, {}).get("anon")
        if given == "*":
            everything = {"fields": ["*"], "filters": "*", "order_by": "*", "aggregates": "*"}
            return {**everything, "ops": ["get", "list", "aggregate"]}
        return given if given is None else dict(given)

    def _visible(self, model: str) -> frozenset[Any] | None:
        """Return the keys of the rows that may be seen, ``None`` where no rule says."""
        grant = self.grant(model)
        if grant is None:
            return None
        if not grant:
            return frozenset()
        rule = self.rules.get(model, "*")
        if rule == "*":
            return None
        from tests.differential.conditions import matches

        everybody = Caller(self.world, {}, {})
        key = key_of(model)
        return frozenset(
            row[key] for row in self.world.tables[model] if matches(everybody, model, row, rule)
        )

    def rows(self, model: str) -> list[Row]:
        seen = self.visible(model)
        rows = self.world.tables[model]
        return rows if seen is None else [row for row in rows if row[key_of(model)] in seen]

    def behind(self, model: str, row: Row, name: str) -> list[Row]:
        """Return the rows behind a relation that the caller may see."""
        target = RELATIONS[model][name].target
        seen = self.visible(target)
        rows = self.world.behind(model, row, name)
        return rows if seen is None else [one for one in rows if one[key_of(target)] in seen]

    def may_filter(self, model: str, path: Path) -> bool:
        """Whether every operator but a pattern may stand behind a path."""
        grant = self.grant(model)
        if not grant:
            return False
        written_out = f"{'.'.join(path)}.*" in grant["filters"]
        return written_out or ("*" in grant["filters"] and self.may_read(model, path))

    def may_order(self, model: str, path: Path, sign: str) -> bool:
        grant = self.grant(model)
        if not grant:
            return False
        written_out = sign + ".".join(path) in grant["order_by"]
        return written_out or ("*" in grant["order_by"] and self.may_read(model, path))

    def _may_read(self, model: str, path: Path) -> bool:
        """Whether a path to a column, or into its JSON, may be read."""
        grant = self.grant(model)
        if grant and self.covers(model, path):
            return True
        here = model
        for position, name in enumerate(path[:-1]):
            relation = RELATIONS[here].get(name)
            if relation is None:
                return False
            here = relation.target
            if relation.many:
                inner = self.grant(here)
                if not self.may_go(model, path[:position]):
                    return False
                lists = bool(inner) and "list" in (inner or {})["ops"]
                return lists and self.everywhere.may_read(here, path[position + 1 :])
        return False

    def may_go(self, root: str, way: Path) -> bool:
        """Whether something can be read at each step of a way over to-one relations."""
        return all(self._may_pass(root, way[:end]) for end in range(1, len(way) + 1))

    def _may_pass(self, root: str, way: Path) -> bool:
        model = root
        for name in way[:-1]:
            model = RELATIONS[model][name].target
        relation = RELATIONS[model][way[-1]]
        if relation.here and self.may_read(root, (*way[:-1], relation.here)):
            return True
        return any(self.may_read(root, (*way, name)) for name in COLUMNS[relation.target])

    def covers(self, model: str, path: Path) -> bool:
        """Whether the grant on a model says by itself that a path may be read."""
        grant = self.grant(model)
        if not grant:
            return False
        hops, column, keys = split(model, path)
        fields = grant["fields"]
        whole = (*hops, column)
        if any(".".join((*whole, *keys[:end])) in fields for end in range(len(keys) + 1)):
            return True
        at, guarded = model, False
        for name in hops:
            at = RELATIONS[at][name].target
        guarded = (at, column) in GUARDED
        if guarded or (not hops and column in self.excluded(model)):
            return False
        if hops and ".".join((*hops, "*")) in fields:
            return column not in self.excluded(at)
        if "*" not in fields:
            return False
        return not hops or self.beyond(model, path)

    def beyond(self, model: str, path: Path) -> bool:
        """Whether the wildcard of a grant goes over the first relation of a path."""
        relation = RELATIONS[model][path[0]]
        if relation.target in self.expose:
            return self.covers(relation.target, path[1:])
        if relation.many:
            return False
        hops, _, _ = split(relation.target, path[1:])
        return not hops or self.beyond(relation.target, path[1:])

    def excluded(self, model: str) -> set[str]:
        entry = self.expose.get(model, {})
        grant = self.grant(model) or {}
        return {*entry.get("exclude", ()), *grant.get("exclude", ())}

    def columns(self, root: str, way: Path) -> list[str]:
        """Return what a wildcard at the end of a way stands for."""
        model = root
        for name in way:
            model = RELATIONS[model][name].target
        return [
            name
            for name in COLUMNS[model]
            if self.may_read(root, (*way, name)) and name not in self.excluded(model)
        ]


class Inner(Caller):
    """What may be read of the rows of a list: by the model there, or written out outside."""

    def __init__(self, outer: Caller, root: str, way: Path) -> None:
        self.outer, self.root, self.way = outer, root, way
        super().__init__(outer.world, outer.expose, outer.rules)
        self.everywhere = outer.everywhere
        self.visible = outer.visible

    def _may_read(self, model: str, path: Path) -> bool:
        inside = self._lists(model) and super()._may_read(model, path)
        return inside or self.outer.may_read(self.root, (*self.way, *path))

    def _lists(self, model: str) -> bool:
        grant = self.grant(model)
        lists = bool(grant) and "list" in (grant or {})["ops"]
        return lists and self.outer.may_go(self.root, self.way[:-1])

    def may_filter(self, model: str, path: Path) -> bool:
        inside = self._lists(model) and super().may_filter(model, path)
        return inside or self.outer.may_filter(self.root, (*self.way, *path))

    def may_order(self, model: str, path: Path, sign: str) -> bool:
        inside = self._lists(model) and super().may_order(model, path, sign)
        return inside or self.outer.may_order(self.root, (*self.way, *path), sign)


def split(model: str, path: Path) -> tuple[Path, str, Path]:
    """Split a path into relations, a column and JSON keys."""
    hops: list[str] = []
    for position, name in enumerate(path[:-1]):
        if name not in RELATIONS[model] or COLUMNS[model].get(name) == "json":
            return tuple(hops), name, path[position + 1 :]
        hops.append(name)
        model = RELATIONS[model][name].target
    return tuple(hops), path[-1], ()


def reach(caller: Caller, model: str, row: Row, path: Path) -> tuple[Any, str]:
    """Return the value at the end of a path over to-one relations, and its kind."""
    hops, column, keys = split(model, path)
    for name in hops:
        found = caller.behind(model, row, name)
        model = RELATIONS[model][name].target
        if not found:
            return None, COLUMNS[model].get(column, "int")
        (row,) = found
    if column not in COLUMNS[model]:  # the key of a row that points here
        others = caller.behind(model, row, column)
        return (others[0]["id"] if others else None), "int"
    value = row[column]
    if keys:
        value = part_of(value, keys)
    return (None if value is ABSENT else value), COLUMNS[model][column]
