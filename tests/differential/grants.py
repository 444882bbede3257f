"""Random grants: what a role may see, as ``EXPOSE`` says it, and its rules as data."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from tests.differential.world import COLUMNS, RELATIONS

#: Rules of rows for each model: as ``EXPOSE`` has it, and as an object of conditions.
RULES: dict[str, list[tuple[Any, Any]]] = {
    "company": [(Q(id__gte=3), {"id.gte": 3}), ({"name.ne": ""}, {"name.ne": ""})],
    "customer": [
        (lambda user: Q(vip=True), {"vip": True}),
        ({"company.isnull": False}, {"company.isnull": False}),
        ({"metadata.level.gte": 2}, {"metadata.level.gte": 2}),
        ({"booking.some": {"urgent": True}}, {"booking.some": {"urgent": True}}),
        (~Q(name="elm"), {"name.ne": "elm"}),
    ],
    "address": [
        (Q(id__in=[1, 3, 4]), {"id.in": [1, 3, 4]}),
        ({"city.nin": ["", "elm"]}, {"city.nin": ["", "elm"]}),
    ],
    "tag": [(Q(slug="red") | Q(slug="blue"), {"slug.in": ["red", "blue"]})],
    "booking": [
        ({"status.ne": "cancelled"}, {"status.ne": "cancelled"}),
        (Q(customer__vip=True), {"customer.vip": True}),
        ({"lines.quantity.gte": 2}, {"lines.quantity.gte": 2}),
        (Q(lines__quantity__gte=2), {"lines.quantity.gte": 2}),
        (
            lambda user: Q(urgent=True) | Q(seats__isnull=True),
            {"or": {"urgent": True, "seats.isnull": True}},
        ),
    ],
    "line": [
        (Q(quantity__gte=1), {"quantity.gte": 1}),
        ({"note.isnull": True}, {"note.isnull": True}),
        ({"booking.urgent": False}, {"booking.urgent": False}),
    ],
    "invoice": [({"number.ne": ""}, {"number.ne": ""})],
}
EXCLUDED = {"customer": "email", "booking": "internal_notes", "line": "note", "company": "tax_id"}


SEARCHED = {
    "booking": ["status", "internal_notes", "customer.name", "lines.product"],
    "customer": ["name", "company.name", "metadata.settings.theme", "booking.status"],
}


@dataclass(frozen=True, slots=True)
class Grants:
    """An ``EXPOSE``, and the rule of each model that has one."""

    expose: dict[str, Any]
    rules: dict[str, Any]
    roots: list[str]

    def by_data(self) -> dict[str, Any]:
        """Return the same ``EXPOSE`` with each rule as an object of conditions."""
        made = dict(self.expose)
        for model, rule in self.rules.items():
            made[model] = {**made[model], "anon": {**made[model]["anon"], "rows": rule}}
        return made


def make(seed: int) -> Grants:
    """Grant this and that; bookings and customers can be listed in any case."""
    choose = random.Random(seed)
    expose: dict[str, Any] = {}
    rules: dict[str, Any] = {}
    for model in COLUMNS:
        is_root = model in {"booking", "customer"}
        kind = choose.choices(["full", "some", "none", "other", "empty"], [30, 40, 15, 5, 5])[0]
        if kind == "full" or (is_root and kind != "some"):
            expose[model] = {"anon": "*"}
        elif kind == "some":
            rule, rules[model] = choose.choice([*RULES[model], ("*", "*")])
            expose[model] = {"anon": {"rows": rule, **_some(model, choose)}}
        elif kind == "other":
            expose[model] = {"staff": "*"}
        elif kind == "empty":
            expose[model] = {"anon": {}}
        if expose.get(model) and model in EXCLUDED and choose.random() < 0.3:
            expose[model]["exclude"] = [EXCLUDED[model]]
    return Grants(expose, rules, [model for model in expose if _lists(expose[model])])


def _lists(entry: dict[str, Any]) -> bool:
    grant = entry.get("anon")
    return grant == "*" or "list" in (grant or {"ops": []})["ops"]


def _some(model: str, choose: random.Random) -> dict[str, Any]:
    paths = far_paths(model)
    own = [name for name in COLUMNS[model] if name not in {"document", "digest"}]
    fields = ["*"] if choose.random() < 0.5 else choose.sample(own, max(2, len(own) // 2))
    wild = [f"{name}.*" for name in RELATIONS[model]]
    fields = [*fields, *choose.sample(paths, len(paths) // 4), *choose.sample(wild, 1)]
    filters = ["*"] if choose.random() < 0.6 else []
    filters += [f"{path}.*" for path in choose.sample([*own, *paths], len(paths) // 3)]
    order_by = ["*"] if choose.random() < 0.6 else []
    orders = [*own, *one_paths(model)]
    order_by += [
        choose.choice(["", "-"]) + path for path in choose.sample(orders, len(orders) // 2)
    ]
    ops = ["get", "list", "aggregate"] if choose.random() < 0.8 else ["get"]
    if model in {"booking", "customer"}:
        ops = ["get", "list", "aggregate"]
    return {
        "fields": fields,
        "filters": filters,
        "order_by": order_by,
        "aggregates": ["*"],
        "search": SEARCHED.get(model, []),
        "ops": ops,
    }


def far_paths(model: str) -> list[str]:
    """Return columns over one relation, and over two."""
    found = []
    for name, relation in RELATIONS[model].items():
        found += [f"{name}.{column}" for column in COLUMNS[relation.target]]
        for second, other in RELATIONS[relation.target].items():
            found += [f"{name}.{second}.{column}" for column in list(COLUMNS[other.target])[1:3]]
    return found


def one_paths(model: str) -> list[str]:
    """Return columns over one to-one relation."""
    return [
        f"{name}.{column}"
        for name, relation in RELATIONS[model].items()
        if not relation.many
        for column in COLUMNS[relation.target]
        if COLUMNS[relation.target][column] not in {"json", "file", "binary"}
    ]
