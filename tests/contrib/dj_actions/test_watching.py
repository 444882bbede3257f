"""What a form of dj-actions changes is held against the rows that its caller may change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django import forms
from django.db import connection
from django.db.models import Case, F, Value, When
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIRequestFactory
from rest_framework.viewsets import ModelViewSet

from django_flex.actions import FlexAction
from django_flex.actions.models import ActionEvent
from django_flex.contrib.dj_actions import registries
from django_flex.contrib.dj_actions.fields import JSONTextField
from django_flex.contrib.dj_actions.forms.mixins import ActionFormMixin
from django_flex.contrib.dj_actions.mixins import ActionMixin
from django_flex.contrib.dj_actions.statements import UnreadableStatementError, WriteStatement, read
from tests.contrib.dj_actions.forms import NameSerializer, make_registry
from tests.testapp.models import Booking, Company, Customer, Place, Restaurant, Service, Tag

FORM = "tests.contrib.dj_actions.test_watching.PickForm"
#: Bookings 1, 2 and 3 are the caller's, the other three are hidden.
MINE = {"rows": {"id.lte": 3}}
TABLE = Booking._meta.db_table


def _save(keys: list[int]) -> None:
    for booking in Booking.objects.filter(pk__in=keys):
        booking.seats = 9
        booking.save()


def _bulk_update(keys: list[int]) -> None:
    found = list(Booking.objects.filter(pk__in=keys))
    for booking in found:
        booking.seats = 9
    Booking.objects.bulk_update(found, ["seats"])


def _raw(keys: list[int]) -> None:
    places = ", ".join(["%s"] * len(keys))
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {TABLE} SET seats = %s WHERE id IN ({places})", [9, *keys])


def _swallow(keys: list[int]) -> None:
    try:
        Booking.objects.filter(pk__in=keys).update(seats=9)
    except Exception:  # noqa: BLE001 - as careless code does
        Booking.objects.filter(pk=1).update(seats=9)


def _twice(keys: list[int]) -> None:
    """Change rows so that the caller does not see them any more, and then again."""
    Booking.objects.filter(pk__in=keys).update(status="gone")
    Booking.objects.filter(status="gone").update(seats=9)


def _add(keys: list[int]) -> None:
    """Add a row that the caller does not see, and change it."""
    booking = Booking.objects.create(pk=50 + keys[0], customer_id=1, seats=1)
    booking.seats = 9
    booking.save()
    Booking.objects.filter(pk__in=keys).update(seats=9)


#: How a form changes the rows that it was told to.
WAYS: dict[str, Callable[[list[int]], object]] = {
    "update": lambda keys: Booking.objects.filter(pk__in=keys).update(seats=9),
    "update-joined": lambda keys: Booking.objects.filter(
        customer__booking__pk__in=keys, pk__in=keys
    ).update(seats=9),
    "update-computed": lambda keys: Booking.objects.filter(pk__in=keys).update(
        seats=Case(When(seats__gt=3, then=Value(9)), default=F("seats") * 0 + 9)
    ),
    "update-excluding": lambda keys: Booking.objects.exclude(
        pk__in={1, 2, 3, 4, 5, 6} - {*keys}
    ).update(seats=9),
    "save": _save,
    "bulk-update": _bulk_update,
    "raw": _raw,
    "base-manager": lambda keys: Booking._base_manager.filter(pk__in=keys).update(seats=9),
    "delete": lambda keys: Booking.objects.filter(pk__in=keys).delete(),
    "delete-joined": lambda keys: Booking.objects.filter(
        pk__in=keys, customer__name__isnull=False
    ).delete(),
    "delete-each": lambda keys: [one.delete() for one in Booking.objects.filter(pk__in=keys)],
    "twice": _twice,
    "add": _add,
    "swallow": _swallow,
}


class PickForm(ActionFormMixin, forms.Form):
    """A form that picks its own rows."""

    how = forms.CharField()
    keys = JSONTextField()

    def save(self, request: Any, pk: Any = None) -> tuple[Any, Any]:
        WAYS[self.cleaned_data["how"]](self.cleaned_data["keys"])
        return {"done": True}, None


class CleanForm(ActionFormMixin, forms.Form):
    """A form that writes while it validates."""

    keys = JSONTextField()

    def clean(self) -> Any:
        Booking.objects.filter(pk__in=self.cleaned_data["keys"]).update(seats=9)
        return self.cleaned_data

    def save(self, request: Any, pk: Any = None) -> tuple[Any, Any]:
        return {"done": True}, None


def changed() -> set[int]:
    """Return the keys of the bookings that are not as they were."""
    as_before = Booking.objects.filter(pk__lte=6).exclude(seats=9).values_list("pk", flat=True)
    return {1, 2, 3, 4, 5, 6} - {*as_before}


@pytest.fixture
def pick(grant: Any, bookings: None) -> Callable[..., Any]:
    """Return a function that runs the form, as a caller who sees half of the bookings."""

    def run(how: str, keys: list[int], *, form: str = FORM, pk: Any = None, **parts: Any) -> Any:
        kind = "bulk" if pk is None else "instance"
        registries.add_registry(Booking, make_registry(form, kind), place="test")
        grant("shut", **(parts or MINE))
        one = FlexAction(Booking, "shut")
        sent = {"keys": keys} if form != FORM else {"how": how, "keys": keys}
        return one.execute(sent, pk=pk)

    return run


@pytest.mark.parametrize("how", WAYS)
def test_rows_that_the_caller_may_change_are_changed(pick: Any, how: str) -> None:
    result = pick(how, [1, 2])

    assert (True, {1, 2}) == (result.ok, changed()), result.to_dict()


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("keys", [[5], [1, 5], [1, 2, 3, 4, 5, 6]], ids=str)
def test_rows_that_the_caller_may_not_change_are_left_alone(
    pick: Any, how: str, keys: list[int]
) -> None:
    result = pick(how, keys)

    assert (403, "row.denied") == (result.status_code, result.to_dict()["code"])
    assert (set(), 6) == (changed(), Booking.objects.count())
    assert ["failed"] == [one.state for one in ActionEvent.objects.all()]


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param({"actions": {"shut": MINE}}, id="rows-of-the-action"),
        pytest.param({"rows": {"id.lte": 5}, "actions": {"shut": MINE}}, id="rows-of-both"),
    ],
)
def test_the_rows_of_the_action_count(pick: Any, parts: dict[str, Any]) -> None:
    assert 200 == pick("update", [1, 2], **parts).status_code
    assert 403 == pick("update", [4], **parts).status_code
    assert {1, 2} == changed()


def test_a_form_of_one_row_changes_no_hidden_one_either(pick: Any) -> None:
    assert 200 == pick("update", [1, 2], pk=1).status_code
    assert 403 == pick("update", [1, 5], pk=1).status_code
    assert {1, 2} == changed()


def test_a_form_that_writes_while_it_validates_is_watched(pick: Any) -> None:
    form = "tests.contrib.dj_actions.test_watching.CleanForm"

    assert 403 == pick("", [5], form=form).status_code
    assert 200 == pick("", [1], form=form).status_code
    assert {1} == changed()


def bookings_touched(run: Callable[[], Any]) -> int:
    """Return how many statements about bookings a run takes, which has to succeed."""
    with CaptureQueriesContext(connection) as captured:
        assert 200 == run().status_code
    return sum(TABLE in one["sql"] for one in captured.captured_queries)


def test_a_caller_who_sees_every_row_is_not_watched(pick: Any) -> None:
    assert 1 == bookings_touched(lambda: pick("update", [2, 5], rows="*"))
    assert {2, 5} == changed()


def test_each_statement_that_writes_costs_two_more(pick: Any) -> None:
    assert 3 == bookings_touched(lambda: pick("update", [2, 3]))
    # The rows of the first are known when the second one comes.
    assert 5 == bookings_touched(lambda: pick("twice", [2, 3]))


def test_code_that_bypasses_permissions_is_not_watched(pick: Any) -> None:
    pick("update", [1])

    result = FlexAction(Booking, "shut").unrestricted().execute({"how": "update", "keys": [5]})

    assert (200, {1, 5}) == (result.status_code, changed())


#: What cannot be told from its text, or is out of the transaction.
UNTOLD: dict[str, Callable[[], object]] = {
    "upsert": lambda: Booking.objects.bulk_create(
        [Booking(pk=1, customer_id=1, seats=9)],
        update_conflicts=True,
        update_fields=["seats"],
        unique_fields=None if connection.vendor == "mysql" else ["id"],
    ),
    "with": lambda: _execute(f"WITH x AS (SELECT 1) DELETE FROM {TABLE} WHERE id = 1"),
    "alias": lambda: _execute(f"UPDATE {TABLE} AS b SET seats = 9 WHERE b.id = 1"),
    "many": lambda: _execute_many(f"UPDATE {TABLE} SET seats = 9 WHERE id = %s", [(1,), (2,)]),
    "several": lambda: _execute(f"SELECT 1; UPDATE {TABLE} SET seats = 9"),
    "procedure": lambda: _execute("CALL change_everything()"),
    "replace": lambda: _execute(f"REPLACE INTO {TABLE} (id) VALUES (1)"),
}


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _execute_many(sql: str, params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(sql, params)


@pytest.mark.parametrize("how", UNTOLD)
def test_an_unreadable_statement_is_refused(
    pick: Any, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setitem(WAYS, how, lambda _keys: UNTOLD[how]())

    assert 403 == pick(how, [1]).status_code
    assert set() == changed()


def test_rows_of_other_tables_are_the_forms_own_affair(
    pick: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(_keys: Any) -> None:
        Customer.objects.filter(booking__pk=5).update(name="x")
        Tag.objects.bulk_create([Tag(slug="a", date="1")])
        Tag.objects.all().delete()

    monkeypatch.setitem(WAYS, "others", change)

    assert 200 == pick("others", [1]).status_code
    assert Customer.objects.filter(name="x").exists()


def test_rows_that_another_delete_takes_along_count(
    pick: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        WAYS, "cascade", lambda keys: Customer.objects.filter(booking__in=keys).delete()
    )

    assert 403 == pick("cascade", [5]).status_code
    assert 6 == Booking.objects.count()


class RenameForm(ActionFormMixin, forms.Form):
    keys = JSONTextField()

    def save(self, request: Any, pk: Any = None) -> tuple[Any, Any]:
        Restaurant.objects.filter(pk__in=self.cleaned_data["keys"]).update(name="x", stars=1)
        return None, None


def test_columns_of_a_parent_are_watched_too(db: None, settings: Any) -> None:
    keys = [Restaurant.objects.create(name=name).pk for name in ("mine", "other")]
    found = make_registry("tests.contrib.dj_actions.test_watching.RenameForm", "bulk")
    registries.add_registry(Restaurant, found, place="test")
    role = {"fields": "*", "ops": ["get", "shut"], "rows": {"name": "mine"}}
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"restaurant": {"anon": role}},
    }
    shut = FlexAction(Restaurant, "shut")

    assert [403, 200] == [shut.execute({"keys": [key]}).status_code for key in reversed(keys)]
    assert ["x", "other"] == [Place.objects.get(pk=key).name for key in keys]


@pytest.mark.parametrize(("key", "status"), [(1, 403), (2, 200)])
def test_rows_that_the_viewset_hides_are_left_alone(bookings: None, key: int, status: int) -> None:
    Booking.objects.filter(pk=2).update(status="pending")
    parts = {
        "queryset": Booking.objects.filter(status="pending"),
        "serializer_class": NameSerializer,
        "action_registry": make_registry(FORM, "bulk", serializer=False),
        "authentication_classes": (),
    }
    view: Any = type("BookingViewSet", (ActionMixin, ModelViewSet), parts)
    sent = APIRequestFactory().post("/", {"how": "update", "keys": [key]}, format="json")

    reply = view.as_view({"post": "bulk_actions"})(sent, action_id="shut")

    assert (status, {key} if status == 200 else set()) == (reply.status_code, changed())


class EndForm(ActionFormMixin, forms.Form):
    def save(self, request: Any, pk: Any = None) -> tuple[Any, Any]:
        Service.everything.all().update(name="x")
        return None, None


def test_rows_that_the_default_manager_hides_are_left_alone(settings: Any, db: None) -> None:
    company = Company.objects.create(name="c")
    live, hidden = (
        Service.everything.create(name="a", company=company, deleted=deleted)
        for deleted in (False, True)
    )
    found = make_registry("tests.contrib.dj_actions.test_watching.EndForm", "bulk")
    registries.add_registry(Service, found, place="test")
    role = {"fields": "*", "ops": ["get", "shut"]}
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"service": {"anon": role}},
    }
    shut = FlexAction(Service, "shut")

    assert 403 == shut.execute().status_code
    hidden.delete()
    assert 200 == shut.execute().status_code
    assert "x" == Service.everything.get(pk=live.pk).name


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ('UPDATE "t" SET "a" = %s WHERE "t"."id" = %s', ('FROM "t" WHERE "t"."id" = %s', 1)),
        ("update t set a = 1", ("FROM t ", 0)),
        (
            "UPDATE `t` SET `a` = CASE WHEN (`t`.`a` = %s) THEN %s END WHERE x ORDER BY `a` LIMIT 1",
            ("FROM `t` WHERE x ORDER BY `a` LIMIT 1", 2),
        ),
        (
            'UPDATE "t" SET "a" = (SELECT b FROM "u" WHERE c = %s), "d" = \'%%s\' WHERE e = %s',
            ('FROM "t" WHERE e = %s', 1),
        ),
        ('UPDATE "t" SET "a" = %s WHERE b RETURNING "t"."a"', ('FROM "t" WHERE b ', 1)),
        ("/* tag */ DELETE FROM \"t\" WHERE a LIKE %s ESCAPE '\\' /* tag */", None),
        (
            "DELETE `t` FROM `t` INNER JOIN u ON (1) WHERE a",
            ("FROM `t` INNER JOIN u ON (1) WHERE a", 0),
        ),
        ("SET STATEMENT max_statement_time=5 FOR DELETE FROM t", ("FROM t", 0)),
        ("DELETE FROM t;", ("FROM t", 0)),
        ('INSERT INTO "t" ("a") VALUES (%s) ON CONFLICT DO NOTHING', (None, 0)),
        ("INSERT IGNORE INTO `t` (`a`) VALUES (%s)", (None, 0)),
    ],
)
def test_the_rows_of_a_statement_are_recognized(sql: str, expected: Any) -> None:
    rows, skipped = expected or ("FROM \"t\" WHERE a LIKE %s ESCAPE '\\'", 0)

    found = read(sql)

    assert found is not None
    assert WriteStatement("t", rows and rows.strip(), skipped) == WriteStatement(
        found.table, found.rows and found.rows.strip(), found.skipped
    )


@pytest.mark.parametrize(
    "sql",
    [
        "SET STATEMENT max_statement_time=5 FOR SELECT 1",
        *(
            "SELECT 1 FOR UPDATE",
            "SELECT 1 FOR NO KEY UPDATE OF t",
            "SELECT REPLACE(a, 'b', 'c') FROM t",
        ),
        *('(SELECT 1) UNION (SELECT "a;b")', "SAVEPOINT x", "SET a = 1"),
        *("WITH x AS (SELECT 1) SELECT * FROM x", "SELECT 'x; DELETE FROM t'", "select 1;"),
    ],
)
def test_a_read_writes_nothing(sql: str) -> None:
    assert read(sql) is None


@pytest.mark.parametrize(
    "sql",
    [
        *("UPDATE t SET a = 1 FROM u WHERE t.id = u.id", "UPDATE t AS x SET a = 1", "TRUNCATE t"),
        *("DELETE FROM t USING u WHERE 1", "UPDATE ONLY t SET a = 1", 'UPDATE "s"."t" SET a = 1'),
        *("UPDATE t SET a = '%s' WHERE b", "UPDATE t SET a = 'x\\' WHERE b'", "DO $$ x $$"),
        *(
            "UPDATE t SET a = 1 -- WHERE b",
            "SELECT 1; DELETE FROM t",
            "EXPLAIN ANALYZE DELETE FROM t",
        ),
        *(
            "WITH x AS (DELETE FROM t RETURNING 1) SELECT 1",
            "MERGE INTO t USING u",
            "COPY t FROM x",
        ),
        *(
            'WITH x AS (UPDATE ONLY "t" SET a = 1 RETURNING 1) SELECT 1',
            "WITH x AS (UPDATE t AS y SET a = 1 RETURNING 1) SELECT 1",
            "WITH x AS (UPDATE public.t SET a = 1 RETURNING 1) SELECT 1",
            "WITH x AS (SELECT 1) UPDATE t, x SET a = 1",
            "WITH x AS (SELECT 1) DELETE t FROM t INNER JOIN x ON (1)",
        ),
        "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 1",
        "INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 1",
        "UPDATE t SET a = %(a)s WHERE b",
    ],
)
def test_other_statements_are_not_recognized(sql: str) -> None:
    with pytest.raises(UnreadableStatementError):
        read(sql)
