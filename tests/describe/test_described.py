"""What is described is what the gate lets through, of every role, and of nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_flex.access.actor import Actor
from django_flex.describe import describe_model, describe_role
from django_flex.plan.capabilities import ALL, Capabilities
from django_flex.policy.compile.entries import compile_policy
from django_flex.query.limits import Limits
from tests.describe.proving import Gate, differences, differences_of_writes

#: What each role of the test project may do. Between them they use each way to write a grant.
EXPOSE: dict[str, Any] = {
    "booking": {
        "superuser": {
            "fields": "*",
            "filters": "*",
            "order_by": "*",
            "aggregates": "*",
            "search": ["status", "customer.name"],
            "ops": ["get", "list", "add", "edit", "aggregate"],
        },
        "staff": {
            "fields": ["id", "status", "customer.*", "lines.product", "customer.metadata.theme"],
            "filters": [
                "status",
                "status.in",
                "created_at.year.gte",
                "created_at.date.year",
                "customer.name.*",
                "lines.quantity.gte",
                "lines.count.gte",
                "customer.metadata.level.gte",
            ],
            "order_by": ["-id", "status", "lines.count", "customer.name"],
            "aggregates": ["count", "price.sum", "lines.quantity.sum", "lines.count", "day.*"],
            "ops": ["get", "list", "edit", "aggregate"],
            "write_fields": ["status", "tags", "lines"],
        },
        "authenticated": {
            "fields": "*",
            "exclude": ["internal_notes", "customer"],
            "filters": ["*", "status.regex"],
            "order_by": ["created_at"],
            "ops": ["list", "add"],
        },
        "anon": {"fields": ["status", "document"], "ops": ["list"]},
    },
    "customer": {
        "exclude": ["email"],
        "superuser": "*",
        "staff": {
            "fields": ["name", "metadata.*", "company.name"],
            "filters": ["name"],
            "ops": ["list"],
        },
        "authenticated": {
            "fields": "*",
            "filters": "*",
            "rows": {"vip": True},
            "ops": ["list", "aggregate"],
            "aggregates": ["count", "booking.count", "booking.price.sum"],
        },
        "anon": {},
    },
    "line": {
        "superuser": "*",
        "staff": {
            "fields": ["quantity", "note"],
            "filters": ["quantity.*"],
            "order_by": ["note"],
            "ops": ["list", "add", "edit"],
            "write_fields": ["product", "booking"],
        },
        "authenticated": {"fields": "*", "ops": ["get"]},
    },
    # Whoever adds a booking cannot add its invoice, which must not be given the booking.
    "invoice": {
        "staff": {"fields": "*", "ops": ["add", "edit", "list"], "write_fields": ["number"]}
    },
    "tag": {"superuser": "*", "authenticated": {"fields": "*", "filters": "*", "ops": ["list"]}},
    "node": {
        "superuser": {"fields": "*", "filters": "*", "order_by": "*", "ops": ["list", "explain"]},
        "anon": {
            "fields": ["title", "parent.title"],
            "filters": ["children.title"],
            "ops": ["list"],
        },
    },
}
#: Models with few relations are gone through over two of them, the others over one.
DEPTHS = {"line": 2, "node": 2}
USERS = {
    "superuser": {"is_superuser": True},
    "staff": {"is_staff": True},
    "authenticated": {},
}
CASES = [
    (name, role)
    for name, entry in EXPOSE.items()
    for role in ("superuser", "staff", "authenticated", "anon")
]
#: Those who may ask for much: the gate is asked for all of it, which takes seconds.
LONG = {
    *(("customer", role) for role in USERS),
    *(("tag", role) for role in USERS),
    ("booking", "superuser"),
    ("booking", "authenticated"),
}
ASKED = [
    pytest.param(*case, marks=[pytest.mark.exhaustive] if case in LONG else []) for case in CASES
]


def caller(role: str) -> Actor:
    """Return a caller who has a role wherever an entry names it; there is no database."""
    actor = Actor(None if role == "anon" else User(username=role, **USERS[role]))
    actor._groups = ()
    return actor


@pytest.fixture(scope="module")
def policy() -> Any:
    compiled, problems = compile_policy(EXPOSE, max_relation_depth=2)
    assert [one for one in problems if one.id.startswith("E")] == []
    return compiled


@pytest.fixture(autouse=True)
def no_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let refusals be quick: what was probably meant takes longer than to refuse."""
    monkeypatch.setattr("django_flex.access.hints.nearest", lambda *_: None)


@pytest.mark.exhaustive
@pytest.mark.one_in(3)
@pytest.mark.parametrize(("name", "role"), ASKED)
def test_a_description_is_what_the_gate_lets_through(policy: Any, name: str, role: str) -> None:
    limits = Limits(max_relation_depth=DEPTHS.get(name, 1))
    gate = Gate(policy, caller(role), policy.names[name], limits)

    assert differences(gate) == []


def without(*names: str, **words: set[str]) -> Capabilities:
    """Return a backend that lacks some capabilities, operators or transforms."""
    fewer: dict[str, Any] = {name: getattr(ALL, name) - found for name, found in words.items()}
    fewer |= dict.fromkeys(names, False)
    return replace(ALL, **fewer)


#: Backends, by what they lack, and a role of whom much is described.
BACKENDS: dict[str, tuple[Capabilities, tuple[str, str]]] = {
    "joins": (without("joins"), ("line", "superuser")),
    "lists": (without("lists"), ("node", "superuser")),
    "related filters": (without("related_filters"), ("node", "superuser")),
    "related aggregates": (without("related_aggregates"), ("booking", "staff")),
    "operators": (without(operators={"exact", "gte", "iexact"}), ("line", "superuser")),
    "transforms": (without(transforms={"year", "date", "len"}), ("booking", "staff")),
    "JSON keys": (without("json_keys"), ("booking", "staff")),
    "orders": (without("orders"), ("node", "superuser")),
    "aggregates": (without("aggregates"), ("booking", "staff")),
    "groups": (without("groups"), ("booking", "staff")),
    "other resources": (
        replace(ALL, resources={"testapp.booking", "testapp.line"}),
        ("line", "superuser"),
    ),
    "rows apart": (
        replace(ALL, resources={"testapp.booking"}, apart=lambda _: ALL),
        ("booking", "staff"),
    ),
}
BACKED = [
    pytest.param(
        can,
        *case,
        marks=[] if case == first else [pytest.mark.exhaustive],
        id="-".join([lacking, *case]),
    )
    for lacking, (can, first) in BACKENDS.items()
    for case in (("booking", "staff"), ("line", "superuser"), ("node", "superuser"))
]


@pytest.mark.exhaustive
@pytest.mark.one_in(9)
@pytest.mark.parametrize(("can", "name", "role"), BACKED)
def test_a_description_is_what_the_backend_can_do(
    policy: Any, can: Capabilities, name: str, role: str
) -> None:
    limits = Limits(max_relation_depth=DEPTHS.get(name, 1))
    gate = Gate(policy, caller(role), policy.names[name], limits, can)

    assert differences(gate) == []


@pytest.mark.parametrize(
    ("can", "case"), [pytest.param(*backend, id=name) for name, backend in BACKENDS.items()]
)
def test_what_a_backend_lacks_is_missing_in_a_description(
    policy: Any, can: Capabilities, case: tuple[str, str]
) -> None:
    name, role = case
    limits = Limits(max_relation_depth=DEPTHS.get(name, 1))
    gate = Gate(policy, caller(role), policy.names[name], limits, can)

    assert gate.described() != replace(gate, can=ALL).described()


@pytest.mark.parametrize(("name", "role"), CASES, ids=["-".join(case) for case in CASES])
def test_described_inputs_are_what_a_write_takes(policy: Any, name: str, role: str) -> None:
    gate = Gate(policy, caller(role), policy.names[name], Limits())

    assert differences_of_writes(gate) == []


@pytest.mark.parametrize(("name", "role"), CASES, ids=["-".join(case) for case in CASES])
def test_a_role_is_described_without_a_caller(policy: Any, name: str, role: str) -> None:
    entry = policy.names[name]

    assert describe_role(policy, role, entry, Limits()) == describe_model(
        policy, caller(role), entry, Limits()
    )


def test_a_role_without_a_grant_is_not_described(policy: Any) -> None:
    assert describe_role(policy, "anon", policy.names["customer"], Limits()) is None
    assert describe_role(policy, "guest", policy.names["line"], Limits(max_limit=1)) is not None


def test_a_role_of_a_resolver_has_no_fall_back() -> None:
    compiled, _ = compile_policy(EXPOSE, resolver=lambda _user, _model: "manager")

    assert describe_role(compiled, "manager", compiled.names["line"], Limits()) is None


def test_no_row_rule_is_asked() -> None:
    asked: list[Any] = []
    grant = {"fields": "*", "filters": "*", "ops": ["list", "add"], "rows": asked.append}
    compiled, _ = compile_policy({name: {"anon": grant} for name in ("booking", "line", "tag")})
    described = describe_role(compiled, "anon", compiled.names["booking"], Limits())

    assert described is not None
    ways = {one.path: one.null for one in described.reach.relations}
    assert (False, True) == (ways["lines"], ways["lines.booking"])
    assert asked == []
