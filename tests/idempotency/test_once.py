"""What a repeated write is answered, by either store, in one process."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.db import connections
from django.db.models import Q
from django.db.transaction import atomic
from django.test import Client
from django.utils import timezone

from django_flex.access.actor import Actor
from django_flex.conf import get_settings
from django_flex.exceptions import (
    ConflictError,
    FlexError,
    IdempotencyKeyReusedError,
    InFlightError,
    ObjectNotFoundError,
    OutcomeUnknownError,
    RequestError,
    UnavailableError,
    UnsupportedQueryError,
)
from django_flex.idempotency import WriteAttempt, attempt_for, cached, execution, once, stored
from django_flex.idempotency.models import StoredReply
from django_flex.plan.shape import FlexResult
from tests.doors.fronts import FLEX_MIDDLEWARE
from tests.testapp.models import Company, Customer

Transaction = Callable[[], Any]


class Fragile(LocMemCache):
    """A cache that is away when told so."""

    away = False

    def add(self, *args: Any, **kwargs: Any) -> bool:
        self._check()
        return super().add(*args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        self._check()
        return super().get(*args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._check()
        super().set(*args, **kwargs)

    def _check(self) -> None:
        if self.away:
            raise ConnectionError


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> Fragile:
    """The cache as the store, with nothing in it."""
    made = Fragile("idempotency", {})
    made.clear()
    monkeypatch.setattr(cached, "caches", {"default": made})
    monkeypatch.setattr(execution, "in_database", lambda: False)
    return made


@pytest.fixture(params=["database", "cache"])
def store(request: pytest.FixtureRequest, transactional_db: None) -> str:
    if request.param == "cache":
        request.getfixturevalue("cache")
    return str(request.param)


def attempt(key: str = "k", user: Any = None, **payload: Any) -> WriteAttempt:
    return attempt_for(
        key,
        settings=get_settings(),
        actor=Actor(user),
        operation="add",
        resource="company",
        payload={"name": "Acme", **payload},
    )


def create() -> FlexResult:
    row = Company.objects.create(name="Acme")
    return FlexResult(data={"id": row.pk}, status_code=201, headers={"X-A": "1"}, created=row.pk)


def send(
    what: WriteAttempt | None = None,
    perform: Callable[[], FlexResult] = create,
    transaction: Transaction = atomic,
) -> FlexResult:
    return once(what or attempt(), get_settings(), "default", transaction, perform)


def test_a_repetition_is_answered_the_same_and_writes_nothing(store: str) -> None:
    first, second = send(), send()

    assert first.to_dict() == second.to_dict()
    assert (201, first.created) == (second.status_code, second.created)
    assert {"X-A": "1", "Idempotency-Replayed": "true"} == second.headers
    assert 1 == Company.objects.count()


def test_another_body_is_refused(store: str) -> None:
    send()
    with pytest.raises(IdempotencyKeyReusedError):
        send(attempt(name="Globex"))
    assert 1 == Company.objects.count()


def test_another_user_with_the_same_key_writes(store: str, django_user_model: Any) -> None:
    send()
    user = django_user_model.objects.create(username="u")
    assert "Idempotency-Replayed" not in send(attempt(user=user)).headers
    assert 2 == Company.objects.count()


READING: dict[str, Any] = {"ops": ["get", "add", "edit"], "fields": ["id", "name", "tax_id"]}
NARROWED: dict[str, dict[str, Any]] = {
    "fields": {**READING, "fields": ["id", "name"]},
    "exclude": {**READING, "exclude": ["tax_id"]},
    "wildcard": {**READING, "fields": ["*"], "exclude": ["tax_id"]},
}


@pytest.mark.parametrize("name", NARROWED)
@pytest.mark.parametrize("batch", [False, True])
def test_a_reply_is_not_repeated_to_a_caller_who_may_read_less_by_now(
    store: str, client: Client, settings: Any, name: str, batch: bool
) -> None:
    settings.MIDDLEWARE = [FLEX_MIDDLEWARE]

    def expose(grant: dict[str, Any]) -> None:
        grant = {**grant, "write_fields": ["name", "tax_id"]}
        settings.DJANGO_FLEX = {
            "REQUIRE_AUTHENTICATION": False,
            "EXPOSE": {"company": {"anon": grant}},
        }

    def ask() -> tuple[int, str]:
        body: dict[str, Any] = {"_model": "company", "name": "Acme", "tax_id": "secret"}
        body = {"_action": "add", **body}
        path, body = ("/api/", {"_batch": [body]}) if batch else ("/api/company/", body)
        headers = {"Idempotency-Key": "k"}
        found = client.post(path, body, content_type="application/json", headers=headers)
        return found.status_code, found.content.decode()

    wide = {**READING, "fields": ["*"]} if name == "wildcard" else READING
    expose(wide)
    first = ask()
    assert first[0] in {200, 201}
    assert "secret" in first[1]
    expose(NARROWED[name])
    status, text = ask()
    assert 422 == status
    assert "secret" not in text
    expose(wide)
    assert first == ask()
    assert 1 == Company.objects.count()


STAFF: dict[str, Any] = {"fields": ["id", "name", "company.*"], "ops": ["get", "list", "add"]}
STAFF_WRITES = {**STAFF, "write_fields": ["name", "company"]}
FIRM: dict[str, Any] = {"fields": ["id", "name"], "ops": ["get", "list"]}
SESSION_STACK = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    FLEX_MIDDLEWARE,
]
#: name: the entry of the related model, the later one, and whether the reply is repeated then
RELATED: dict[str, tuple[Any, Any, bool]] = {
    "fields": ({"staff": FIRM}, {"staff": {**FIRM, "fields": ["id"]}}, False),
    "exclude": ({"staff": FIRM}, {"staff": FIRM, "exclude": ["name"]}, False),
    "lists": ({"staff": FIRM}, {"staff": {**FIRM, "ops": ["get"]}}, False),
    "new-rule": ({"staff": FIRM}, {"staff": {**FIRM, "rows": {"name": "Other"}}}, False),
    "other-rule": (
        {"staff": {**FIRM, "rows": {"name": "Acme"}}},
        {"staff": {**FIRM, "rows": {"name": "Other"}}},
        False,
    ),
    "value-of-the-caller": (
        {"staff": {**FIRM, "rows": {"name": {"$user": "last_name"}}}},
        {"staff": {**FIRM, "rows": {"name": {"$user": "last_name"}}}},
        False,
    ),
    "new-entry": (None, {"staff": FIRM}, False),
    "no-entry": ({"staff": FIRM}, None, False),
    "closed-entry": ({"other": FIRM}, {"other": FIRM, "throttle": 5}, False),
    "no-rule-any-more": (
        {"staff": {**FIRM, "rows": {"name": "Acme"}}},
        {"staff": {**FIRM, "rows": "*"}},
        True,
    ),
    "more-fields": ({"staff": FIRM}, {"staff": {**FIRM, "fields": ["id", "name", "tax_id"]}}, True),
    "more-operations": ({"staff": FIRM}, {"staff": {**FIRM, "ops": [*FIRM["ops"], "add"]}}, True),
}


@pytest.mark.parametrize("name", RELATED)
@pytest.mark.parametrize("batch", [False, True])
def test_a_reply_with_related_rows_is_repeated_to_those_only_who_may_see_them(
    store: str, settings: Any, django_user_model: Any, name: str, batch: bool
) -> None:
    before, after, repeated = RELATED[name]
    user = django_user_model.objects.create_user("ann", is_staff=True, last_name="Acme")
    settings.MIDDLEWARE = SESSION_STACK
    company = Company.objects.create(name="Acme")

    def ask(entry: Any) -> tuple[int, Any]:
        known = {} if entry is None else {"company": entry}
        settings.DJANGO_FLEX = {"EXPOSE": {"customer": {"staff": STAFF_WRITES}, **known}}
        spec = {"_action": "add", "_model": "customer", "name": "Bob", "company": company.pk}
        spec["_fields"] = "id, company.*"
        return post_as({"_batch": [spec]} if batch else spec, user)

    first = ask(before)
    assert first[0] < 300, first
    if name == "value-of-the-caller":
        django_user_model.objects.update(last_name="Other")
    again = ask(after)
    assert repeated is (again == first)
    assert repeated is (again[0] != 422), again
    assert 1 == Customer.objects.count()


def post_as(body: dict[str, Any], user: Any) -> tuple[int, Any]:
    client = Client(headers={"Idempotency-Key": "k"})
    client.force_login(user)
    response = client.post("/api/", body, content_type="application/json")
    return response.status_code, response.json()


@pytest.mark.parametrize(
    ("answer", "repeated"),
    [
        pytest.param(lambda user: ("staff", Q(name=user.last_name)), False, id="other-value"),
        pytest.param(lambda user: ("staff", Q(Q(name="Acme"), id__gte=0)), True, id="same"),
        pytest.param(lambda user: user.first_name or "staff", False, id="other-role"),
    ],
)
def test_rows_of_a_resolver_decide_whether_a_reply_is_repeated(
    store: str, settings: Any, django_user_model: Any, answer: Any, repeated: bool
) -> None:
    user = django_user_model.objects.create_user("ann", last_name="Acme")
    grant = {"fields": ["id", "name"], "ops": ["get", "add"]}
    settings.DJANGO_FLEX = {
        "EXPOSE": {"company": {"staff": grant, "guest": {**grant, "rows": {"name": "Acme"}}}},
        "ROLE_RESOLVER": lambda user, model: answer(user),
    }
    settings.MIDDLEWARE = SESSION_STACK
    ask = partial(post_as, {"_model": "company", "_action": "add", "name": "Acme"}, user)
    assert 200 <= ask()[0] < 300
    django_user_model.objects.update(last_name="Other", first_name="guest")
    assert repeated is (ask()[0] != 422)


@pytest.mark.parametrize("raises", [True, False], ids=["raised", "returned"])
def test_a_failure_leaves_neither_row_nor_key(store: str, raises: bool) -> None:
    def fail() -> FlexResult:
        create()
        if raises:
            raise ObjectNotFoundError
        return FlexResult.from_error(ObjectNotFoundError())

    with pytest.raises(ObjectNotFoundError):
        send(perform=fail)
    assert 0 == Company.objects.count()
    assert "Idempotency-Replayed" not in send().headers


def test_an_expired_reply_is_taken_over(transactional_db: None) -> None:
    send()
    StoredReply.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert "Idempotency-Replayed" not in send().headers
    assert "true" == send().headers["Idempotency-Replayed"]
    assert 2 == Company.objects.count()


def test_expired_replies_are_swept(transactional_db: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(stored, "SWEEPS", tuple("0123456789abcdef"))
    send(attempt("old"))
    StoredReply.objects.update(expires=timezone.now() - timedelta(seconds=1))
    send(attempt("new"))
    assert [attempt("new").id] == list(StoredReply.objects.values_list("pk", flat=True))


# --- Inside a transaction of the project's own ----------------------------------------------------


def test_a_repetition_in_one_transaction_gets_the_reply(store: str) -> None:
    with atomic():
        first, second = send(), send()
        with pytest.raises(IdempotencyKeyReusedError):
            send(attempt(name="Globex"))
    third = send()
    assert first.to_dict() == second.to_dict() == third.to_dict()
    assert ["true", "true"] == [one.headers["Idempotency-Replayed"] for one in (second, third)]
    assert 1 == Company.objects.count()


@pytest.mark.parametrize("nested", [False, True], ids=["transaction", "savepoint"])
def test_what_the_project_undoes_leaves_neither_row_nor_key(store: str, nested: bool) -> None:
    with atomic() if nested else nullcontext():
        with suppress(RuntimeError), atomic():
            send()
            send()
            raise RuntimeError
        assert 0 == Company.objects.count()
        assert "Idempotency-Replayed" not in send().headers
        assert "true" == send().headers["Idempotency-Replayed"]
    assert "true" == send().headers["Idempotency-Replayed"]
    assert 1 == Company.objects.count()


def test_a_repetition_in_a_test_case_gets_the_reply(
    db: None, cache: Fragile, django_capture_on_commit_callbacks: Any
) -> None:
    """There nothing is ever committed, unless the callbacks are run by hand."""
    send()
    assert "true" == send().headers["Idempotency-Replayed"]
    with django_capture_on_commit_callbacks(execute=True):
        send(attempt("captured"))
    assert "true" == send(attempt("captured")).headers["Idempotency-Replayed"]
    assert 2 == Company.objects.count()


def test_others_wait_for_the_transaction_of_the_project(
    transactional_db: None, cache: Fragile
) -> None:
    def elsewhere() -> None:
        try:
            send()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool, atomic():
        send()
        with pytest.raises(InFlightError):
            pool.submit(elsewhere).result()
    assert 1 == Company.objects.count()


# --------------------------------------------------------------------------------------------------


def test_a_key_in_flight_is_told_by_the_cache(transactional_db: None, cache: Fragile) -> None:
    def again() -> FlexResult:
        with pytest.raises(InFlightError):
            send()
        return create()

    send(perform=again)
    assert 1 == Company.objects.count()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConflictError("locked"), InFlightError),
        (UnavailableError(), UnavailableError),
        (UnsupportedQueryError("no table"), UnavailableError),
    ],
    ids=["locked", "away", "no table"],
)
def test_what_goes_wrong_at_the_key_is_told(
    error: FlexError, expected: type[FlexError], db: None, monkeypatch: Any
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(stored, "_claim", fail)
    with pytest.raises(expected):
        send()
    assert 0 == Company.objects.count()


def test_a_cache_that_is_away_lets_nothing_be_written(
    transactional_db: None, cache: Fragile
) -> None:
    cache.away = True
    with pytest.raises(UnavailableError):
        send()
    assert 0 == Company.objects.count()


def test_a_cache_that_forgets_at_once_lets_nothing_be_written(
    transactional_db: None, cache: Fragile, monkeypatch: Any
) -> None:
    monkeypatch.setattr(cache, "add", lambda *_: False)
    with pytest.raises(UnavailableError):
        send()
    assert 0 == Company.objects.count()


@pytest.mark.parametrize("fails", [True, False], ids=["failure", "success"])
def test_a_cache_that_goes_away_changes_no_reply(
    fails: bool, transactional_db: None, cache: Fragile
) -> None:
    def perform() -> FlexResult:
        cache.away = True
        if fails:
            raise ObjectNotFoundError
        return create()

    if fails:
        with pytest.raises(ObjectNotFoundError):
            send(perform=perform)
    else:
        assert 201 == send(perform=perform).status_code
    assert (not fails) == Company.objects.exists()


@pytest.mark.parametrize(
    "key", ["", '""', '"a', '"a"b"', "a" * 256, "a\nb", "\x7f", "é"], ids=ascii
)
def test_a_key_that_cannot_be_used_is_refused(key: str) -> None:
    with pytest.raises(RequestError) as caught:
        attempt(key)
    assert "Idempotency-Key" == caught.value.path


@pytest.mark.parametrize(("written", "key"), [('"a"', "a"), (r'"a\"\\"', 'a"\\'), (" a ", "a")])
def test_quotes_are_no_part_of_a_key(written: str, key: str) -> None:
    assert key == attempt(written).key


def test_the_longest_key_is_good() -> None:
    assert 64 == len(attempt("a" * 255).id)


def test_a_write_of_another_database_in_doubt_rolls_this_one_back(store: str) -> None:
    """Of what a hook has written elsewhere nobody knows: with the same key it writes no more."""

    def in_doubt() -> FlexResult:
        create()
        raise OutcomeUnknownError

    with pytest.raises(OutcomeUnknownError):
        send(perform=in_doubt)
    assert 0 == Company.objects.count()

    for what, error in (
        (None, OutcomeUnknownError),
        (attempt(name="x"), IdempotencyKeyReusedError),
    ):
        with pytest.raises(error):
            send(what)
    assert 0 == Company.objects.count()
    assert 201 == send(attempt("another key")).status_code


def test_callers_without_a_user_are_told_apart_by_address() -> None:
    def scope(address: str) -> str:
        actor = Actor(None, SimpleNamespace(META={"REMOTE_ADDR": address}))
        return attempt_for(
            "k", settings=get_settings(), actor=actor, operation="add", resource="x", payload={}
        ).scope

    assert scope("10.0.0.1") != scope("10.0.0.2")


def test_a_user_without_a_key_cannot_be_told_apart(django_user_model: Any) -> None:
    with pytest.raises(UnsupportedQueryError):
        attempt(user=django_user_model(username="u"))
