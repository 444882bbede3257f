"""``exclude`` and guarded fields: what no wildcard reaches, whichever way it is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.security.conftest import Ask, granted

pytestmark = pytest.mark.usefixtures("secrets")


def _ways(path: str) -> list[dict[str, Any]]:
    return [
        {"fields": path},
        {"fields": f"x:{path}"},
        {"fields": f"*, -{path}"},
        {"filters": {path: "x"}},
        {"filters": {f"{path}.startswith": "x"}},
        {"filters": {"not": {f"{path}.isnull": True}}},
        {"order_by": path},
        {"order_by": f"-{path}.nulls_last"},
    ]


CASES = {
    "own-column": ("booking", {"booking": granted(exclude=["internal_notes"])}, "internal_notes"),
    "of-the-entry": (
        "booking",
        {"booking": {**granted(), "exclude": ["internal_notes"]}},
        "internal_notes",
    ),
    "relation": ("booking", {"booking": granted(exclude=["customer"])}, "customer.name"),
    "relation-with-star": (
        "booking",
        {"booking": granted(exclude=["customer.*"])},
        "customer.name",
    ),
    "all": ("booking", {"booking": granted(exclude=["*"])}, "status"),
    "path": ("booking", {"booking": granted(exclude=["customer.email"])}, "customer.email"),
    "of-the-related-entry": (
        "booking",
        {"booking": granted(), "customer": granted(exclude=["email"])},
        "customer.email",
    ),
    "of-the-related-entry-under-relation-star": (
        "booking",
        {
            "booking": granted(fields=["id", "customer.*"]),
            "customer": {**granted(), "exclude": ["email"]},
        },
        "customer.email",
    ),
    "of-the-related-entry-without-the-role": (
        "booking",
        {
            "booking": granted(fields=["id", "customer.*"]),
            "customer": {"staff": {}, "exclude": ["email"]},
        },
        "customer.email",
    ),
    "json-key": (
        "customer",
        {"customer": granted(fields=["name", "metadata.*"], exclude=["metadata.pin"])},
        "metadata.pin",
    ),
    "below-a-json-key": (
        "customer",
        {"customer": granted(fields=["name", "metadata.*"], exclude=["metadata.a"])},
        "metadata.a.b.c",
    ),
    "above-a-json-key": (
        "customer",
        {"customer": granted(fields=["name", "metadata.*"], exclude=["metadata.a.b"])},
        "metadata.a",
    ),
    "whole-of-a-json-key": (
        "customer",
        {"customer": granted(exclude=["metadata.pin"])},
        "metadata",
    ),
    "json-star": (
        "customer",
        {"customer": granted(exclude=["metadata.*"])},
        "metadata.level",
    ),
    "json-key-of-a-relation": (
        "booking",
        {
            "booking": granted(fields=["id", "customer.metadata.*"]),
            "customer": granted(exclude=["metadata.pin"]),
        },
        "customer.metadata.pin",
    ),
    "guarded": ("customer", {"customer": granted()}, "api_token"),
    "guarded-of-a-relation": ("booking", {"booking": granted()}, "customer.api_token"),
    "guarded-under-relation-star": (
        "booking",
        {"booking": granted(fields=["id", "customer.*"])},
        "customer.api_token",
    ),
    "guarded-of-the-related-entry": (
        "booking",
        {"booking": granted(), "customer": granted()},
        "customer.api_token",
    ),
    "password": ("booking", {"booking": granted()}, "created_by.password"),
    "superuser": ("booking", {"booking": granted()}, "created_by.is_superuser"),
    "password-under-relation-star": (
        "booking",
        {"booking": granted(fields=["id", "created_by.*"])},
        "created_by.password",
    ),
    "groups-of-the-user": ("booking", {"booking": granted()}, "created_by.groups.name"),
}


@pytest.mark.parametrize(
    ("model", "expose", "path"), [pytest.param(*case, id=name) for name, case in CASES.items()]
)
def test_what_no_wildcard_covers_is_denied_in_every_clause(
    ask: Ask, model: str, expose: dict[str, Any], path: str
) -> None:
    for query in _ways(path):
        answer = ask(query, expose, model=model)
        assert answer.status == 403, query
        assert answer.statements == []


WILDCARDS = {
    "star": ("customer", granted(exclude=["email"]), "*", {"email"}),
    "star-of-what-is-written-out": (
        "customer",
        granted(fields=["name", "email"], exclude=["email"]),
        "*",
        {"email"},
    ),
    "star-with-a-json-key-excluded": (
        "customer",
        granted(exclude=["metadata.pin"]),
        "*",
        {"metadata"},
    ),
    "guarded": ("customer", granted(), "*", {"api_token"}),
}


@pytest.mark.parametrize(
    ("model", "entry", "fields", "missing"),
    [pytest.param(*case, id=name) for name, case in WILDCARDS.items()],
)
def test_wildcard_leaves_out_what_is_excluded(
    ask: Ask, model: str, entry: dict[str, Any], fields: str, missing: set[str]
) -> None:
    row = ask({"fields": fields}, {model: entry}, model=model, pk=1).body
    assert "name" in row
    assert missing & set(row) == set()


def test_related_wildcard_leaves_out_what_is_excluded(ask: Ask) -> None:
    expose = {"booking": granted(exclude=["customer.email"]), "customer": granted(exclude=["vip"])}
    row = ask({"fields": "customer.*"}, expose, pk=1).body["customer"]
    assert {"id", "name"} <= set(row)
    assert {"email", "vip", "api_token"} & set(row) == set()


def test_json_wildcard_is_refused_where_a_key_in_it_is_excluded(ask: Ask) -> None:
    expose = {"customer": granted(fields=["metadata.*"], exclude=["metadata.pin"])}
    assert ask({"fields": "metadata.*"}, expose, model="customer").status == 403
    row = ask({"fields": "metadata.level"}, expose, model="customer", pk=1).body
    assert row == {"metadata": {"level": 1}}


@pytest.mark.parametrize(
    "fields",
    ["*, -metadata.pin", "*, -customer", "customer.*, -status", "metadata.*, -metadata.pin"],
)
def test_exclusion_that_leaves_out_of_nothing_is_refused(ask: Ask, fields: str) -> None:
    model = "customer" if "metadata" in fields else "booking"
    # `-customer` does have an effect: the raw key is a column of the booking.
    expected = 200 if fields == "*, -customer" else 400
    answer = ask({"fields": fields}, {model: granted()}, model=model)
    assert answer.status == expected, answer.content


def test_guarded_field_is_granted_by_writing_it_out_for_one_clause_at_a_time(ask: Ask) -> None:
    expose = {"customer": granted(fields=["id", "api_token"])}
    assert ask({"fields": "api_token"}, expose, model="customer", pk=1).body == {
        "api_token": "s3cret-1"
    }
    only_filter = {"customer": granted(filters=["api_token"], fields=["id"])}
    assert ask({"fields": "api_token"}, only_filter, model="customer").status == 403
    assert ask({"order_by": "api_token"}, only_filter, model="customer").status == 403
    assert ask({"filters": {"api_token": "s3cret-2"}}, only_filter, model="customer").ids == [2]


@pytest.mark.parametrize("level", ["entry", "grant"])
@pytest.mark.parametrize(
    "written",
    [
        pytest.param(["emial"], id="typo"),
        pytest.param(["metadata.list.00"], id="second-name-of-a-list-item"),
        pytest.param(["vip", "metadata.list.-1"], id="index-from-the-end"),
        pytest.param({"email": True}, id="no-list"),
    ],
)
def test_an_invalid_exclusion_denies_what_it_is_part_of(ask: Ask, written: Any, level: str) -> None:
    entry = {**granted(), "exclude": written} if level == "entry" else granted(exclude=written)
    assert ask({"fields": "*"}, {"customer": entry}, model="customer").status == 401
    assert ask({"fields": "email"}, {"customer": entry}, model="customer").status == 401
    booking = {"booking": granted(), "customer": entry}
    assert ask({"fields": "customer.email"}, booking).status == 403
