"""Pages and their cursors."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.dynamodb.exceptions import DynamoDBQuerySetError, InvalidCursorError
from django_flex.dynamodb.transport import current_transport, override_transport
from tests.dynamodb.faults import FaultTransport, reply
from tests.dynamodb.models import Play

TEN = [Play(listener="ada", moment=moment, size=moment % 5) for moment in range(10)]


@pytest.fixture
def ten(database: str) -> list[Play]:
    """Ten items of one hash key."""
    Play.objects.bulk_create(TEN, mode="batch")
    return TEN


def walk(items: Any, size: int, **options: Any) -> list[list[float]]:
    """Return the moments on each page until the end."""
    found, cursor = [], None
    while True:
        page = items.page(size, cursor, **options)
        found.append([one.moment for one in page.items])
        cursor = page.next
        if cursor is None:
            return found


def flat(pages: list[list[float]]) -> list[float]:
    return [one for page in pages for one in page]


def test_pages_have_each_item_once(ten: list[Play]) -> None:
    of_ada = Play.objects.set_hash_key("ada")

    assert [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]] == walk(of_ada, 4)
    assert [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0]] == walk(of_ada.order_by("-moment"), 4)


def test_filtered_pages_are_full_and_cut_between_two_items(ten: list[Play]) -> None:
    of_ada = Play.objects.set_hash_key("ada").filter(size__gte=3)

    assert [3, 4, 8, 9] == flat(walk(of_ada, 3))
    assert [[3], [4], [8], [9]] == [one for one in walk(of_ada, 1) if one]


def test_a_page_stops_at_its_budget_and_goes_on_later(ten: list[Play]) -> None:
    only = Play.objects.set_hash_key("ada").filter(size=4)

    pages = walk(only, 5, max_evaluated=2)
    # Some servers know that the last item was the last one, others find out by reading on.
    assert [4, 9] == flat(pages)
    assert 5 <= len(pages) <= 6
    assert 2 == only.page(5, max_evaluated=2).scanned


def test_what_is_checked_here_is_paged_like_the_rest(ten: list[Play]) -> None:
    odd = Play.objects.set_hash_key("ada").filter(moment__in=[1, 3, 5, 7, 9])

    assert [1, 3, 5, 7, 9] == flat(walk(odd, 2, max_evaluated=3))


def test_after_goes_on_behind_a_cursor(ten: list[Play]) -> None:
    of_ada = Play.objects.set_hash_key("ada")
    cursor = of_ada.page(7).next

    assert ten[7:] == [*of_ada.after(cursor or "")]
    assert ten[7:9] == [*of_ada.after(cursor or "").set_limit(2)]


def test_a_cursor_serves_its_own_query_only(ten: list[Play]) -> None:
    of_ada = Play.objects.set_hash_key("ada")
    cursor = of_ada.page(2).next or ""
    others = [
        of_ada.reverse(),
        of_ada.filter(size=1),
        of_ada.filter(moment__lt=5),
        of_ada.set_index("by_title"),
        Play.objects.set_hash_key("bob"),
    ]
    assert of_ada.values("size").page(2, cursor).items

    transport = FaultTransport()
    with override_transport(transport):
        for one in others:
            with pytest.raises(InvalidCursorError):
                one.page(2, cursor)
        for broken in ("", "x", cursor[:-1], cursor.swapcase(), f"{cursor}A"):
            with pytest.raises(InvalidCursorError):
                of_ada.page(2, broken)
            with pytest.raises(InvalidCursorError):
                of_ada.after(broken)
    assert [] == transport.sent


def test_a_cursor_shows_no_key(ten: list[Play]) -> None:
    assert "ada" not in (Play.objects.set_hash_key("ada").page(2).next or "")


def test_a_cursor_expires_if_the_settings_say_so(settings: Any) -> None:
    settings.PYDJAMODB_DATABASE = {"CURSOR_MAX_AGE": -1.0}
    item = {"listener": {"S": "ada"}, "moment": {"N": "1"}}
    page = reply(Items=[item], ScannedCount=1, LastEvaluatedKey=item)
    with override_transport(FaultTransport(faults=[page])):
        cursor = Play.objects.set_hash_key("ada").page(1).next

        with pytest.raises(InvalidCursorError, match="expired"):
            Play.objects.set_hash_key("ada").page(1, cursor)


def test_a_position_of_another_index_is_refused_here(settings: Any) -> None:
    settings.PYDJAMODB_DATABASE = {}
    foreign = {"device": {"S": "x"}, "plays": {"N": "1"}}
    with override_transport(FaultTransport()):
        for use in (list, len, lambda items: items.count()):
            with pytest.raises(DynamoDBQuerySetError, match="listener, moment"):
                use(Play.objects.set_hash_key("ada").set_last_evaluated_key(foreign))


@pytest.mark.parametrize("size", [0, -1])
def test_a_page_has_a_size(size: int) -> None:
    with pytest.raises(DynamoDBQuerySetError):
        Play.objects.set_hash_key("ada").page(size)
    with pytest.raises(DynamoDBQuerySetError):
        Play.objects.set_hash_key("ada").page(1, max_evaluated=size)


@pytest.mark.exhaustive
def test_one_of_5000_is_found_in_bounded_pages(database: str) -> None:
    """Nothing is lost, and nothing is there twice, however often a page stops at its budget."""
    if database == "moto":
        pytest.skip("moto takes too long to write 5,000 items")
    Play.objects.bulk_create(
        [Play(listener="ada", moment=one, size=one) for one in range(5000)], mode="batch"
    )
    transport = FaultTransport(inner=current_transport())
    with override_transport(transport):
        pages = walk(Play.objects.set_hash_key("ada").filter(size=4321), 10)

    assert [4321] == flat(pages)
    assert 5 <= len(transport.sent) <= 6
