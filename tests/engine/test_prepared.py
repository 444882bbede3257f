"""What is kept of a read is what everybody with the same grant may have, and nothing of anybody.

Each attack asks the same text as often as it takes to be kept and to be used, from both sides.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection
from django.db.models import Q, lookups
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext, register_lookup

from django_flex import FlexQuery
from django_flex.conf import configuration, get_settings
from django_flex.middleware import FlexQueryMiddleware
from tests.testapp.models import Booking, Tag

pytestmark = pytest.mark.django_db

FACTORY = RequestFactory()
#: Until a payload is kept, its template is made, and both are used.
TIMES = 6
EVERYTHING: dict[str, Any] = {
    "rows": "*",
    "fields": ["*"],
    "filters": ["*"],
    "order_by": ["*"],
    "ops": ["get", "list"],
}
QUERY = {"fields": "id,status", "filters.seats.gte": "0", "order_by": "-id"}


@pytest.fixture(autouse=True)
def _rows(bookings: None) -> None:
    """Every test has the six bookings."""


@pytest.fixture
def expose(settings: Any) -> Callable[..., None]:
    def write(booking: dict[str, Any], **others: Any) -> None:
        exposed = {"booking": booking, **others.pop("models", {})}
        settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": exposed, **others}

    return write


def user(name: str, **flags: Any) -> User:
    return User.objects.create_user(name, **flags)


def ask(
    caller: Any = None,
    query: dict[str, Any] | None = None,
    path: str = "/api/booking/",
    **headers: Any,
) -> tuple[int, Any]:
    """Send a request; return the status and the reply."""
    request = FACTORY.get(f"{path}?{urlencode(QUERY if query is None else query)}", **headers)
    request.user = caller or AnonymousUser()
    response: Any = FlexQueryMiddleware(lambda _request: None)(request)  # type: ignore[arg-type,return-value]  # no other view is asked
    return response.status_code, json.loads(response.content)


def keys(reply: tuple[int, Any]) -> list[int]:
    status, body = reply
    assert status == 200, body
    return [int(key) for key in body["results"]]


def kept() -> int:
    return len(get_settings().prepared)


def test_two_users_of_one_role_get_their_own_rows(expose):
    anna, boris = user("anna"), user("boris")
    Booking.objects.filter(pk__lte=3).update(created_by=anna)
    Booking.objects.filter(pk__gt=3).update(created_by=boris)
    expected = {
        one.pk: [*one.bookings.order_by("-pk").values_list("pk", flat=True)]
        for one in (anna, boris)
    }
    rules = {
        "call": lambda caller, _request: Q(created_by=caller),
        "data": {"created_by": {"$user": "id"}},
    }
    for rows in rules.values():
        expose({"authenticated": {**EVERYTHING, "rows": rows}})
        for _ in range(TIMES):
            for one in (anna, boris):
                found = keys(ask(one, {"fields": "id", "order_by": "-id"}))
                assert found == expected[one.pk]
        assert kept() == 1


def test_a_get_by_key_finds_no_row_of_another_user(expose):
    anna, boris = user("anna"), user("boris")
    Booking.objects.filter(pk=1).update(created_by=anna)
    expose({"authenticated": {**EVERYTHING, "rows": {"created_by": {"$user": "id"}}}})
    for _ in range(TIMES):
        assert ask(anna, {"fields": "id"}, "/api/booking/1")[0] == 200
        assert ask(boris, {"fields": "id"}, "/api/booking/1")[0] == 404


@pytest.mark.parametrize(
    "lacking",
    [{"fields": ["id"]}, {"filters": []}, {"order_by": []}, {"ops": ["get"]}],
    ids=["fields", "filters", "order", "operation"],
)
def test_what_one_role_may_ask_is_refused_to_another(expose, lacking):
    staff, other = user("staff", is_staff=True), user("other")
    expose({"staff": EVERYTHING, "authenticated": {**EVERYTHING, **lacking}})
    refused = ask(other)
    assert refused[0] == 403
    for _ in range(TIMES):
        assert ask(staff)[0] == 200
        assert ask(other) == refused
    assert kept() == 1  # of the one who may


def test_two_versions_share_nothing(expose):
    narrow = {"booking": {"anon": {**EVERYTHING, "rows": {"id.lt": 3}}}}
    closed = {"booking": {"anon": {**EVERYTHING, "filters": []}}}
    versions = {
        "narrow": {"path": "/narrow/", "EXPOSE": narrow},
        "closed": {"path": "/closed/", "EXPOSE": closed},
    }
    expose({"anon": EVERYTHING}, VERSIONS=versions)
    whole = keys(ask())
    for _ in range(TIMES):
        assert keys(ask()) == whole
        assert keys(ask(path="/narrow/booking/")) == [key for key in whole if key < 3]
        assert ask(path="/closed/booking/")[0] == 403


def test_two_hosts_get_the_rows_of_their_tenants(expose):
    tenants = {"a.example.com": [1, 2], "b.example.com": [3, 4]}
    expose(
        {
            "anon": {
                **EVERYTHING,
                "rows": lambda _user, request: Q(pk__in=tenants[request.get_host()]),
            }
        }
    )
    for _ in range(TIMES):
        for host, rows in tenants.items():
            found = keys(ask(query={"fields": "id", "order_by": "id"}, HTTP_HOST=host))
            assert found == rows


def test_a_changed_setting_holds_at_once(expose):
    expose({"anon": EVERYTHING})
    for _ in range(TIMES):
        assert ask()[0] == 200
    expose({"anon": {**EVERYTHING, "filters": []}})
    assert ask()[0] == 403
    expose({"anon": {**EVERYTHING, "rows": {"id": 2}}})
    assert keys(ask()) == [2]
    expose({"anon": EVERYTHING}, MAX_LIMIT=1)
    assert len(keys(ask())) == 1
    expose({"anon": EVERYTHING}, MAX_COST=1)
    assert ask()[0] == 400


def test_a_policy_that_is_loaded_again_shares_nothing_with_the_one_before(expose):
    rows = {"now": Q(pk=1)}
    expose({"anon": {**EVERYTHING, "rows": lambda *_: rows["now"]}})
    for _ in range(TIMES):
        assert keys(ask(query={"fields": "id"})) == [1]
    former = get_settings()
    configuration.cache_clear()
    rows["now"] = Q(pk=2)

    assert keys(ask(query={"fields": "id"})) == [2]
    assert get_settings().prepared is not former.prepared
    assert get_settings().prepared.owner is get_settings().policy


def test_a_role_that_is_lost_between_two_requests_is_lost(expose):
    expose({"staff": EVERYTHING, "authenticated": {**EVERYTHING, "fields": ["id"]}})
    caller = user("anna", is_staff=True)
    for _ in range(TIMES):
        assert ask(caller)[0] == 200
    caller.is_staff = False
    assert ask(caller)[0] == 403
    caller.is_active = False
    assert ask(caller)[0] == 401


def test_a_resolver_is_asked_each_time(expose):
    answer: dict[str, Any] = {"role": "wide"}
    narrow = {**EVERYTHING, "fields": ["id"]}
    without_rows = {key: value for key, value in EVERYTHING.items() if key != "rows"}
    expose(
        {"wide": without_rows, "narrow": narrow},
        ROLE_RESOLVER=lambda *_: answer["role"],
    )
    for _ in range(TIMES):
        assert len(keys(ask())) > 1
    answer["role"] = ("wide", Q(pk=1))
    assert keys(ask()) == [1]
    answer["role"] = "narrow"
    assert ask()[0] == 403
    answer["role"] = "nobody"
    assert ask()[0] in {401, 403}


def test_a_queryset_with_state_is_asked_each_time(expose):
    state = {"least": 0}
    expose(
        {"anon": EVERYTHING, "queryset": lambda *_: Booking.objects.filter(pk__gt=state["least"])}
    )
    query = {"fields": "id", "order_by": "id"}
    for _ in range(TIMES):
        assert keys(ask(query=query)) == [1, 2, 3, 4, 5, 6]
    state["least"] = 4
    assert keys(ask(query=query)) == [5, 6]


def test_related_rows_are_authorized_for_each_caller(expose):
    """Both have one grant on bookings, and another one on customers."""
    customer = {
        "staff": {**EVERYTHING, "rows": "*"},
        "authenticated": {**EVERYTHING, "rows": {"id": 1}, "fields": ["id", "name"]},
    }
    booking = {"anon": {**EVERYTHING, "fields": ["*", "customer.name"]}}
    expose(booking, models={"customer": customer})
    query = {"fields": "id,customer.name", "order_by": "id"}
    names: dict[str, Any] = {}
    for _ in range(TIMES):
        for flags in ({"is_staff": True}, {"is_staff": False}):
            _, body = ask(User(pk=7, username="x", **flags), query)
            shown = [
                row["customer"] and row["customer"]["name"] for row in body["results"].values()
            ]
            assert names.setdefault(str(flags), shown) == shown
    staff, other = names.values()
    assert None not in staff
    assert None in other
    assert other != staff


@pytest.mark.parametrize(
    "query",
    [
        {"order_by": "customer.name,id"},
        {"filters.customer.name.isnull": "false"},
        {"filters.customer.name": "Aisha Khan"},
        {"filters.lines.quantity.gte": "1"},
        {"q": json.dumps({"filters": {"lines.some": {"id.gte": 1}}})},
        {"q": json.dumps({"filters": {"not": {"lines.some": {"id.gte": 1}}}})},
    ],
    ids=str,
)
def test_related_rows_that_one_caller_may_not_see_decide_for_the_other_alone(expose, query):
    others = {
        name: {"staff": EVERYTHING, "authenticated": {**EVERYTHING, "rows": {"id.gt": 2}}}
        for name in ("customer", "line")
    }
    paths = ["*", "customer.name", "lines.quantity", "lines.id"]
    booking = {"anon": {**EVERYTHING, "filters": paths, "order_by": paths}}
    expose(booking, models=others)
    callers = [User(pk=7, username="x", is_staff=is_staff) for is_staff in (True, False)]
    # With this the grant is known to decide about `id`, of bookings.
    assert ask(callers[0], {"filters.id.gte": "1", "order_by": "id"})[0] == 200
    alone = []
    for caller in callers:
        get_settings().prepared.clear()
        alone.append(keys(ask(caller, {"fields": "id", **query})))
    assert alone[0] != alone[1]
    for _ in range(TIMES):
        assert [keys(ask(caller, {"fields": "id", **query})) for caller in callers] == alone


def test_a_lookup_of_the_project_is_asked_each_time(expose):
    allowed = {"confirmed"}

    class Moody(lookups.IExact[Any]):
        lookup_name = "iexact"

        def get_prep_lookup(self) -> Any:
            if self.rhs not in allowed:
                raise ValueError
            return super().get_prep_lookup()

    field: Any = Booking._meta.get_field("status")
    expose({"anon": EVERYTHING})
    with register_lookup(field, Moody):
        query = {"fields": "id", "filters.status.iexact": "confirmed"}
        for _ in range(TIMES):
            assert ask(query=query)[0] == 200
        allowed.clear()
        assert ask(query=query)[0] == 400


def test_a_lookup_that_is_registered_later_is_asked(expose):
    class Refusing(lookups.IExact[Any]):
        lookup_name = "iexact"

        def get_prep_lookup(self) -> Any:
            raise ValueError

    field: Any = Booking._meta.get_field("status")
    expose({"anon": EVERYTHING})
    query = {"fields": "id", "filters.status.iexact": "confirmed"}
    for _ in range(TIMES):
        assert ask(query=query)[0] == 200
    with register_lookup(field, Refusing):
        assert ask(query=query)[0] == 400


def test_a_lookup_of_a_key_is_asked_each_time(expose):
    allowed = {"new"}

    class Moody(lookups.Exact[Any]):
        def get_prep_lookup(self) -> Any:
            if self.rhs not in allowed:
                raise ValueError
            return super().get_prep_lookup()

    Tag.objects.get_or_create(slug="new")
    field: Any = Tag._meta.get_field("slug")
    expose({"anon": EVERYTHING}, models={"tag": {"anon": EVERYTHING}})
    with register_lookup(field, Moody):
        for _ in range(TIMES):
            assert ask(query={"fields": "slug"}, path="/api/tag/new")[0] == 200
        allowed.clear()
        assert ask(query={"fields": "slug"}, path="/api/tag/new")[0] == 404


def test_a_default_order_that_is_hidden_from_one_caller_sorts_for_the_other(expose):
    customer = {"staff": EVERYTHING, "authenticated": {**EVERYTHING, "fields": ["id"]}}
    booking = {
        "anon": {**EVERYTHING, "fields": ["*", "*.*"]},
        "default_order_by": "-customer.name",
    }
    expose(booking, models={"customer": customer})
    found: dict[bool, list[int]] = {}
    for _ in range(TIMES):
        for is_staff in (True, False):
            rows = keys(ask(User(pk=7, username="x", is_staff=is_staff), {"fields": "id"}))
            assert found.setdefault(is_staff, rows) == rows
    assert found[True] != found[False]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_a_time_of_day_means_that_of_the_zone_of_each_request(expose, zone):
    expose({"anon": EVERYTHING})
    query = {"fields": "id", "filters.created_at.gte": "2025-01-15T09:00:00", "order_by": "id"}
    alone = {one: keys(ask(query=query, HTTP_PREFER=f"timezone={one}")) for one in (zone, "UTC")}
    get_settings().prepared.clear()
    for _ in range(TIMES):
        for one, expected in alone.items():
            assert keys(ask(query=query, HTTP_PREFER=f"timezone={one}")) == expected


def test_an_error_is_in_the_language_of_each_request(expose):
    expose({"anon": {**EVERYTHING, "rows": {"id": 1}}}, ACCEPT_LANGUAGE=True)
    for _ in range(TIMES):
        texts = set()
        for language in ("de", "fr", "en"):
            assert ask(query={"fields": "id"}, path="/api/booking/1")[0] == 200
            status, body = ask(
                query={"fields": "id"}, path="/api/booking/2", HTTP_ACCEPT_LANGUAGE=language
            )
            assert status == 404
            texts.add(body["error"])
        assert len(texts) == 3


class Robot:
    """A caller of a project's own, that no model stores."""

    is_authenticated = is_active = True

    def __init__(self, pk: int) -> None:
        self.pk = self.id = pk


def test_callers_of_another_class_get_their_own_rows(expose):
    expose({"authenticated": {**EVERYTHING, "rows": lambda caller, _request: Q(pk=caller.pk)}})
    for _ in range(TIMES):
        for pk in (1, 2, 3):
            assert keys(ask(Robot(pk), {"fields": "id", "order_by": "id"})) == [pk]


def test_the_caps_of_a_role_hold_for_its_callers_only(expose):
    capped = {**EVERYTHING, "limits": {"max_limit": 2}}
    expose({"staff": EVERYTHING, "authenticated": capped})
    staff, other = user("staff", is_staff=True), user("other")
    for _ in range(TIMES):
        assert len(keys(ask(staff, {"fields": "id"}))) == 6
        assert len(keys(ask(other, {"fields": "id"}))) == 2


def test_a_kept_read_counts_against_the_rate(expose, unused_caches):
    expose({"anon": EVERYTHING}, RATE_LIMIT=f"{TIMES}/d")
    for _ in range(TIMES):
        assert ask()[0] == 200
    assert ask()[0] == 429


def test_a_payload_that_is_changed_afterwards_changes_nothing(expose):
    expose({"anon": EVERYTHING})
    payload: dict[str, Any] = {"fields": "id", "filters": {"id.in": [1, 2]}}
    for _ in range(TIMES):
        assert len(FlexQuery("booking").execute(payload).to_dict()["results"]) == 2
    payload["filters"]["id.in"].append(3)
    assert len(FlexQuery("booking").execute(payload).to_dict()["results"]) == 3
    payload["filters"] = {"id": 1}
    assert len(FlexQuery("booking").execute(payload).to_dict()["results"]) == 1


def test_an_object_in_a_payload_is_not_kept(expose):
    expose({"anon": {**EVERYTHING, "filters": ["*", "customer.metadata.*"]}})

    def query(theme: str) -> dict[str, Any]:
        settings = {"$value": {"theme": theme, "lang": "en"}}
        return {"fields": "id", "filters": {"customer.metadata.settings": settings}}

    first = query("dark")
    expected = FlexQuery("booking").execute(first).to_dict()
    assert expected["results"]
    first["filters"]["customer.metadata.settings"]["$value"]["theme"] = "light"
    for _ in range(TIMES):
        assert FlexQuery("booking").execute(query("dark")).to_dict() == expected


def test_values_of_the_caller_and_of_the_clock_are_read_each_time(expose):
    anna, boris = user("anna"), user("boris")
    Booking.objects.filter(pk=1).update(created_by=anna)
    Booking.objects.filter(pk=2).update(created_by=boris)
    expose({"authenticated": EVERYTHING})
    query = {"fields": "id", "filters.created_by.$user": "id"}
    for _ in range(TIMES):
        assert [keys(ask(one, query)) for one in (anna, boris)] == [[1], [2]]


def test_a_refused_request_keeps_nothing(expose):
    expose({"anon": {**EVERYTHING, "filters": []}})
    for _ in range(TIMES):
        assert ask()[0] == 403
        assert ask(query={"fields": "nothing"})[0] == 403
        assert ask(query={"limit": "many"})[0] == 400
    assert kept() == 0


def test_nothing_of_a_caller_is_kept(expose):
    anna = user("anna")
    expose({"authenticated": {**EVERYTHING, "rows": {"created_by": {"$user": "id"}}}})
    for _ in range(TIMES):
        ask(anna, {"fields": "id", "filters.status": "confirmed"})
    [read] = [one for one, _ in get_settings().prepared._kept.values()]
    assert read.template is not None
    assert read.planned is None  # it would have the rows of a caller
    assert not hasattr(read.template, "rows")


def test_no_related_rows_of_a_caller_are_kept(expose):
    customer = {"anon": {**EVERYTHING, "rows": {"id": 1}}}
    expose(
        {"anon": {**EVERYTHING, "fields": ["*", "customer.name"]}}, models={"customer": customer}
    )
    for fields, is_kept in (("id", True), ("id,customer.name", False)):
        get_settings().prepared.clear()
        for _ in range(TIMES + 1):
            ask(query={"fields": fields})
        [read] = [one for one, _ in get_settings().prepared._kept.values()]
        assert read.template is not None
        assert (read.planned is not None) is is_kept


def test_no_statements_are_saved_or_added(expose):
    expose({"anon": EVERYTHING})
    counts = set()
    for _ in range(TIMES):
        with CaptureQueriesContext(connection) as captured:
            ask()
        counts.add(len([one for one in captured if "testapp_booking" in one["sql"]]))
    assert counts == {1}
