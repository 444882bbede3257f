"""What came of a query, in the envelope of our own wire form."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.dialects.flex.envelope import reply
from django_flex.dialects.flex.parser import parse_query
from django_flex.plan.results import RowCount
from django_flex.plan.shape import Groups, Page, PageInfo, SingleRow
from django_flex.query.ast import Query
from django_flex.query.limits import Limits

FIRST = PageInfo(0, 50, has_more=False)
ROWS: list[dict[str, Any]] = [{"status": "b"}, {"status": "a"}]


def asked(payload: dict[str, Any], operation: str = "list") -> Query:
    return parse_query(payload, Limits(), resource="booking", operation=operation)


def page(**more: Any) -> Page:
    plain = {
        "rows": ROWS,
        "keys": [2, 1],
        "paging": FIRST,
        "ordered": False,
        "json_places": frozenset[str](),
    }
    return Page(**{**plain, **more})


def test_list_is_a_map_of_keys() -> None:
    result = reply(asked({}), page(), {})
    assert result.to_dict() == {
        "pagination": {"offset": 0, "limit": 50, "has_more": False},
        "results": {"2": {"status": "b"}, "1": {"status": "a"}},
    }


def test_a_map_comes_with_its_order() -> None:
    result = reply(asked({"order_by": "-status"}), page(ordered=True), {})
    assert [2, 1] == result.data["pagination"]["ids"]


def test_list_shape_has_ids_in_its_objects() -> None:
    result = reply(asked({"shape": "list", "order_by": "status"}), page(ordered=True), {})
    assert [{"id": 2, "status": "b"}, {"id": 1, "status": "a"}] == result.data["results"]
    assert "ids" not in result.data["pagination"]


def test_combinations_are_a_list_without_ids() -> None:
    result = reply(asked({"distinct": True}), page(keys=None, ordered=True), {})
    assert ROWS == result.data["results"]
    assert "ids" not in result.data["pagination"]


def test_next_is_what_was_asked_with_the_next_offset() -> None:
    sent = {"fields": "status", "filters": {"seats.gt": 1}, "limit": 2, "offset": 4}
    result = reply(asked(sent), page(paging=PageInfo(4, 2, has_more=True)), {})
    assert {**sent, "offset": 6} == result.data["pagination"]["next"]


@pytest.mark.parametrize(
    ("after", "before", "expected"),
    [
        ("abc", None, {"next": "abc"}),
        (None, "xyz", {"prev": "xyz"}),
        ("abc", "xyz", {"next": "abc", "prev": "xyz"}),
        (None, None, {}),
    ],
    ids=["first", "last", "middle", "only"],
)
def test_neighbours_of_a_page_by_cursor_are_cursors(
    after: str | None, before: str | None, expected: dict[str, str]
) -> None:
    paging = PageInfo(0, 50, has_more=after is not None, by_cursor=True, after=after, before=before)
    said = reply(asked({"cursor": True}), page(paging=paging), {}).data["pagination"]
    assert expected == {name: said[name]["cursor"] for name in ("next", "prev") if name in said}


def test_counts_and_totals_stand_beside_the_rows() -> None:
    result = reply(asked({}), page(count=RowCount(9, "capped"), totals={"count": 9}), {})
    assert (9, "capped") == tuple(result.data["pagination"][k] for k in ("count", "count_kind"))
    assert {"count": 9} == result.data["aggregates"]


def test_get_is_the_object() -> None:
    assert {"a": 1} == reply(asked({"id": 1}, "get"), SingleRow({"a": 1}), {}).data


@pytest.mark.parametrize(
    ("paging", "expected"),
    [
        (None, {"results": {"status": "b"}}),
        (
            FIRST,
            {"pagination": {"offset": 0, "limit": 50, "has_more": False}, "results": ROWS},
        ),
    ],
    ids=["one-of-all-rows", "groups"],
)
def test_groups_are_a_list_unless_there_is_one_of_all_rows(
    paging: PageInfo | None, expected: dict[str, Any]
) -> None:
    query = asked({"aggregate": "count"}, "aggregate")
    assert expected == reply(query, Groups(ROWS, paging, frozenset()), {}).data
