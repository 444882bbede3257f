"""Which role a caller has: the default order, and every form of ``ROLE_RESOLVER``."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db.models import Q

from tests.doors.fronts import EVERYTHING, Door

pytestmark = pytest.mark.usefixtures("bookings")

#: What each kind of user is read by.
QUERY = {"fields": "*", "limit": 1}


def roles(*names: str, empty: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return an EXPOSE whose roles are told apart by the one field that each reads."""
    fields = {
        "superuser": "price",
        "staff": "seats",
        "manager": "rating",
        "agent": "day",
        "authenticated": "status",
        "anon": "id",
    }
    given = {key: value for key, value in EVERYTHING.items() if key != "rows"}
    written = {name: {**given, "fields": [fields[name]]} for name in names}
    return {"booking": {**written, **{name: {} for name in empty}}}


def make_user(kind: str) -> Any:
    if kind == "anonymous":
        return None
    groups = {"manager": ["Manager"], "both": ["agent", "MANAGER"]}.get(kind, [])
    user = User.objects.create_user(
        kind, is_superuser=kind == "superuser", is_staff=kind in {"superuser", "staff"}
    )
    user.groups.set([Group.objects.create(name=name) for name in groups])
    return user


EVERY_ROLE = ("superuser", "staff", "manager", "agent", "authenticated", "anon")


@pytest.mark.parametrize(
    ("kind", "exposed", "seen", "statements"),
    [
        pytest.param("superuser", EVERY_ROLE, "price", 1, id="superuser"),
        pytest.param("superuser", ("staff", "anon"), "seats", 1, id="superuser-is-staff"),
        pytest.param("staff", EVERY_ROLE, "seats", 1, id="staff"),
        pytest.param("staff", ("authenticated", "anon"), "status", 1, id="staff-is-authenticated"),
        pytest.param("manager", EVERY_ROLE, "rating", 2, id="group"),
        pytest.param("both", EVERY_ROLE, "rating", 2, id="first-group-of-the-entry"),
        pytest.param(
            "both", ("agent", "manager", "anon"), "day", 2, id="first-group-of-the-entry-turned"
        ),
        pytest.param("plain", EVERY_ROLE, "status", 2, id="authenticated"),
        pytest.param("plain", ("superuser", "staff", "anon"), "id", 1, id="authenticated-is-anon"),
        pytest.param("anonymous", EVERY_ROLE, "id", 1, id="anon"),
    ],
)
def test_first_role_that_the_entry_names_is_the_callers(
    role_door: Door, kind: str, exposed: tuple[str, ...], seen: str, statements: int
) -> None:
    reply = role_door.list(
        QUERY, expose=roles(*exposed), user=make_user(kind), statements=statements
    )

    assert [seen] == list(reply.first)


@pytest.mark.parametrize(
    ("kind", "exposed"),
    [
        pytest.param("anonymous", roles("superuser", "staff", "authenticated"), id="anonymous"),
        pytest.param("plain", roles("superuser", "staff"), id="plain"),
        pytest.param("staff", roles("authenticated", empty=("staff",)), id="empty-ends-the-search"),
        pytest.param("manager", roles("authenticated", empty=("manager",)), id="empty-group"),
        pytest.param("plain", roles("anon", empty=("authenticated",)), id="empty-authenticated"),
        pytest.param("superuser", roles("anon", empty=("superuser",)), id="empty-superuser"),
    ],
)
def test_caller_without_role_is_denied(role_door: Door, kind: str, exposed: Any) -> None:
    reply = role_door.list(QUERY, expose=exposed, user=make_user(kind), statements=2)

    # Somebody who is not signed in may have a role after that.
    expected = (401, "auth.required") if kind == "anonymous" else (403, "operation.denied")
    assert expected == (reply.status, reply.body["code"])


RESOLVED = roles("manager", "agent", "authenticated", "anon")
TWO = Q(pk__in=[1, 2])


@pytest.mark.parametrize(
    ("answer", "seen", "count"),
    [
        pytest.param("manager", "rating", 6, id="name"),
        pytest.param(("manager", TWO), "rating", 2, id="name-and-rows"),
        pytest.param(["nobody", "agent", "manager"], "day", 6, id="list"),
        pytest.param((["agent"], TWO), "day", 2, id="list-and-rows"),
        pytest.param(None, "status", 6, id="none-is-the-default"),
    ],
)
def test_resolver_decides(role_door: Door, answer: Any, seen: str, count: int) -> None:
    user = User.objects.create_user("ann")
    statements = 2 if answer is None else 1
    reply = role_door.list(
        {"fields": "*"},
        expose=RESOLVED,
        user=user,
        statements=statements,
        ROLE_RESOLVER=lambda user, model_name: answer,
    )

    assert ([seen], count) == (list(reply.results[0]), len(reply.results))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("nobody", id="name-without-fall-back"),
        pytest.param(["nobody", "either"], id="list-of-nobody"),
        pytest.param([], id="empty-list"),
        pytest.param("", id="empty-name"),
        pytest.param(("manager", None), id="rows-that-are-none"),
        pytest.param(("manager", "x"), id="rows-that-are-no-q"),
        pytest.param(("manager",), id="short-tuple"),
        pytest.param(5, id="number"),
        pytest.param({"role": "manager"}, id="object"),
        pytest.param(True, id="boolean"),
        pytest.param(RuntimeError("broken"), id="raises"),
    ],
)
def test_resolver_that_gives_no_role_denies(role_door: Door, answer: Any) -> None:
    def resolver(_user: Any, _model_name: str) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    reply = role_door.list(
        QUERY, expose=RESOLVED, user=User.objects.create_user("ann"), ROLE_RESOLVER=resolver
    )

    assert (403, "operation.denied") == (reply.status, reply.body["code"])


def test_empty_rows_of_the_resolver_are_no_rows(role_door: Door) -> None:
    reply = role_door.list(
        QUERY,
        expose=RESOLVED,
        user=User.objects.create_user("ann"),
        ROLE_RESOLVER=lambda user, model_name: ("manager", Q()),
    )

    assert (200, []) == (reply.status, reply.results)


def test_resolver_is_asked_about_anonymous_callers_too(role_door: Door) -> None:
    asked: list[Any] = []

    def resolver(user: Any, model_name: str) -> str:
        asked.append((type(user), model_name))
        return "agent"

    reply = role_door.list(QUERY, expose=RESOLVED, ROLE_RESOLVER=resolver)

    assert (["day"], (AnonymousUser, "booking")) == (list(reply.first), asked[0])


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param({"rows": Q(pk=3)}, [3], id="rows-of-the-grant-win"),
        pytest.param({"rows": "*"}, [1, 2, 3, 4, 5, 6], id="also-when-they-are-all"),
        pytest.param({"rows": None}, [], id="also-when-they-are-none"),
        pytest.param({}, [1, 2], id="else-those-of-the-resolver"),
    ],
)
def test_rows_of_the_grant_override_the_resolver(role_door: Door, rows, expected) -> None:
    given = {key: value for key, value in EVERYTHING.items() if key != "rows"}
    reply = role_door.list(
        {"fields": "id"},
        expose={"booking": {"manager": {**given, **rows}}},
        ROLE_RESOLVER=lambda user, model_name: ("manager", TWO),
    )

    assert expected == reply.ids


def by_path(_user: Any, _model_name: str) -> str:
    return "agent"


def test_resolver_may_be_a_dotted_path(role_door: Door) -> None:
    reply = role_door.list(QUERY, expose=RESOLVED, ROLE_RESOLVER=f"{__name__}.by_path")

    assert ["day"] == list(reply.first)


def test_resolver_that_cannot_be_imported_denies(role_door: Door) -> None:
    reply = role_door.list(QUERY, expose=RESOLVED, ROLE_RESOLVER="nowhere.resolver")

    assert 401 == reply.status


def test_inactive_user_is_nobody(role_door: Door) -> None:
    user = User.objects.create_user("ann", is_active=False, is_superuser=True)
    reply = role_door.list(QUERY, expose=roles("superuser", "authenticated", "anon"), user=user)

    assert ["id"] == list(reply.first)


@pytest.mark.parametrize("synonym", ["list", "query"])
def test_operations_have_synonyms(door: Door, synonym: str) -> None:
    expose = {"booking": {"anon": {**EVERYTHING, "ops": [synonym]}}}

    assert 200 == door.list(QUERY, expose=expose).status
    # What a decorated function does not serve, nobody gets by signing in.
    assert door.get(1, expose=expose).status in {401, 403}


def test_code_without_user_is_anonymous(configure) -> None:
    from django_flex import FlexQuery

    configure(roles("superuser", "authenticated"))

    assert 401 == FlexQuery("booking").execute({}).status_code


@pytest.mark.sql
def test_code_may_say_that_it_bypasses_permissions(configure, django_assert_num_queries) -> None:
    from django_flex import FlexQuery
    from tests.testapp.models import Customer

    configure({}, REQUIRE_AUTHENTICATION=True)
    with django_assert_num_queries(1):
        result = (
            FlexQuery(Customer)
            .unrestricted()
            .execute({"_id": 1, "fields": "api_token, company.name"})
        )

    assert {"api_token": "s3cret", "company": {"name": "Acme Corp"}} == result.to_dict()
