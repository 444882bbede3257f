"""Lists that would be open under rows of another model, although no view shows them there.

Who may list a model may do so under any row that leads to its rows, and so learns which of them
belong to it. Two views that show two models, and neither of them which rows of the one belong to
which of the other, tell less: the relation between them is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.contrib.rest_importing.probing import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from django_flex.contrib.rest_importing.grants import Entry
    from django_flex.contrib.rest_importing.probing import Kind
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Relation, Resource

#: The roles that the default resolution tries for a kind of caller, in its order.
_ROLES: Mapping[Kind, tuple[str, ...]] = {
    "anon": ("anon",),
    "user": ("authenticated", "anon"),
    "staff": ("staff", "authenticated", "anon"),
    "superuser": ("superuser", "authenticated", "anon"),
    "both": ("superuser", "staff", "authenticated", "anon"),
}


def openings(entry: Entry, resource: Resource, entries: Mapping[str, Entry | None]) -> list[str]:
    """Return the paths to lists that no view shows under the rows of an entry.

    Args:
        entry: its grants.
        resource: its model.
        entries: those of all models, by label; of ``None`` anybody may list the rows.
    """
    found: dict[str, None] = {}
    for kind in KINDS:
        grant = _grant_of(entry, kind)
        if not grant.get("ops"):
            continue
        for before, here in _ways(grant.get("fields", ()), resource):
            for relation in here.relations.values():
                if relation.cardinality == "many" and relation.label in entries:
                    there = _listed(entries[relation.label], kind)
                    path = (*before, relation.name)
                    if there is not None and not _is_told(path, relation, here, grant, there):
                        found[".".join(path)] = None
    return [*found]


def _grant_of(entry: Entry, kind: Kind) -> Mapping[str, Any]:
    return next((entry.roles[name] for name in _ROLES[kind] if name in entry.roles), {})


def _listed(entry: Entry | None, kind: Kind) -> frozenset[str] | None:
    """Return the fields that a kind of caller sees in lists, ``None`` if it may not list."""
    if entry is None:
        return frozenset()
    grant = _grant_of(entry, kind)
    return frozenset(grant.get("fields", ())) if "list" in grant.get("ops", ()) else None


def _ways(fields: Iterable[str], resource: Resource) -> Iterator[tuple[Path, Resource]]:
    """Yield the ways over relations that paths go, with where they lead; the first goes nowhere."""
    known: dict[Path, Resource] = {(): resource}
    for path in fields:
        here = resource
        way: Path = ()
        for name in path.split("."):
            relation = here.relation(name)
            if relation is None:
                break
            here, way = relation.target, (*way, relation.name)
            known.setdefault(way, here)
    yield from known.items()


def _is_told(
    path: Path, relation: Relation, here: Resource, grant: Mapping[str, Any], there: frozenset[str]
) -> bool:
    """Whether one of two models shows the keys of the rows of the other one that belong to a row."""
    shown = frozenset(grant.get("fields", ()))
    if _shows(shown, path, relation.target):
        return True
    if len(path) > 1 and not _shows(shown, path[:-1], here):
        return False
    back = (
        one.name
        for one in relation.target.relations.values()
        if one.label == here.label and relation.far in {one.name, one.column}
    )
    return any(_shows(there, (name,), here) for name in back)


def _shows(fields: frozenset[str], path: Path, target: Resource) -> bool:
    """Whether the keys of the rows at the end of a path are among the fields."""
    way = ".".join(path)
    return bool({way, f"{way}.pk", f"{way}.{target.pk.name}"} & fields)
