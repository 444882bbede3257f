"""``flex_why``: why a request is allowed or refused, by name and by row."""

from __future__ import annotations

import io
import json
import random
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Q
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_flex.access.actor import Actor
from django_flex.access.roles import default_grant, role_steps
from django_flex.conf import configuration
from django_flex.policy.model import Grant
from django_flex.signals import before_add, before_delete, before_edit, query_executed
from django_flex.why import Asked, Explanation, explain_request
from tests.testapp.models import Booking

DENIED = "Access denied: field 'price' not accessible"
CLERK: dict[str, Any] = {
    "rows": {"urgent": True},
    "fields": ["id", "status", "customer.name"],
    "filters": ["status", "created_at.year.gte"],
    "order_by": ["-status"],
    "ops": ["get", "list", "edit"],
    "write_fields": ["status"],
}
EXPOSE: dict[str, Any] = {
    "booking": {"clerks": CLERK, "anon": {}},
    "line": {"clerks": {"fields": "*", "filters": ["quantity.*"], "ops": ["list"]}},
}


@pytest.fixture(autouse=True)
def entries(configure: Any) -> None:
    configure(EXPOSE)


@pytest.fixture
def clerk(bookings: None) -> Any:
    user = get_user_model().objects.create_user(username="clara")
    user.groups.add(Group.objects.create(name="Clerks"))
    return user


def why(method: str, url: str, body: str = "", **who: Any) -> Explanation:
    settings = configuration().at(url)
    assert settings is not None
    return explain_request(Asked(method=method, url=url, body=body, **who), settings)


def run(*arguments: str) -> str:
    printed = io.StringIO()
    call_command("flex_why", *arguments, stdout=printed)
    return printed.getvalue()


def grants(found: Explanation) -> dict[str, str]:
    return {one.text: one.grant for one in found.names if not one.allowed}


def test_each_name_has_the_line_that_allows_it(clerk: Any) -> None:
    found = why(
        "GET",
        "/api/bookings/?fields=id,customer.name&filters.status=x&order_by=-status"
        "&filters.created_at.year.gte=2020",
        user=clerk,
    )
    place = "EXPOSE['booking']['clerks']"

    assert found.outcome == "allowed"
    assert (found.operation, found.model, found.role) == ("list", "booking", "clerks")
    assert {one.text: one.by for one in found.names} == {
        "id": (f"{place}['fields']: 'id'",),
        "customer.name": (f"{place}['fields']: 'customer.name'",),
        "status": (f"{place}['filters']: 'status'",),
        "created_at.year.gte": (f"{place}['filters']: 'created_at.year.gte'",),
        "-status": (f"{place}['order_by']: '-status'",),
    }
    assert found.rules == (f"{place}['rows']: {{'urgent': True}}",)


@pytest.mark.parametrize(
    ("request_of", "key", "term"),
    [
        (("GET", "/api/bookings/?fields=price"), "fields", "price"),
        (("GET", "/api/bookings/?fields=customer.company.name"), "fields", "customer.company.name"),
        (("GET", "/api/bookings/?fields=created_at.year"), "fields", "created_at"),
        (("GET", "/api/bookings/?fields=customer.metadata.a"), "fields", "customer.metadata.a"),
        (("GET", "/api/bookings/?fields=id&filters.status.in=a"), "filters", "status.in"),
        (("GET", "/api/bookings/?fields=id&filters.price=1"), "filters", "price"),
        (("GET", "/api/bookings/?fields=id&filters.or.price.gt=1"), "filters", "price.gt"),
        (("GET", "/api/bookings/?fields=id&order_by=status"), "order_by", "status"),
        (("GET", "/api/bookings/?fields=id&order_by=-price"), "order_by", "-price"),
        (("GET", "/api/bookings/?fields=lines.count"), "aggregates", "lines.count"),
        (("PATCH", "/api/bookings/1", '{"price": 1}'), "write_fields", "price"),
        (("PATCH", "/api/bookings/1", '{"_fields": "price"}'), "fields", "price"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value).replace("/", " "),
)
def test_the_smallest_grant_allows_what_was_refused(
    clerk: Any, configure: Any, request_of: tuple[str, ...], key: str, term: str
) -> None:
    """Make the change that is printed: then the name passes."""
    method, url, *rest = request_of
    body = "".join(rest)
    before = why(method, url, body, user=clerk)
    (line,) = [grant for grant in grants(before).values() if grant]

    assert line == f"EXPOSE['booking']['clerks'][{key!r}]: add {term!r}"
    assert before.outcome.startswith("refused with 403")
    wider = {**CLERK, key: [*CLERK.get(key, ()), term]}
    if key == "aggregates":
        wider["ops"] = [*CLERK["ops"], "aggregate"]
    configure({**EXPOSE, "booking": {"clerks": wider}})
    after = why(method, url, body, user=clerk)
    assert grants(after) == {}
    assert "denied" not in after.outcome


def test_every_refused_name_is_told_and_not_only_the_first(clerk: Any) -> None:
    found = why("GET", "/api/bookings/?fields=price,id,nothing&filters.price.gt=1", user=clerk)

    assert [(one.text, one.allowed, one.problem) for one in found.names] == [
        ("price", False, "no line grants it"),
        ("id", True, ""),
        ("nothing", False, "there is no such name on testapp.booking"),
        ("price.gt", False, "no line grants it"),
    ]


def test_a_mistake_in_a_value_is_no_matter_of_grants(clerk: Any) -> None:
    found = why("GET", "/api/bookings/?fields=id&filters.created_at.year.gte=x", user=clerk)
    (name,) = [one for one in found.names if not one.allowed]

    assert found.outcome.startswith("refused with 400")
    assert (name.text, name.grant) == ("created_at.year.gte", "")


def test_arguments_of_nested_lists_have_lines_as_well(clerk: Any) -> None:
    found = why(
        "QUERY",
        "/api/bookings/",
        '{"fields": "id", "related": {"lines": {"fields": "product", "filters": {"quantity.gt": 1},'
        ' "order_by": "note"}}}',
        user=clerk,
    )

    assert {one.text: one.by for one in found.names if one.allowed} == {
        "id": ("EXPOSE['booking']['clerks']['fields']: 'id'",),
        "lines: product": ("EXPOSE['line']['clerks']['fields']: '*'",),
        "lines: quantity.gt": ("EXPOSE['line']['clerks']['filters']: 'quantity.*'",),
    }
    assert grants(found) == {
        "lines: note": "EXPOSE['booking']['clerks']['order_by']: add 'lines.note'"
    }


def test_an_operation_that_is_not_granted_is_named(clerk: Any) -> None:
    found = why("DELETE", "/api/bookings/1", user=clerk)

    assert found.outcome.startswith("refused with 403")
    assert found.grant == "EXPOSE['booking']['clerks']['ops']: add 'delete'"


def test_without_a_role_a_grant_for_the_first_role_is_named(bookings: None) -> None:
    user = get_user_model().objects.create_user(username="nobody")
    found = why("GET", "/api/lines/?fields=note", user=user)

    assert found.role == ""
    assert found.grant == "EXPOSE['line']['authenticated']['ops']: add 'list'"
    assert grants(found) == {"note": "EXPOSE['line']['authenticated']['fields']: add 'note'"}
    assert found.role_steps[-1] == (
        "no role of the caller is listed in EXPOSE['line'], so nothing is granted"
    )


def test_each_step_to_the_role_is_told(clerk: Any) -> None:
    assert why("GET", "/api/bookings/", user=clerk).role_steps == (
        "superuser: the caller does not have it, not listed in EXPOSE['booking']",
        "staff: the caller does not have it, not listed in EXPOSE['booking']",
        "clerks: the caller has it, listed in EXPOSE['booking']: this is the role",
    )
    assert why("GET", "/api/bookings/").role_steps[-2:] == (
        "anon: the caller has it, listed in EXPOSE['booking']: this is the role",
        "the grant EXPOSE['booking']['anon'] is empty, which denies",
    )


def test_the_answer_of_a_resolver_is_told(bookings: None, configure: Any) -> None:
    configure(EXPOSE, ROLE_RESOLVER=lambda user, model: ("clerks", Q(status="x")))
    assert why("GET", "/api/bookings/1").role_steps == (
        "ROLE_RESOLVER returned ('clerks', <Q: (AND: ('status', 'x'))>)",
    )

    expose = {"booking": {"clerks": {**CLERK}}}
    del expose["booking"]["clerks"]["rows"]
    configure(expose, ROLE_RESOLVER=lambda user, model: ("clerks", Q(status="x")))
    assert why("GET", "/api/bookings/1").rules == ("ROLE_RESOLVER: (status='x')",)

    configure(EXPOSE, ROLE_RESOLVER=lambda user, model: 5)
    assert "which denies" in why("GET", "/api/bookings/1").role_steps[-1]


def test_the_steps_are_those_of_the_resolution() -> None:
    choose, roles = random.Random(1), ("superuser", "staff", "a", "b", "authenticated", "anon")
    user_model: Any = get_user_model()
    for _ in range(500):
        listed = choose.sample(roles, choose.randint(0, 6))
        entry = {role: Grant(role=role) for role in listed}
        user = user_model(
            username="x", is_superuser=choose.random() < 0.3, is_staff=choose.random() < 0.3
        )
        actor = Actor(choose.choice([user, None]))
        actor._groups = tuple(choose.sample(("a", "b"), choose.randint(0, 2)))
        if not actor.is_authenticated:
            actor._groups = ()
        last = role_steps(entry, actor)[-1]
        found = default_grant(entry, actor)

        assert found is (entry[last.role] if last.held and last.listed else None)


@pytest.fixture
def hidden(clerk: Any) -> Any:
    """A booking that the clerk does not see."""
    return Booking.objects.filter(urgent=False).values_list("pk", flat=True)[0]


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_the_rule_that_hides_a_row_is_named(clerk: Any, hidden: Any, method: str) -> None:
    found = why(method, f"/api/bookings/{hidden}", "{}" if method == "PATCH" else "", user=clerk)

    assert found.outcome == "refused with 404: Object not found (object.not_found)"
    assert found.row is not None
    assert found.row.lines == (
        "there is such a row",
        "EXPOSE['booking']['clerks']['rows'] hides it: {'urgent': True}",
    )


def test_each_rule_is_tried_alone(clerk: Any, hidden: Any, configure: Any) -> None:
    grant = {
        **CLERK,
        "rows": lambda user: Q(urgent=False),
        "edit": {"rows": {"pk.ne": hidden}},
    }
    entry = {"clerks": grant, "queryset": lambda user: Booking.objects.exclude(pk=hidden)}
    configure({"booking": entry})
    found = why("PATCH", f"/api/bookings/{hidden}", "{}", user=clerk)

    assert found.row is not None
    assert [line.partition(": ")[0] for line in found.row.lines] == [
        "there is such a row",
        "EXPOSE['booking']['queryset'] hides it",
        "EXPOSE['booking']['clerks']['rows'] lets it pass",
        "EXPOSE['booking']['clerks']['edit']['rows'] hides it",
    ]


def test_a_row_that_is_not_there_is_not_hidden(clerk: Any) -> None:
    found = why("GET", "/api/bookings/4711", user=clerk)

    assert found.row is not None
    assert found.row.lines == ("there is no row with this key",)
    assert found.outcome.startswith("refused with 404")


def test_a_rule_that_fails_is_told(clerk: Any, configure: Any) -> None:
    configure({"booking": {"clerks": {**CLERK, "rows": lambda user: 1 / 0}}})
    found = why("GET", "/api/bookings/1", user=clerk)

    assert found.outcome.startswith("refused with 403")
    assert found.rules == ("EXPOSE['booking']['clerks']['rows']: lambda user: 1 / 0",)


def test_a_role_has_no_user_for_rules_that_ask_for_one(bookings: None, configure: Any) -> None:
    configure({"booking": {"clerks": {**CLERK, "rows": {"customer.name": {"$user": "username"}}}}})
    found = why("GET", "/api/bookings/1", role="clerks")

    assert found.row is not None
    assert found.row.lines[-1].startswith("a role has no user")


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("/api/tags/", "EXPOSE has no entry for testapp.tag"),
        ("/api/bookngs/", "there is no model 'bookngs', did you mean 'bookings'?"),
    ],
    ids=["not-exposed", "unknown"],
)
def test_a_model_without_an_entry_is_told_from_one_that_is_not_there(
    clerk: Any, url: str, text: str
) -> None:
    url = "/api/tag/" if "tags" in url else url
    found = why("GET", url, user=clerk)

    assert found.outcome.startswith("refused with 404")
    assert text in found.outcome


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("POST", "/api/bookings/", '{"status": "x"}'),
        ("PATCH", "/api/bookings/1", '{"status": "x"}'),
        ("DELETE", "/api/bookings/1", ""),
        ("POST", "/api/bookings/", '[{"status": "x"}]'),
        ("POST", "/api/", '{"_model": "booking", "_action": "bulk_delete", "filters": {}}'),
        (
            "POST",
            "/api/",
            '{"_model": "booking", "_action": "bulk_edit", "filters": {}, "_set": {"status": "x"}}',
        ),
    ],
    ids=["add", "edit", "delete", "bulk-add", "bulk-delete", "bulk-edit"],
)
def test_nothing_is_written(
    bookings: None, configure: Any, method: str, url: str, body: str
) -> None:
    configure(
        {"booking": {"anon": {"fields": "*", "ops": ["*", "bulk_edit", "bulk_delete"]}}},
        RATE_LIMIT=1,
    )
    called: list[object] = []

    def remember(**words: object) -> None:
        called.append(words)

    signals = (before_add, before_edit, before_delete, query_executed)
    for signal in signals:
        signal.connect(remember)
    try:
        with CaptureQueriesContext(connection) as statements:
            outcomes = {why(method, url, body).outcome for _ in range(3)}
    finally:
        for signal in signals:
            signal.disconnect(remember)

    assert outcomes == {"allowed; values are checked when they are written"}
    assert called == []
    assert {one["sql"].split()[0] for one in statements} <= {
        "SELECT",
        "SAVEPOINT",
        "RELEASE",
        "SET",
    }


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("OPTIONS", "/api/bookings/", ""),
        ("GET", "/api/openapi.json", ""),
        ("GET", "/api/bookings/actions/", ""),
    ],
    ids=["options", "document", "actions"],
)
def test_what_is_about_no_rows_is_not_explained(
    clerk: Any, configure: Any, method: str, url: str, body: str
) -> None:
    configure(EXPOSE, OPENAPI=True)

    with pytest.raises(LookupError):
        why(method, url, body, user=clerk)


def test_each_operation_of_a_batch_is_explained(clerk: Any) -> None:
    operations = [
        {"_model": "booking", "_action": "list", "fields": "id, price"},
        {"_name": "one", "_model": "booking", "_action": "edit", "_id": 1, "status": "x"},
        {"_model": "booking", "_action": "edit", "_id": {"$ref": "one.id"}, "seats": 1},
        {"_model": "line", "_action": "list", "fields": "quantity"},
    ]
    body = json.dumps({"_batch": operations, "_atomic": False})
    found = why("POST", "/api/", body, user=clerk)

    assert found.outcome == "each operation is answered by itself"
    first, edit, referring, lines = found.parts
    assert (first.request, first.model, first.operation) == ("_batch[0]", "booking", "list")
    assert "refused with 403" in first.outcome
    assert grants(first) == {"price": "EXPOSE['booking']['clerks']['fields']: add 'price'"}
    assert edit.row is not None
    assert referring.outcome == "depends on the reply that it refers to"
    assert lines.outcome == "allowed"

    whole = why("POST", "/api/", json.dumps({"_batch": operations}), user=clerk)
    assert whole.outcome == "nothing of it is done, because of _batch[0]"
    printed = run("--user", "clara", "POST", "/api/", body)
    assert "\n_batch[0]: refused with 403" in printed
    assert "  - fields price: no line grants it" in printed


@pytest.mark.parametrize("operations", [[], [{"_model": "nothing"}], [{"_batch": []}], 3])
def test_a_batch_that_is_wrong_as_a_whole_is_refused_as_it_would_be(
    clerk: Any, operations: Any
) -> None:
    body = json.dumps({"_batch": operations})
    client = Client()
    client.force_login(clerk)
    reply = client.post("/api/", body, "application/json")

    assert reply.status_code >= 400
    assert why("POST", "/api/", body, user=clerk).outcome == (
        f"refused with {reply.status_code}: {reply.json()['error']} ({reply.json()['code']})"
    )


def test_a_malformed_request_is_refused_as_it_would_be(clerk: Any) -> None:
    assert why("QUERY", "/api/bookings/", "{", user=clerk).outcome.startswith("refused with 400")
    assert why("GET", "/api/bookings/?nothing=1", user=clerk).outcome.startswith("refused with 400")
    assert why("PATCH", "/api/bookings/", user=clerk).outcome.startswith("refused with 405")


@pytest.mark.parametrize("method", ["GET", "POST", "QUERY"])
def test_no_door_explains(clerk: Any, method: str) -> None:
    """A caller gets no line of the settings, whatever they ask for."""
    client = Client()
    client.force_login(clerk)
    asked: list[dict[str, Any]] = [{"why": True}, {"explain": "why"}, {"explain": True}]
    for words in (*asked, {"fields": "price"}):
        if method == "GET":
            reply = client.get("/api/bookings/", {**words})
        else:
            reply = client.generic(
                method,
                "/api/bookings/query" if method == "POST" else "/api/bookings/",
                str(words).replace("'", '"').replace("True", "true"),
                content_type="application/json",
            )

        assert reply.status_code in {400, 403}
        assert b"EXPOSE" not in reply.content
        assert b"no line" not in reply.content


def test_the_command_prints_it(clerk: Any) -> None:
    text = run("--user", "clara", "GET", "/api/bookings/?fields=price")

    assert text.splitlines()[:2] == [
        f"GET /api/bookings/?fields=price: refused with 403: {DENIED} (field.denied)",
        "list booking as clerks",
    ]
    assert "  - fields price: no line grants it" in text
    assert "      to allow it: EXPOSE['booking']['clerks']['fields']: add 'price'" in text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["GET", "/other/"], "No API is at '/other/'"),
        (["--user", "nobody", "GET", "/api/bookings/"], "There is no user 'nobody'"),
        (["--role", "clerk", "GET", "/api/bookings/"], "did you mean 'clerks'?"),
        (["--role", "clerks", "OPTIONS", "/api/bookings/"], "This URL is about no rows"),
    ],
    ids=["url", "user", "role", "options"],
)
def test_a_mistake_at_the_command_line_is_named(
    bookings: None, arguments: list[str], text: str
) -> None:
    with pytest.raises(CommandError) as raised:
        run(*arguments)
    assert text in str(raised.value)


def test_the_wire_form_of_directus_is_explained(clerk: Any, configure: Any) -> None:
    configure(EXPOSE, DIALECT="directus")
    found = why("GET", "/api/items/booking?fields=id,price", user=clerk)

    assert found.model == "booking"
    assert grants(found) == {"price": "EXPOSE['booking']['clerks']['fields']: add 'price'"}
