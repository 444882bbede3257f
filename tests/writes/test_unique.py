"""What has to be unique in a period, or under a condition, is checked on every way of writing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.utils import timezone

from tests.wild.validated import Notice, Room, Seat
from tests.writes.conftest import GRANT, ask

Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(autouse=True)
def exposed(open_to_everybody: None, configure: Callable[..., None]) -> None:
    configure({f"wild.{name}": {"anon": GRANT} for name in ("notice", "poster", "room", "seat")})


@pytest.fixture
def rooms() -> list[int]:
    return [Room.objects.create(name=name).pk for name in "ab"]


#: A stored notice, what is in its way, what is not, and the column of the error.
PERIODS = [
    pytest.param(
        {"day": "2024-02-29", "title": "x"},
        {"day": "2024-02-29", "title": "x"},
        {"day": "2024-03-01", "title": "x"},
        "title",
        id="day",
    ),
    pytest.param(
        {"day": "2024-12-01", "slot": 1},
        {"day": "2024-12-31", "slot": 1},
        {"day": "2025-12-01", "slot": 1},
        "slot",
        id="month",
    ),
    pytest.param(
        {"day": "9999-12-31", "slot": 1},
        {"day": "9999-12-01", "slot": 1},
        {"day": "9999-11-30", "slot": 1},
        "slot",
        id="last-month",
    ),
    pytest.param(
        {"at": "2024-01-01T00:00:00Z", "moment": "x"},
        {"at": "2024-01-01T23:59:59Z", "moment": "x"},
        {"at": "2024-01-02T00:00:00Z", "moment": "x"},
        "moment",
        id="day-of-a-datetime",
    ),
    pytest.param(
        {"since": "2024-01-01T00:00:00Z", "room": 0},
        {"since": "2024-12-31T23:00:00Z", "room": 0},
        {"since": "2024-12-31T23:00:00Z", "room": 1},
        "room",
        id="year-of-a-foreign-key",
    ),
    pytest.param(
        {"at": None, "moment": "x"},
        None,
        {"at": None, "moment": "x"},
        "moment",
        id="no-date",
    ),
]


def row(values: Any, rooms: list[int], spare: int = 0) -> dict[str, Any]:
    """Return a whole row; what is not given is in nobody's way."""
    whole = {
        "day": f"2000-01-{spare + 1:02}",
        "title": f"t{spare}",
        "slot": 100 + spare,
        "room": 0,
        **values,
    }
    return {**whole, "room": rooms[whole["room"]]}


@pytest.mark.django_db
@pytest.mark.parametrize(("stored", "taken", "free", "column"), PERIODS)
@pytest.mark.parametrize("model", ["notice", "poster"])
def test_values_are_unique_in_their_period(
    stored: Any, taken: Any, free: Any, column: str, model: str, rooms: list[int]
) -> None:
    assert ask(f"wild.{model}", "add", **row(stored, rooms))[0] == 201
    status, other = ask(f"wild.{model}", "add", **row(free, rooms, 1))
    assert status == 201, other
    if taken is None:
        return
    before = list(Notice.objects.order_by("pk").values())
    status, reply = ask(f"wild.{model}", "add", **row(taken, rooms, 2))
    assert (400, [column]) == (status, list(reply["fields"]))
    sent = {name: row(taken, rooms)[name] for name in taken}
    status, reply = ask(f"wild.{model}", "edit", id=other["id"], **sent)
    assert (400, [column]) == (status, list(reply["fields"]))
    moved = [name for name in sent if name != column]
    if taken[column] == free[column]:
        # The value is there: only the date moves.
        status, reply = ask(f"wild.{model}", "edit", id=other["id"], **{n: sent[n] for n in moved})
        assert (400, [column]) == (status, list(reply["fields"]))
    status, reply = ask(f"wild.{model}", "bulk_edit", filters={"id": other["id"]}, _set=sent)
    assert (400, [column]) == (status, list(reply["fields"]))
    items = [{"id": other["id"], **sent}]
    assert ask(f"wild.{model}", "edit", _items=items)[0] == 400
    assert before == list(Notice.objects.order_by("pk").values())


@pytest.mark.django_db
def test_rows_of_one_list_are_compared_with_each_other(rooms: list[int]) -> None:
    items = [row({"day": "2024-01-01", "title": "x", "slot": n}, rooms, n) for n in range(2)]
    status, reply = ask("wild.notice", "add", _items=items)
    assert (400, ["title"]) == (status, list(reply["fields"]))
    assert not Notice.objects.exists()

    for item, title in zip(items, "xy", strict=True):
        assert ask("wild.notice", "add", **{**item, "title": title})[0] == 201
    status, reply = ask(
        "wild.notice", "bulk_edit", filters={"day": "2024-01-01"}, _set={"title": "z"}
    )
    assert (400, ["title"]) == (status, list(reply["fields"]))
    first, second = Notice.objects.order_by("pk")
    swapped = [{"id": first.pk, "title": "y"}, {"id": second.pk, "title": "x"}]
    assert ask("wild.notice", "edit", _items=swapped)[0] == 200
    assert ["y", "x"] == list(Notice.objects.order_by("pk").values_list("title", flat=True))


@pytest.mark.django_db
def test_nested_rows_are_checked(rooms: list[int]) -> None:
    notice = {"day": "2024-01-01", "title": "x", "slot": 9}
    status, reply = ask("wild.room", "edit", id=rooms[0], notices={"$add": [notice]})
    assert status == 200, reply
    status, reply = ask("wild.room", "edit", id=rooms[1], notices={"$add": [{**notice, "slot": 8}]})
    assert (400, ["title"]) == (status, list(reply["fields"]))
    twice = [{**notice, "title": "y", "slot": n} for n in (1, 2)]
    status, reply = ask("wild.room", "edit", id=rooms[1], notices={"$add": twice})
    assert (400, ["title"]) == (status, list(reply["fields"]))


@pytest.mark.django_db
def test_edit_keeps_its_own_value_and_ignores_what_it_does_not_touch(rooms: list[int]) -> None:
    one = Notice.objects.create(day=date(2024, 1, 1), title="x", room_id=rooms[0])
    Notice.objects.create(day=date(2024, 1, 1), title="x", room_id=rooms[0])
    assert ask("wild.notice", "edit", id=one.pk, text="new")[0] == 200
    Notice.objects.exclude(pk=one.pk).delete()
    assert ask("wild.notice", "edit", id=one.pk, title="x", day="2024-01-01")[0] == 200


@pytest.mark.django_db
def test_days_are_those_of_the_current_time_zone(rooms: list[int]) -> None:
    at = datetime(2024, 1, 1, 22, 30, tzinfo=UTC)
    Notice.objects.create(day=date(2020, 1, 1), at=at, moment="x", room_id=rooms[0])
    values = {"day": "2021-01-01", "title": "b", "room": rooms[1], "moment": "x"}
    with timezone.override("Europe/Berlin"):
        later = ask("wild.notice", "add", **values, at="2024-01-01T23:30:00Z")
        same = ask("wild.notice", "add", **{**values, "title": "c"}, at="2024-01-01T00:30:00Z")
    assert (201, 400) == (later[0], same[0])


@pytest.mark.django_db
def test_error_names_no_hidden_date(configure: Callable[..., None], rooms: list[int]) -> None:
    grant = {**GRANT, "fields": ["id", "title", "room"], "ops": ["add", "list"]}
    presets = {"day": "2024-01-01"}
    configure(
        {"wild.notice": {"anon": {**grant, "presets": presets}}, "wild.room": {"anon": GRANT}}
    )
    assert ask("wild.notice", "add", title="x", room=rooms[0])[0] == 201
    status, reply = ask("wild.notice", "add", title="x", room=rooms[0])
    assert status == 400
    assert "day" not in str(reply).lower()


#: A change of many rows, each of which is allowed by itself.
CONFLICTS = [
    pytest.param({"row": 1, "taken": True}, id="condition"),
    pytest.param({"number": None}, id="nulls"),
    pytest.param({"label": "same"}, id="expression"),
    pytest.param({"rank": 7}, id="deferred"),
]


@pytest.mark.django_db
@pytest.mark.parametrize("values", CONFLICTS)
def test_constraints_that_a_database_does_not_have_hold_in_lists(values: Any) -> None:
    seats = [
        Seat.objects.create(row=n, number=n, label=f"l{n}", rank=n, taken=False) for n in range(3)
    ]
    before = list(Seat.objects.order_by("pk").values())
    keys = [one.pk for one in seats]
    status, reply = ask("wild.seat", "bulk_edit", filters={"id.in": keys}, _set=values)
    assert status in {400, 409}, reply
    items = [{"id": key, **values} for key in keys[:2]]
    assert ask("wild.seat", "edit", _items=items)[0] in {400, 409}
    added = [{"row": n, "number": n, "label": f"l{n}", "rank": n, **values} for n in (10, 11)]
    assert ask("wild.seat", "add", _items=added)[0] in {400, 409}
    assert before == list(Seat.objects.order_by("pk").values())
    assert ask("wild.seat", "bulk_edit", filters={"id": keys[0]}, _set=values)[0] == 200
