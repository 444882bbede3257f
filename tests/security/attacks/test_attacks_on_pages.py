"""Cursors, counts, searches, plans and streams: forged, borrowed, oversized."""

from __future__ import annotations

import base64
import csv
import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.counting import calls
from tests.security.conftest import Ask, granted
from tests.testapp.models import Booking, Customer

pytestmark = pytest.mark.usefixtures("secrets")

OPERATIONS = ["get", "list", "aggregate", "explain", "export"]
EXPOSE = {
    "booking": {
        **granted(
            rows={"customer.in": [1, 2]},
            ops=OPERATIONS,
            aggregates=["*"],
            search=["status", "customer.name", "internal_notes", "customer.api_token"],
            exclude=["internal_notes"],
        ),
        "staff": granted(ops=OPERATIONS)["anon"],
        "computed": {},
    },
    "customer": granted(rows={"vip": True}, ops=OPERATIONS, aggregates=["*"]),
    "line": granted(ops=OPERATIONS, aggregates=["*"]),
    "company": granted(ops=OPERATIONS, aggregates=["*"]),
}
QUERY = {"fields": "id", "order_by": "-price", "limit": 1, "cursor": True}


# --- Cursors --------------------------------------------------------------------------------------


def following(ask: Ask, query: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    page = ask(query or QUERY, EXPOSE, **options).body["pagination"]
    return dict(page["next"])


def _refused(answer: Any) -> None:
    assert answer.status == 400, answer.content
    assert answer.body["code"] == "query.cursor", answer.content
    assert answer.statements == []


@pytest.mark.parametrize(
    "change",
    [
        {"order_by": "price"},
        {"order_by": "-price, status"},
        {"order_by": "-seats"},
        {"filters": {"status": "pending"}},
        {"fields": "id, status"},
        {"search": "pending"},
    ],
)
def test_cursor_is_bound_to_one_query(ask: Ask, change: dict[str, Any]) -> None:
    _refused(ask({**following(ask), **change}, EXPOSE))


def test_cursor_is_bound_to_one_caller_role_and_model(ask: Ask) -> None:
    page = following(ask)
    _refused(ask(page, EXPOSE, user=User.objects.create(id=50, username="other")))
    _refused(ask(page, EXPOSE, user=User.objects.get(pk=1)))
    plain = {**following(ask, {"fields": "id", "limit": 1, "cursor": True}), "fields": "id"}
    _refused(ask(plain, EXPOSE, model="line"))


def test_cursor_shows_no_row_that_has_become_hidden(ask: Ask) -> None:
    page = following(ask)
    hidden = {**EXPOSE, "booking": granted(rows={"customer": 2})}
    assert ask(page, hidden).status in {200, 400}
    assert set(ask({**QUERY, "limit": 9}, hidden).ids) == {2}


@pytest.mark.parametrize("position", [0, 7, 16, 30, -9, -1])
def test_no_character_of_a_cursor_can_be_changed(ask: Ask, position: int) -> None:
    page = following(ask)
    text = page["cursor"]
    other = "A" if text[position] != "A" else "B"
    spot = position % len(text)
    _refused(ask({**page, "cursor": text[:spot] + other + text[spot + 1 :]}, EXPOSE))
    _refused(ask({**page, "cursor": text[:position] or text[:-4]}, EXPOSE))
    _refused(ask({**page, "cursor": text + text}, EXPOSE))


@pytest.mark.parametrize(
    "cursor", ["x", "AAAA", "A" * 32_768, "A" * 40_000, "=", "a.b", "é", "\x00", "' OR 1=1", "null"]
)
def test_texts_that_are_no_cursor_are_refused(ask: Ask, cursor: str) -> None:
    _refused(ask({**QUERY, "cursor": cursor}, EXPOSE))


@pytest.mark.parametrize("cursor", [1, [], {}, ["x"], {"a": 1}, 1.5])
def test_values_that_are_no_cursor_are_refused(ask: Ask, cursor: Any) -> None:
    assert ask({**QUERY, "cursor": cursor}, EXPOSE).status == 400


def test_cursor_does_not_show_what_it_sorts_by(ask: Ask) -> None:
    """Sorting by a column may be granted where reading it is not."""
    expose = {"booking": granted(fields=["id"], order_by=["internal_notes", "customer.api_token"])}
    found = []
    for path in ("internal_notes", "customer.api_token"):
        query = {"fields": "id", "order_by": path, "limit": 1, "cursor": True}
        text = ask(query, expose).body["pagination"]["next"]["cursor"]
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        assert b"call back" not in raw
        assert b"s3cret" not in raw
        assert text != ask(query, expose).body["pagination"]["next"]["cursor"]
        found.append(len(text))
    Booking.objects.update(internal_notes="x" * 150)
    query = {"fields": "id", "order_by": "internal_notes", "limit": 1, "cursor": True}
    assert len(ask(query, expose).body["pagination"]["next"]["cursor"]) == found[0] == found[1]


# --- Counts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [True, "exact", "estimated", "capped:5", "capped:1"])
def test_counts_leave_hidden_rows_out(ask: Ask, count: Any) -> None:
    before = ask({"fields": "id", "count": count}, EXPOSE).body["pagination"]
    Booking.objects.bulk_create(
        Booking(id=key, customer_id=3, status="hidden") for key in range(100, 140)
    )
    after = ask({"fields": "id", "count": count}, EXPOSE).body["pagination"]
    assert before == after
    assert before["count"] in {1, 2}


# --- Searches -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["call", "back", "s3cret", "s3cret-1", "Omar", "pi_1", "boss"])
def test_search_finds_nothing_in_what_may_not_be_read(ask: Ask, text: str) -> None:
    """Two of the paths of the grant are excluded or guarded; the second customer is hidden."""
    assert ask({"search": text, "fields": "id"}, EXPOSE).ids == []


@pytest.mark.parametrize(
    "text",
    ["%", "_", "%%", "__%", "\\", "\\%", "'", '"', "' OR 1=1 --", "*", "a:*", "a & b", "!!", "<->"],
)
def test_search_knows_no_operators(ask: Ask, text: str) -> None:
    answer = ask({"search": text, "fields": "id"}, EXPOSE)
    assert answer.status == 200, answer.content
    assert answer.ids == []


@pytest.mark.parametrize(
    "search", ["a" * 4_000, "a " * 2_000, " ", "", "\x00", "a\x00b", 5, [], {}, ["a"], {"a": 1}]
)
def test_searches_that_make_no_sense_are_refused(ask: Ask, search: Any) -> None:
    answer = ask({"search": search}, EXPOSE)
    assert answer.status == 400, answer.content
    assert answer.statements == []


# --- Plans ----------------------------------------------------------------------------------------


def test_plan_needs_its_own_grant(ask: Ask) -> None:
    for entry in (granted(), granted(ops=["get", "list", "aggregate", "export"]), {"anon": "*"}):
        answer = ask({"explain": True}, {"booking": entry})
        assert answer.status == 401, answer.content
        assert answer.statements == []


def test_plan_shows_no_value_and_no_other_role(ask: Ask) -> None:
    query = {"explain": True, "fields": "id, customer.name", "filters": {"status": "zebra"}}
    plan = ask(query, EXPOSE).body["plan"]
    assert all("zebra" not in str(one["sql"]) for one in plan["statements"])
    # What the database says has the values of rules in it, and counts the rows that they hide.
    assert all(one["database"] is None for one in plan["statements"])
    assert {rule["role"] for rule in plan["rules"]} == {"anon"}
    assert "staff" not in json.dumps(plan["rules"])


@pytest.mark.parametrize("explain", ["x", 1, [], {}, "verbose", "analyze; DROP TABLE x"])
def test_plans_are_of_two_kinds_only(ask: Ask, explain: Any) -> None:
    answer = ask({"explain": explain}, EXPOSE)
    assert answer.status == 400, answer.content
    assert answer.statements == []


def test_plan_of_what_may_not_be_read_is_refused(ask: Ask) -> None:
    for query in (
        {"fields": "internal_notes"},
        {"filters": {"customer.api_token": "x"}},
        {"related": {"lines": {"fields": "nothing"}}},
    ):
        answer = ask({"explain": True, **query}, EXPOSE)
        assert answer.status == 403, answer.content
        assert answer.statements == []


def test_plan_of_an_aggregate_that_is_not_granted_is_refused(ask: Ask) -> None:
    for query in ({"group_by": "internal_notes"}, {"aggregate": "customer.api_token.max"}):
        answer = ask({"explain": True, **query}, EXPOSE, pk="aggregate")
        assert answer.status == 403, answer.content
        assert answer.statements == []
    allowed = {"booking": granted(ops=["aggregate"], aggregates=["*"])}
    answer = ask({"explain": True, "group_by": "status"}, allowed, pk="aggregate")
    assert answer.status == 401, answer.content


# --- Streams --------------------------------------------------------------------------------------

FORMULAS = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", '=HYPERLINK("x")']


@pytest.mark.parametrize("text", FORMULAS)
def test_cells_are_never_formulas(ask: Ask, settings: Any, text: str) -> None:
    Customer.objects.filter(pk=1).update(name=text, metadata={"k": text})
    ask({}, EXPOSE)
    url = "/api/customer/?format=csv&fields=name,metadata.k,x:name"
    sheet = Client().get(url).getvalue().decode()
    for row in csv.reader(io.StringIO(sheet, newline="")):
        for cell in row:
            assert cell[:1] not in {*"=+-@\t\r\n＝"}, sheet


@pytest.mark.parametrize("alias", ["=1", "+x", "-x", "@x", "a\r\nX: y", 'a"b', "a,b", "a\nb"])
def test_names_of_columns_are_neither_formulas_nor_headers(ask: Ask, alias: str) -> None:
    ask({}, EXPOSE)
    body = json.dumps({"fields": [f"{alias}:name"], "format": "csv"})
    response = Client().generic("QUERY", "/api/customer/", body, content_type="application/json")
    assert response.status_code in {400, 403}
    assert "X" not in response.headers


@pytest.mark.parametrize("name", ["xml", "csv\r\nX: y", "", 5, [], {}, "CSV ", "html"])
def test_formats_are_of_three_kinds_only(ask: Ask, name: Any) -> None:
    answer = ask({"format": name, "fields": "id"}, EXPOSE)
    assert answer.status == 400, answer.content
    assert answer.statements == []


def test_export_needs_its_own_grant(ask: Ask) -> None:
    Booking.objects.bulk_create(Booking(id=key, customer_id=1) for key in range(100, 110))
    for limit in (201, 10**6):
        settings = {"MAX_LIMIT": 2, "DEFAULT_LIMIT": 2}
        expose = {"booking": granted()}
        body = {"format": "ndjson", "limit": limit, "fields": "id"}
        ask({}, expose, **settings)
        sent = json.dumps(body)
        response = Client().generic("QUERY", "/api/booking/", sent, "application/json")
        lines = response.getvalue().splitlines()
        assert response.status_code == 403 or len(lines) <= 2


# --- What one request may cost --------------------------------------------------------------------

DEEP: dict[str, Any] = {"lines": {"limit": 200}}
for _ in range(12):
    DEEP = {"customer.booking": {"limit": 200, "related": DEEP}}
HAVING: dict[str, Any] = {"count": 1}
for _ in range(28):
    HAVING = {"not": HAVING}
HEAVY: dict[str, dict[str, Any]] = {
    "twenty-lists": {"related": {f"l{n}": {"from": "lines", "limit": 200} for n in range(20)}},
    "many-lists": {"related": {f"l{n}": {"from": "lines"} for n in range(500)}},
    "lists-in-lists": {"related": DEEP},
    "groups": {"group_by": ", ".join(f"g{n}:status" for n in range(500))},
    "aggregates": {"aggregate": ", ".join(f"a{n}:price.sum" for n in range(500))},
    "aggregates-of-relations": {"fields": ", ".join(f"a{n}:lines.count" for n in range(500))},
    "having": {"group_by": "status", "having": HAVING},
    "wide-having": {"group_by": "status", "having": {"or": [{"count": n} for n in range(2_000)]}},
    "distinct": {"fields": "id", "distinct": ", ".join("status" for _ in range(5_000))},
    "orders": {"order_by": ", ".join("lines.count" for _ in range(100))},
    "search": {"search": " ".join(f"w{n}" for n in range(1_300))},
    "count": {"count": "capped:99999999999"},
    "everything": {
        "limit": 200,
        "count": True,
        "search": "a b c d e f g h i j",
        "fields": "*, n:lines.count, m:lines.quantity.max",
        "order_by": "-lines.count",
        "related": {f"l{n}": {"from": "lines", "limit": 200} for n in range(20)},
    },
}


@pytest.mark.parametrize("case", HEAVY)
def test_a_query_beyond_the_caps_is_refused_before_it_runs(ask: Ask, case: str) -> None:
    grouped = (
        {"pk": "aggregate"} if case in {"groups", "aggregates", "having", "wide-having"} else {}
    )
    ask({}, EXPOSE)  # settings are read once
    answers: list[Any] = []
    work = calls(lambda: answers.append(ask(HEAVY[case], EXPOSE, **grouped)))
    assert answers[0].status in {400, 403}, answers[0].content[:300]
    assert answers[0].statements == []
    assert work < 200_000  # an empty query takes 5,000


def test_cost_is_the_same_whatever_is_hidden(ask: Ask) -> None:
    query = json.dumps({"fields": "id", "related": {"lines": {}}, "order_by": "-lines.count"})

    def cost() -> str:
        response = Client().generic("QUERY", "/api/booking/", query, "application/json")
        return str(response.headers["Flex-Cost"])

    ask({}, EXPOSE)
    before = cost()
    Booking.objects.bulk_create(
        Booking(id=key, customer_id=3, status="hidden") for key in range(100, 160)
    )
    assert cost() == before
