"""Whether a description is true: all that it says may be asked is accepted, and nothing else is.

The whole schema is asked for, path by path and clause by clause, at the gate that every query
passes, and by the planner. Nothing is read: what is accepted ends there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django_flex.access.actor import Actor
from django_flex.access.limits import limits_of
from django_flex.access.roles import resolve_grant
from django_flex.analysis.aggregates.groups import authorize_aggregate
from django_flex.analysis.authorize import authorize
from django_flex.analysis.writes.authorize import authorize_mutation
from django_flex.analysis.writes.faults import check_faults
from django_flex.describe import (
    FieldDescription,
    ModelDescription,
    ReachDescription,
    describe_model,
    operators_of,
    within_backend,
)
from django_flex.dialects.flex.mutations import parse_mutation
from django_flex.dialects.flex.parser import parse_query
from django_flex.exceptions import FieldDeniedError, FlexError
from django_flex.plan.aggregates import make_aggregate_plan
from django_flex.plan.capabilities import ALL, Capabilities
from django_flex.plan.planner import make_plan, make_write_plan
from django_flex.policy.model import Entry, Policy
from django_flex.query.aggregates import FUNCTIONS, PARTS
from django_flex.query.limits import Limits
from django_flex.query.operators import OPERATORS, TRANSFORMS
from django_flex.schema.resources import Attribute, Relation, Resource

TWO = frozenset({"exact", "gte"})
SAMPLES: dict[str, Any] = {
    "integer": 1,
    "decimal": 1,
    "float": 1.5,
    "boolean": True,
    "text": "a",
    "uuid": "7d4a1f6e-2a52-4a35-9c0f-3a7f1f1d2a11",
    "datetime": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:30:00",
    "duration": "01:30:00",
    "json": "a",
    "binary": "a",
    "file": "a",
    "other": "a",
    "converted": "a",
    "encrypted": "a",
    "year": 2020,
    "part": 1,
}


@dataclass(frozen=True, slots=True, eq=False)
class Gate:
    """What one caller may ask of one model: the gate itself, and what is said of it.

    ``can`` is what the backend can do.
    """

    policy: Policy
    actor: Actor
    entry: Entry
    limits: Limits
    can: Capabilities = ALL

    def described(self) -> ModelDescription | None:
        found = describe_model(self.policy, self.actor, self.entry, self.limits)
        return None if found is None else within_backend(found, self.entry.resource, self.can)

    def accepts(self, operation: str = "list", **payload: Any) -> bool:
        """Whether a query passes."""
        granted = resolve_grant(self.policy, self.entry, self.actor)
        limits = limits_of(self.limits, granted.grant)
        try:
            query = parse_query(payload, limits, resource=self.entry.name, operation=operation)
            if operation == "aggregate":
                make_aggregate_plan(
                    authorize_aggregate(
                        query, self.policy, self.actor, self.entry, limits, granted
                    ),
                    self.can,
                )
            else:
                make_plan(
                    authorize(query, self.policy, self.actor, self.entry, limits, granted),
                    self.can,
                )
        except FlexError:
            return False
        return True

    def takes(self, operation: str, name: str, value: Any) -> bool:
        """Whether a name may be sent; what is wrong with the value, or lacks, is another matter."""
        try:
            self._write(operation, name, value)
        except FieldDeniedError:
            return False
        except FlexError:
            return operation == "edit" or value is None or "$add" in value
        return True

    def updates(self, operation: str, name: str, update: Mapping[str, Any]) -> bool:
        """Whether an object with an operator may be sent in place of a value."""
        try:
            self._write(operation, name, update)
        except FlexError:
            return False
        return True

    def _write(self, operation: str, name: str, value: Any) -> None:
        payload = {name: value, **({} if operation == "add" else {"_id": 1})}
        granted = resolve_grant(self.policy, self.entry, self.actor)
        limits = limits_of(self.limits, granted.grant)
        mutation = parse_mutation(payload, limits, resource=self.entry.name, operation=operation)
        authorized = authorize_mutation(
            mutation, self.policy, self.actor, self.entry, limits, granted
        )
        check_faults(authorized.rows)
        make_write_plan(authorized, self.can)


def differences(gate: Gate) -> list[str]:
    """Return where the description and the gate do not agree."""
    described = gate.described()
    if described is None:
        reads = ("list", "get", "aggregate")
        return [
            name for name in reads if gate.accepts(name, **({"_id": 1} if name == "get" else {}))
        ]
    if "list" not in described.summary.operations:
        return []
    said = set(_said(described.reach, described))
    asked = set(_accepted(gate, described))
    return sorted(
        [f"refused: {one}" for one in said - asked] + [f"untold: {one}" for one in asked - said]
    )


def _said(reach: ReachDescription, model: ModelDescription) -> Iterator[str]:
    for one in reach.fields:
        yield from _said_of_field(one)
    for relation in reach.relations:
        if relation.item is not None:
            yield f"rows {relation.path}"
        yield from (f"filter {relation.path}.{one}" for one in _sampled(relation.operators))
        yield from (f"{one} {relation.path}" for one in relation.directions)
        for count in filter(None, [relation.count]):
            yield from _said_of_aggregates([count])
        if relation.inside is not None and "." not in relation.path:
            yield from (f"in {relation.path}: {said}" for said in _said_inside(relation.inside))
    if model.count is not None:
        yield from _said_of_aggregates([model.count])


def _sampled(operators: Iterable[str]) -> Iterator[str]:
    # Whether a database can tell what is part of a JSON value is no question of grants.
    known = (name for name in operators if name != "contained_by")
    return (name for name in known if "." not in name or _last(name) in TWO)


def _said_inside(reach: ReachDescription) -> Iterator[str]:
    for one in reach.fields:
        yield from _said_of_path(one)


def _said_of_path(one: FieldDescription) -> Iterator[str]:
    if one.readable:
        yield f"field {one.path}"
    for operator in _sampled(one.operators):
        yield f"filter {one.path}.{operator}"
    for direction in one.directions:
        yield f"{direction} {one.path}"


def _said_of_field(one: FieldDescription) -> Iterator[str]:
    yield from _said_of_path(one)
    if one.covered:
        yield f"star {one.path}"
    for part in one.transforms:
        yield f"part {one.path}.{part}"
        yield from (f"{direction} part {one.path}.{part}" for direction in one.directions)
    for part in one.parts:
        yield f"group {one.path}.{part}"
    yield from _said_of_aggregates(one.aggregates)
    if one.keys is not None:
        if one.keys.readable:
            yield f"field {one.path}.any_key"
        for operator in _sampled(one.keys.operators):
            yield f"filter {one.path}.any_key.{operator}"
        for direction in one.keys.directions:
            yield f"{direction} {one.path}.any_key"


def _said_of_aggregates(aggregates: Iterable[Any]) -> Iterator[str]:
    for one in aggregates:
        if one.total:
            yield f"total {one.path}"
        if one.of_row:
            yield f"field {one.path}"
        for operator in one.operators:
            if operator in {"exact", "gte", "isnull"}:
                yield f"filter {one.path}.{operator}"
        for direction in one.directions:
            yield f"{direction} {one.path}"


def _accepted(gate: Gate, described: ModelDescription) -> Iterator[str]:
    """Ask for everything that the schema has."""
    depth = described.limits.max_relation_depth
    written = {one.path for one in described.reach.fields}
    known = {path for path, _, _ in paths(gate.entry.resource, depth)}
    for path in written - known:  # keys in JSON values, of which there is no end
        for name in (path, f"{path}.any_key"):
            yield from _accepted_of(name, "json", gate, thorough=True)
        yield from _accepted_groups(path, [""], gate, known)
    for path, attribute, many in paths(gate.entry.resource, depth):
        # Only what a wildcard covers can be taken out of it.
        star = ".".join((*path.split(".")[:-1], "*"))
        if gate.accepts(fields=f"{star}, -{path}"):
            yield f"star {path}"
        for name in (path, f"{path}.any_key") if attribute.kind == "json" else (path,):
            yield from _accepted_of(name, attribute.kind, gate, thorough=path in written)
        # Behind a JSON value a part of a date is a key like any other.
        parts = [] if many else [""] if attribute.kind == "json" else ["", *sorted(PARTS)]
        yield from _accepted_groups(path, parts, gate, known)
        for function in FUNCTIONS:
            of_row = many and attribute.kind != "json"  # where it would be a key
            yield from _accepted_of_aggregate(f"{path}.{function}", gate, many=of_row)
    yield from _accepted_lists(gate, depth)
    if gate.accepts("aggregate", aggregate="count"):
        yield "total count"


def _accepted_groups(
    path: str, parts: Iterable[str], gate: Gate, known: Collection[str]
) -> Iterator[str]:
    for part in parts:
        asked = f"{path}.{part}" if part else path
        if part and asked not in known:
            yield from _accepted_part(asked, gate)
        if not (part and asked in known) and gate.accepts("aggregate", group_by=asked):
            yield f"group {path}.{part}"


def _accepted_part(asked: str, gate: Gate) -> Iterator[str]:
    if gate.accepts("list", fields=asked):
        yield f"part {asked}"
    for direction, sign in (("ascending", ""), ("descending", "-")):
        if gate.accepts("list", order_by=f"{sign}{asked}"):
            yield f"{direction} part {asked}"


def _accepted_lists(gate: Gate, depth: int) -> Iterator[str]:
    columns = {path for path, _, _ in paths(gate.entry.resource, depth)}
    for way, resource, listed in relations(gate.entry.resource, depth):
        if way not in columns:
            if gate.accepts(fields=way):
                yield f"rows {way}"
            kind = resource.pk.kind
            for operator in sample(kind):
                if gate.accepts(filters={f"{way}.{operator}": value_for(operator, kind)}):
                    yield f"filter {way}.{operator}"
            yield from _orders(way, gate)
        if listed:
            yield from _accepted_of_aggregate(f"{way}.count", gate, many=True)
        if listed and "." not in way:
            for path, attribute, _ in paths(resource, depth - 1):
                for said in _accepted_inside(way, path, attribute.kind, gate):
                    yield f"in {way}: {said}"


def _accepted_of(path: str, kind: str, gate: Gate, *, thorough: bool) -> Iterator[str]:
    if gate.accepts(fields=path):
        yield f"field {path}"
    for operator in sample(kind) if thorough else ("isnull", "exact"):
        if gate.accepts(filters={f"{path}.{operator}": value_for(operator, kind)}):
            yield f"filter {path}.{operator}"
    yield from _orders(path, gate)


def _orders(path: str, gate: Gate) -> Iterator[str]:
    if gate.accepts(order_by=path):
        yield f"ascending {path}"
    if gate.accepts(order_by=f"-{path}"):
        yield f"descending {path}"


def _accepted_inside(way: str, path: str, kind: str, gate: Gate) -> Iterator[str]:
    if gate.accepts(fields=f"{way}.{path}"):
        yield f"field {path}"
    for operator in sample(kind):
        filters = {f"{path}.{operator}": value_for(operator, kind)}
        if gate.accepts(related={way: {"filters": filters}}):
            yield f"filter {path}.{operator}"
    if gate.accepts(related={way: {"order_by": path}}):
        yield f"ascending {path}"
    if gate.accepts(related={way: {"order_by": f"-{path}"}}):
        yield f"descending {path}"


def _accepted_of_aggregate(path: str, gate: Gate, *, many: bool) -> Iterator[str]:
    if gate.accepts("aggregate", aggregate=path):
        yield f"total {path}"
    if not many:
        return
    if gate.accepts(fields=path):
        yield f"field {path}"
    for operator in ("exact", "gte", "isnull"):
        samples = [True] if operator == "isnull" else [1, "2026-01-31", "12:30:00", "a"]
        if any(gate.accepts(filters={f"{path}.{operator}": value}) for value in samples):
            yield f"filter {path}.{operator}"
    yield from _orders(path, gate)


def sample(kind: str) -> list[str]:
    """Return every operator, and two behind each transform: behind one they are decided alike."""
    return list(_sampled(operators_of(kind)))


def _last(operator: str) -> str:
    return operator.rpartition(".")[2]


def value_for(operators: str, kind: str) -> Any:
    """Return a value that fits behind a path with these transforms and operator."""
    *transforms, operator = operators.split(".")
    for name in transforms:
        kind = TRANSFORMS[name].result
    sample = SAMPLES[kind]
    values: Mapping[str, Any] = {
        "value": sample,
        "part": sample,
        "list": [sample],
        "pair": [sample, sample],
        "boolean": True,
        "pattern": "a",
        "keys": ["a"],
        "document": {"a": 1},
    }
    return values[OPERATORS[operator].takes]


def paths(
    resource: Resource, depth: int, way: str = "", *, many: bool = False
) -> Iterator[tuple[str, Attribute, bool]]:
    """Yield every path of the schema, the column at its end, and whether there are many of it."""
    for attribute in resource.attributes.values():
        yield f"{way}{attribute.name}", attribute, many
    for relation in _followed(resource, depth):
        beyond, left = many or relation.cardinality == "many", depth - (not relation.same_row)
        yield from paths(relation.target, left, f"{way}{relation.name}.", many=beyond)


def relations(
    resource: Resource, depth: int, way: str = ""
) -> Iterator[tuple[str, Resource, bool]]:
    """Yield every way over relations, the model at its end, and whether it ends in a list."""
    for relation in _followed(resource, depth):
        path, left = f"{way}{relation.name}", depth - (not relation.same_row)
        yield path, relation.target, relation.cardinality == "many"
        yield from relations(relation.target, left, f"{path}.")


def _followed(resource: Resource, depth: int) -> Iterator[Relation]:
    """Yield the relations that a path may go on by; a name for columns of the row is no step."""
    return (one for one in resource.relations.values() if depth or one.same_row)


#: What is sent to add, edit and remove a row inside another.
VERBS: dict[str, Any] = {
    "add": {"$add": [{}]},
    "edit": {"$edit": [{"id": 1}]},
    "delete": {"$remove": [1]},
}


def differences_of_writes(gate: Gate) -> list[str]:
    """Return the names that may be sent and are not described, and the other way round."""
    described = gate.described()
    if described is None:
        return []
    found = []
    for operation, write in described.writes.items():
        said = {one.name for one in write.inputs}
        said |= {f"{one.name} {verb}" for one in write.children for verb in one.operations}
        said |= {f"{one.name} {update}" for one in write.inputs for update in one.updates}
        accepted = set(_accepted_names(gate, operation))
        accepted |= set(_accepted_updates(gate, operation))
        found += [f"{operation} {name}" for name in said ^ accepted]
    return sorted(found)


def _accepted_names(gate: Gate, operation: str) -> Iterator[str]:
    resource = gate.entry.resource
    links = [one.name for one in resource.relations.values() if one.linked or one.same_row]
    for name in (*resource.attributes, *links):
        # In an edit `id` says which row.
        if (operation, name) != ("edit", "id") and gate.takes(operation, name, None):
            yield name
    for relation in resource.relations.values():
        if relation.column is None and relation.name not in links:
            for verb, value in VERBS.items():
                if gate.takes(operation, relation.name, value):
                    yield f"{relation.name} {verb}"


#: What is sent in place of a value; no item fits every array.
UPDATES: dict[str, list[Any]] = {"$inc": [1], "$append": [1, "a"], "$remove": [1, "a"]}


def _accepted_updates(gate: Gate, operation: str) -> Iterator[str]:
    """Yield the names with each operator that may be sent in place of a value."""
    resource = gate.entry.resource
    for name, attribute in resource.attributes.items():
        # Any object is a value of JSON, so there is nothing to add by a key.
        added: list[Any] = [{}] if attribute.kind != "json" else []
        for update, samples in {**UPDATES, "$add": added}.items():
            if any(gate.updates(operation, name, {update: one}) for one in samples):
                yield f"{name} {update}"
    for relation in resource.relations.values() if operation == "edit" else ():
        for update in ("$add", "$remove") if relation.linked else ():
            if gate.updates(operation, relation.name, {update: []}):
                yield f"{relation.name} {update}"
