"""Querysets: what they ask for, and what they refuse."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.db.models import Q

from django_flex.dynamodb.attributes import (
    BooleanUnicodeAttribute,
    DecimalAttribute,
    StringJoinAttribute,
)
from django_flex.dynamodb.exceptions import (
    DynamoDBQuerySetError,
    FieldDoesNotExists,
    InvalidOperator,
    InvalidValueError,
    NoKeyError,
)
from django_flex.dynamodb.queryset import DynamoDBManager, DynamoDBQuerySet
from django_flex.dynamodb.transport import current_transport, override_transport
from tests.dynamodb.faults import FaultTransport
from tests.dynamodb.models import Account, Play

OF_ADA = Play.objects.set_hash_key("ada")


@pytest.fixture
def played(database: str) -> None:
    """Eight items: two devices, two genres."""
    Play.objects.bulk_create(
        [
            Play(
                listener="ada",
                moment=one,
                title=f"t{one % 4}",
                device=["phone", "radio"][one % 2],
                genre=["jazz", "rock", None][one % 3],
                plays=one * 10,
                size=one,
                title_sort=f"n{one}",
                tags={f"tag{one}", "all"},
                ranks={one, 100},
                history=[one, "x"],
                cover=bytes([one]),
                skipped=one > 5,
            )
            for one in range(8)
        ],
        mode="batch",
    )


def moments(items: Any) -> list[int]:
    return [int(one.moment) for one in items]


@pytest.mark.parametrize(
    ("lookups", "expected"),
    [
        ({"size__gte": 6}, [6, 7]),
        ({"title_sort": "n3"}, [3]),
        ({"title_sort__startswith": "n"}, [*range(8)]),
        ({"title__contains": "3"}, [3, 7]),
        ({"tags__contains": "tag2"}, [2]),
        ({"ranks__contains": 5}, [5]),
        ({"history__contains": 4}, [4]),
        ({"history__0": 4}, [4]),
        ({"tags__size__gt": 2}, []),
        ({"tags__size": 2, "size__lt": 2}, [0, 1]),
        ({"cover": b"\x03"}, [3]),
        ({"skipped": True}, [6, 7]),
        ({"genre__isnull": True}, [2, 5]),
        ({"genre": None}, [2, 5]),
        ({"genre__ne": None, "size__lt": 3}, [0, 1]),
        ({"genre__exists": False}, [2, 5]),
        ({"genre__ne": "jazz", "size__lt": 4}, [1, 2]),
        ({"size__in": [1, 2, 99]}, [1, 2]),
        ({"size__range": (2, 3)}, [2, 3]),
        ({"size__type": "N", "size__lt": 1}, [0]),
        ({"moment__in": [1, 7], "size__gt": 1}, [7]),
    ],
    ids=str,
)
def test_lookups(played: None, lookups: dict[str, Any], expected: list[int]) -> None:
    assert expected == moments(OF_ADA.filter(**lookups))
    assert expected == moments(Play.objects.filter(listener="ada").filter(Q(**lookups)))
    assert len(expected) == OF_ADA.filter(**lookups).count()
    left = [one for one in range(8) if one not in expected]
    assert left == moments(OF_ADA.exclude(**lookups))


def test_either_and_not(played: None) -> None:
    assert [1, 7] == moments(OF_ADA.filter(Q(size=1) | Q(moment=7)))
    assert [0, 2] == moments(OF_ADA.filter(~Q(size=1), size__lt=3))
    assert [*range(8)] == moments(OF_ADA.filter(Q(), Q(size__gte=0) | Q(title="x")))


def test_conditions_of_pynamodb(played: None) -> None:
    by_key = Play.objects.filter((Play.listener == "ada") & (Play.moment < 3) & (Play.size > 0))

    assert [1, 2] == moments(by_key)
    assert [0, 3] == moments(OF_ADA.filter(Play.size.is_in(0, 3) | (Play.title_sort == "zz")))
    assert [7] == moments(OF_ADA.filter(~(Play.history[0] < 7)))
    with pytest.raises(DynamoDBQuerySetError, match="values"):
        OF_ADA.filter(Play.size == Play.plays)
    with pytest.raises(DynamoDBQuerySetError, match="a Q"):
        OF_ADA.filter("size = 1")


def test_indexes_are_chosen_by_conditions(played: None) -> None:
    assert [3, 5] == moments(Play.objects.filter(device="radio", plays__gt=20, plays__lt=60))
    assert [7, 5] == moments(Play.objects.filter(device="radio").order_by("-plays")[:2])
    assert [0, 4] == moments(OF_ADA.filter(title="t0"))
    assert "by_title" == OF_ADA.filter(title="t0").using_index("by_title").explain().index.name


def test_an_index_of_keys_is_completed(played: None) -> None:
    found = Play.objects.filter(genre="rock", size__gte=4)

    assert found.explain().hydrate
    assert [("t0", 40), ("t3", 70)] == [
        (one.title, one.plays) for one in sorted(found, key=lambda one: one.moment)
    ]
    keys = Play.objects.filter(genre="rock").values("moment")
    assert not keys.explain().hydrate
    assert {1, 4, 7} == {one["moment"] for one in keys}


def test_values_are_dicts(played: None) -> None:
    first = OF_ADA.values().first()

    assert set(first) == set(Play.get_attributes())
    assert [{"size": 0, "title_sort": "n0"}] == [*OF_ADA.values("size", "title_sort")[:1]]


def test_scans_are_explicit_and_bounded(played: None) -> None:
    with pytest.raises(NoKeyError, match="scan"):
        len(Play.objects.all())

    scan = Play.objects.scan(max_items=100)
    assert 8 == len(scan)
    assert {1} == {one.size for one in scan.filter(size=1)}
    assert 8 == len(Play.objects.scan(max_items=100, segments=3))
    transport = FaultTransport(inner=current_transport())
    with override_transport(transport):
        assert 3 == len(Play.objects.scan(max_items=3))
    assert [3] == [one["Limit"] for _, one in transport.sent]
    assert 2 == len(Play.objects.scan(max_items=100, segments=3)[:2])
    assert len(Play.objects.scan(max_items=6, segments=3)) <= 6


def test_asynchronous_twins(database: str) -> None:
    async def run() -> None:
        made = await Account.objects.acreate(owner="ada", balance=1)
        of_ada = Account.objects.filter(owner="ada")

        assert made == await of_ada.aget() == await of_ada.afirst() == await of_ada.alast()
        assert (True, 1) == (await of_ada.aexists(), await of_ada.acount())
        assert [made] == [one async for one in of_ada]
        assert [made] == (await of_ada.apage(5)).items
        assert {"ada": made} == await Account.objects.ain_bulk(["ada"])
        assert 1 == await of_ada.aupdate(balance__inc=1)
        assert not (await Account.objects.aget_or_create(owner="ada"))[1]
        assert not (await Account.objects.aupdate_or_create(owner="ada", defaults={"note": "x"}))[1]
        await Account.objects.abulk_create([Account(owner="bob")], mode="batch")
        assert (1, {"Account": 1}) == await of_ada.adelete()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("lookups", "error"),
    [
        ({"title__icontains": "x"}, InvalidOperator),
        ({"title__year": 1}, InvalidOperator),
        ({"size__gt__lt": 1}, InvalidOperator),
        ({"tags__gt": {"x"}}, InvalidOperator),
        ({"size__startswith": 1}, InvalidOperator),
        ({"title__size__startswith": 1}, InvalidOperator),
        ({"size": "x"}, InvalidValueError),
        ({"title": 5}, InvalidValueError),
        ({"title": b"x"}, InvalidValueError),
        ({"size__gt": None}, InvalidValueError),
        ({"size__in": "12"}, InvalidValueError),
        ({"size__range": (3, 1)}, InvalidValueError),
        ({"size__range": 3}, InvalidValueError),
        ({"size__isnull": 1}, InvalidValueError),
        ({"size__type": "number"}, InvalidValueError),
        ({"size__contains": 1}, InvalidValueError),
        ({"size": 10**38 + 1}, InvalidValueError),
        ({"moment__lt": "x"}, InvalidValueError),
        ({"device": ""}, InvalidValueError),
        ({"place__country": "x"}, InvalidOperator),
        ({"nothing__gt": 1}, FieldDoesNotExists),
    ],
    ids=str,
)
def test_lookups_that_cannot_be_are_refused(
    lookups: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        OF_ADA.filter(**lookups)


def test_long_conditions_are_refused_before_anything_is_sent(settings: Any) -> None:
    settings.PYDJAMODB_DATABASE = {}
    with override_transport(FaultTransport()), pytest.raises(InvalidValueError, match="100"):
        len(OF_ADA.filter(size__in=range(101)))


@pytest.mark.parametrize(
    "use",
    [
        lambda: Play.objects.set_hash_key(None),
        lambda: OF_ADA.set_limit(0),
        lambda: OF_ADA.set_index("nothing"),
        lambda: OF_ADA.order_by("moment", "size"),
        lambda: OF_ADA.set_limit(3).filter(size=1),
        lambda: Play.objects.scan(max_items=0),
        lambda: Play.objects.bulk_create([Account(owner="x")]),
        lambda: Play.objects.bulk_create([Play(listener="a", moment=1)] * 2),
        lambda: Account.objects.bulk_create([Account(owner=f"{one}") for one in range(101)]),
        lambda: Account.objects.update_or_create(balance=1),
        lambda: len(OF_ADA.order_by("size")),
        lambda: len(Play.objects.filter(device="x").consistent()),
    ],
    ids=range(12),
)
def test_uses_that_cannot_be_are_refused(use: Any, settings: Any) -> None:
    settings.PYDJAMODB_DATABASE = {}
    with override_transport(FaultTransport()), pytest.raises(DynamoDBQuerySetError):
        use()


class Loud(DynamoDBQuerySet):
    def loud(self) -> str:
        return self.model.__name__.upper()  # type: ignore[no-any-return]


class Sung(Play):
    loud_ones = Loud.as_manager()
    by_phone = DynamoDBManager.from_queryset(Loud, index="by_device", class_name="ByPhone")()

    class Meta:
        proxy = True


def test_managers_have_the_methods_of_their_queryset() -> None:
    assert "SUNG" == Sung.loud_ones.loud()
    assert "by_device" == Sung.by_phone.set_hash_key("x").explain().index.name
    assert "ByPhone" == type(Sung.by_phone).__name__
    assert Sung.objects.model is Sung
    assert Play.objects.model is Play
    with pytest.raises(AttributeError, match="class"):
        _ = Play(listener="ada", moment=1).objects
    with pytest.raises(AttributeError, match="shout"):
        _ = Play.objects.shout


def test_a_proxy_has_the_table_of_its_base() -> None:
    assert Play.Meta.base_table_name == Sung.Meta.base_table_name  # type: ignore[attr-defined]
    assert ("ada", 1) == Sung(listener="ada", moment=1).pk
    assert Play(listener="ada", moment=1) == Sung(listener="ada", moment=1)
    assert "ada" == Account(owner="ada").pk


def test_attributes_come_back_as_they_were() -> None:
    joined = StringJoinAttribute([BooleanUnicodeAttribute(), DecimalAttribute()], separator="|")

    assert "True|5" == joined.serialize([True, 5])
    assert [True, 5] == joined.deserialize("True|5")
    assert "as it is" == joined.serialize("as it is")
    with pytest.raises(ValueError, match="separator"):
        StringJoinAttribute([BooleanUnicodeAttribute()], separator="r").serialize([True])


def test_a_bound_holds_whether_a_key_serves_or_not(played: None) -> None:
    for items in (
        Play.objects.filter(listener="ada"),
        Play.objects.filter(listener="ada", size__gte=0),
        Play.objects.filter(size__gte=0),
        Play.objects.filter(device="phone"),
        Play.objects.all(),
    ):
        bounded = items.scan(max_items=3)
        assert 3 == len(bounded) == bounded.count() == len([*bounded.iterator(page_size=2)])
        assert 3 == len(bounded.page(10).items)
        assert bounded.last_evaluated_key is not None
    assert 2 == len(Play.objects.filter(listener="ada").scan(max_items=3).set_limit(2))
    assert (2, {"Play": 2}) == Play.objects.filter(listener="ada").scan(max_items=2).delete()
    assert 6 == Play.objects.filter(listener="ada").count()


@pytest.mark.parametrize("segments", [2, 3, 7, 20])
def test_the_segments_of_a_scan_share_its_bound(played: None, segments: int) -> None:
    transport = FaultTransport(inner=current_transport())
    with override_transport(transport):
        found = [*Play.objects.all().scan(max_items=5, segments=segments)]

    bounds = sum(parameters["Limit"] for _, parameters in transport.sent)
    assert (len(found) <= 5, bounds <= 5) == (True, True)
