"""Two different callers never share anything, whatever their keys look like."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from itertools import combinations
from types import SimpleNamespace
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.test.utils import isolate_apps
from django.urls import path
from django.utils.functional import SimpleLazyObject

from django_flex import FlexQuery, FlexQueryView
from django_flex.access.actor import Actor
from django_flex.access.identity import ANONYMOUS, Identity, identify
from django_flex.conf import get_settings
from django_flex.exceptions import UnsupportedQueryError
from django_flex.idempotency import attempt_for
from django_flex.throttling import caller
from tests.doors.fronts import Urls
from tests.testapp.models import Errand, Partner, SmallPartner, Tag

User: Any = get_user_model()


class Machine:
    """A kind of user that is no row."""

    is_authenticated: ClassVar[bool] = True

    def __init__(self, pk: Any = None) -> None:
        if pk is not None:
            self.pk = pk


class Token(Machine):
    """What a token says of a row of the user model."""

    user_model = User

    @property
    def id(self) -> Any:
        return self.pk


class Robot(Machine):
    """Another kind of user that is no row."""


DIFFERENT: dict[str, Any] = {
    "user-1": User(pk=1, username="x"),
    "user-11": User(pk=11, username="x"),
    "partner-1": Partner(pk=1, name="x"),
    "machine-1": Machine(1),
    "machine-text-1": Machine("1"),
    "machine-bool": Machine(True),
    "machine-uuid": Machine(UUID(int=1)),
    "machine-uuid-text": Machine(str(UUID(int=1))),
    "machine-named-as-a-model": Machine("auth.user"),
    "machine-separators": Machine("1', 'x"),
    "machine-none": Machine("None"),
    "machine-empty": Machine(""),
    "robot-1": Robot(1),
}
SAME: dict[str, tuple[Any, Any]] = {
    "lazy": (DIFFERENT["user-1"], SimpleLazyObject(lambda: User(pk=1))),
    "proxy": (DIFFERENT["partner-1"], SmallPartner(pk=1)),
    "key-as-text": (DIFFERENT["user-1"], User(pk="1")),
    "token": (DIFFERENT["user-1"], Token("1")),
}
#: Who is nobody in particular: none of them may have anything that belongs to one caller.
UNKNOWN: dict[str, Any] = {
    "unsaved-user": User(username="x"),
    "unsaved-partner": Partner(name="x"),
    "machine-without-a-key": Machine(),
}
GRANT = {"fields": "*", "ops": ["get", "list", "add"], "write_fields": ["slug", "date"]}
TAGS = {"tag": {"authenticated": GRANT, "anon": GRANT}}


def scope(user: Any, version: str | None = None, **meta: Any) -> str:
    """Return whose an ``Idempotency-Key`` is."""
    request = SimpleNamespace(META=meta) if meta else None
    attempt = attempt_for(
        "key",
        settings=get_settings(version),
        actor=Actor(user, request),
        operation="add",
        resource="testapp.tag",
        payload={},
    )
    return attempt.scope


def test_different_callers_differ_everywhere(configure: Any) -> None:
    configure(TAGS, VERSIONS={"v1": {"path": "/api/v1/"}, "None": {"path": "/api/None/"}})
    callers = [*DIFFERENT.values(), None]
    identities = [Actor(user).identity for user in callers]
    counted = [caller(Actor(user), 0) for user in callers]
    scopes = [scope(user, version) for user in callers for version in (None, "None", "v1")]

    for found in (identities, counted, scopes):
        assert [] == [pair for pair in combinations(found, 2) if pair[0] == pair[1]]


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_one_caller_is_the_same_everywhere(configure: Any, one: Any, other: Any) -> None:
    configure(TAGS)

    assert identify(one) == identify(other)
    assert caller(Actor(one), 0) == caller(Actor(other), 0)
    assert scope(one) == scope(other)


def test_absent_and_inactive_users_are_anonymous() -> None:
    switched_off = Actor(User(pk=1, is_active=False))

    assert [ANONYMOUS] * 3 == [
        identify(AnonymousUser()),
        identify(SimpleLazyObject(AnonymousUser)),
        switched_off.identity,
    ]


@pytest.mark.parametrize("user", UNKNOWN.values(), ids=UNKNOWN)
def test_a_user_without_a_key_has_nothing_that_belongs_to_one_caller(
    configure: Any, db: None, user: Any
) -> None:
    configure(TAGS)
    page = FlexQuery("tag").execute({"fields": "slug", "cursor": True, "limit": 1}, user=user)

    assert (400, "query.unsupported", "cursor") == (
        page.status_code,
        page.error and page.error.code,
        page.error and page.error.path,
    )
    with pytest.raises(UnsupportedQueryError):
        scope(user)
    assert 200 == FlexQuery("tag").execute({"fields": "slug"}, user=user).status_code


ADDRESSES = {
    "port-of-a-proxy": ({"REMOTE_ADDR": "10.0.0.1:5000"}, {"REMOTE_ADDR": "10.0.0.1:6000"}),
    "wrapped": ({"REMOTE_ADDR": "10.0.0.1"}, {"REMOTE_ADDR": "::ffff:10.0.0.1"}),
}


@pytest.mark.parametrize(("one", "other"), ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_is_the_same_however_it_is_written(
    configure: Any, one: Mapping[str, Any], other: Mapping[str, Any]
) -> None:
    configure(TAGS)

    assert scope(None, **one) == scope(None, **other)


def test_addresses_code_and_users_differ(configure: Any) -> None:
    configure(TAGS)
    scopes = [
        scope(None),
        scope(None, REMOTE_ADDR="10.0.0.1"),
        scope(None, REMOTE_ADDR="10.0.0.2"),
        scope(None, REMOTE_ADDR="2001:db8::1"),
        scope(None, REMOTE_ADDR="2001:db8::2"),
        scope(Machine("10.0.0.1"), REMOTE_ADDR="10.0.0.1"),
    ]

    assert len(scopes) == len(set(scopes))


@pytest.mark.parametrize("address", ["", "unix:", "unknown"])
def test_strangers_without_an_address_share_no_replies(configure: Any, address: str) -> None:
    configure(TAGS)

    with pytest.raises(UnsupportedQueryError):
        scope(None, REMOTE_ADDR=address)


def test_cursors_are_of_one_caller(configure: Any, db: None) -> None:
    configure(TAGS)
    Tag.objects.bulk_create([Tag(slug=slug) for slug in "abc"])
    users = [*DIFFERENT.values(), AnonymousUser()]
    query = {"fields": "slug", "limit": 1}

    def ask(cursor: Any, user: Any) -> Any:
        return FlexQuery("tag").execute({**query, "cursor": cursor}, user=user)

    cursors = [ask(True, user).to_dict()["pagination"]["next"]["cursor"] for user in users]
    good = [[ask(cursor, user).status_code for cursor in cursors] for user in users]

    assert [[200 if a is b else 400 for b in users] for a in users] == good
    assert 200 == ask(cursors[0], SimpleLazyObject(lambda: User(pk=1))).status_code


class Header:
    """An authenticator for two kinds of user, whose keys are the same."""

    def authenticate(self, request: Any) -> Any:
        kind, _, key = request.headers.get("Authorization", "").partition(" ")
        kinds: dict[str, Any] = {"user": User, "partner": Partner, "machine": Machine}
        return kinds[kind](pk=int(key)) if kind in kinds else None

    def authenticate_header(self, request: Any) -> str:
        return "user"


@pytest.fixture
def send(configure: Any, db: None) -> Any:
    """Return a function that sends a request as a user."""
    client = Client()

    def ask(user: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {"Authorization": user, **headers}
        if body is None:
            return client.get(path, headers=sent)
        return client.post(path, body, content_type="application/json", headers=sent)

    return ask


def test_replies_are_of_one_kind_of_user(configure: Any, send: Any) -> None:
    configure(TAGS, AUTHENTICATION=[Header])
    key = {"Idempotency-Key": uuid4().hex}
    first = send("user 1", "/api/tag/", {"slug": "a", "date": "user"}, **key)
    other = send("partner 1", "/api/tag/", {"slug": "b", "date": "partner"}, **key)
    again = send("user 1", "/api/tag/", {"slug": "a", "date": "user"}, **key)

    assert [(201, "user"), (201, "partner"), (201, "user")] == [
        (reply.status_code, reply.json()["date"]) for reply in (first, other, again)
    ]
    assert [False, False, True] == [
        "Idempotency-Replayed" in reply.headers for reply in (first, other, again)
    ]


def test_requests_are_counted_for_one_kind_of_user(
    configure: Any, send: Any, settings: Any
) -> None:
    backend = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": uuid4().hex}}
    configure(TAGS, AUTHENTICATION=[Header], RATE_LIMIT="1/366d")
    users = ["user 1", "partner 1", "machine 1", "user 1"]

    assert [200, 200, 200, 429] == [send(user, "/api/tag/").status_code for user in users]


def test_replies_and_cursors_are_of_one_view(
    configure: Any, db: None, settings: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two views of models with one class name, and two that open one model differently."""
    with isolate_apps("tests.testapp"):
        meta = type("Meta", (), {"proxy": True, "app_label": "other"})
        other: Any = type("Tag", (Tag,), {"__module__": __name__, "Meta": meta})
    installed = apps.get_model

    def get_model(name: str, *more: Any, **options: Any) -> Any:
        return other if name == "other.tag" else installed(name, *more, **options)

    monkeypatch.setattr(apps, "get_model", get_model)
    configure({})
    options = {
        "flex_permissions": {"anon": GRANT},
        "allowed_actions": ["get", "list", "add"],
        "__module__": __name__,
    }
    views: dict[str, Any] = {
        name: type(name, (FlexQueryView,), {"model": model, **options})
        for name, model in (("one", Tag), ("two", Tag), ("other", other))
    }
    settings.ROOT_URLCONF = Urls(*(path(f"{n}/", view.as_view()) for n, view in views.items()))
    body = {"_action": "add", "slug": "a"}
    headers = {"Idempotency-Key": uuid4().hex}

    def add(name: str) -> int:
        found = client.post(f"/{name}/", body, content_type="application/json", headers=headers)
        return int(found.status_code)

    assert [201, 422] == [add("one"), add("other")]
    Tag.objects.create(slug="b")
    page = client.get("/one/?fields=slug&limit=1&cursor=").json()["pagination"]["next"]
    url = f"/?fields=slug&limit=1&cursor={page['cursor']}"
    statuses = [client.get(f"/{name}{url}").status_code for name in views]

    assert [200, 400, 400] == statuses


#: Rules and presets that name the caller's key, and who meets whose row by them.
OWN = {
    "owner": {"user": {"$user": "id"}},
    "pk": {"user": {"$user": "pk"}},
    "over": {"user.id": {"$user": "id"}},
}


@pytest.mark.parametrize("rows", OWN.values(), ids=OWN)
def test_rows_of_a_user_are_of_no_other_kind_of_user(
    configure: Any, db: None, rows: Mapping[str, Any]
) -> None:
    user = User.objects.create(pk=1, username="u")
    Errand.objects.create(user=user, title="errand")
    role = {"fields": ["title"], "rows": rows, "ops": ["list"]}
    configure({"errand": {"authenticated": role}})
    callers = [user, SimpleLazyObject(lambda: user), Token(1), Partner(pk=1), Machine(1)]

    found = [FlexQuery("errand").execute({}, user=one).to_dict()["results"] for one in callers]

    assert [1, 1, 1, 0, 0] == [len(rows) for rows in found]


def test_rows_of_a_partner_are_of_no_other_kind_of_user(configure: Any, db: None) -> None:
    Errand.objects.create(partner=Partner.objects.create(pk=1, name="p"), title="errand")
    role = {"fields": ["title"], "rows": {"partner": {"$user": "id"}}, "ops": ["list"]}
    configure({"errand": {"authenticated": role}})
    callers = [Partner(pk=1), SmallPartner(pk=1), User(pk=1, username="u"), Machine(1)]

    found = [FlexQuery("errand").execute({}, user=one).to_dict()["results"] for one in callers]

    assert [1, 1, 0, 0] == [len(rows) for rows in found]


def test_a_row_is_given_to_no_other_kind_of_user(configure: Any, db: None) -> None:
    user = User.objects.create(pk=1, username="u")
    role = {
        "fields": ["title"],
        "ops": ["get"],
        "add": {"fields": ["title"], "presets": {"user": {"$user": "id"}}},
    }
    configure({"errand": {"authenticated": {**role, "ops": ["get", "add"]}}})
    add = {"_action": "add", "title": "errand"}
    found = [FlexQuery("errand").execute(add, user=one).status_code for one in (user, Partner(1))]

    assert ([201, 403], [1]) == (found, list(Errand.objects.values_list("user", flat=True)))


LOGGED = {
    "user": (User(pk=1), "auth.user:1"),
    "partner": (Partner(pk=1), "testapp.partner:1"),
    "machine": (Machine("1 role=staff"), f"'{__name__}:Machine:1 role=staff'"),
    "line": (Machine("1\nuser=2"), f"'{__name__}:Machine:1\\nuser=2'"),
    "anonymous": (None, "-"),
}


@pytest.mark.parametrize(("user", "expected"), LOGGED.values(), ids=LOGGED)
def test_the_log_of_queries_says_which_kind_of_user(
    configure: Any, db: None, caplog: pytest.LogCaptureFixture, user: Any, expected: str
) -> None:
    configure(TAGS, AUDIT_QUERIES=True)
    caplog.set_level(logging.INFO, logger="django_flex.audit")
    FlexQuery("tag").execute({}, user=user)
    (line,) = caplog.messages

    assert f"user={expected} role=" == line[: len(f"user={expected} role=")]


def test_an_identity_is_a_value() -> None:
    assert Identity("auth.user", "1") == identify(User(pk=1))
