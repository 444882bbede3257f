"""What one matrix opens and closes, compared with another."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.matrix import changes, opened
from tests.matrix.test_matrix import matrix_of

GRANT: dict[str, Any] = {
    "rows": {"urgent": True},
    "fields": ["id", "status"],
    "filters": ["status"],
    "order_by": ["id"],
    "ops": ["list"],
}
CLOSED: tuple[str, ...] = ()


def compared(before: Any, after: Any) -> tuple[list[str], list[str]]:
    """Return what is opened and what is closed, without the lines."""
    expose: list[Any] = [{"booking": {"clerk": one}} for one in (before, after)]
    found = changes(*map(matrix_of, expose))
    texts = [one.text for one in found if one.opened], [one.text for one in found if not one.opened]
    assert [one.text for one in opened(found)] == texts[0]
    return texts


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"fields": ["id", "status", "price"]}, "field price"),
        ({"filters": ["status", "price.gte"]}, "filter price (gte)"),
        ({"filters": ["status", "status.in"]}, "filter status (in)"),
        ({"order_by": ["id", "-id"]}, "order id (descending)"),
        ({"ops": ["list", "get"]}, "operation get"),
        ({"search": ["status"]}, "search status"),
        ({"ops": ["list", "add"]}, "add status"),
        (
            {"ops": ["list", "aggregate"], "aggregates": ["price.sum"]},
            "aggregate price.sum (total)",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_granted_is_opened_and_the_other_way_round_closed(more: Any, text: str) -> None:
    is_opened, closed = compared(GRANT, {**GRANT, **more})

    assert text in is_opened
    assert closed == []
    assert compared({**GRANT, **more}, GRANT) == ([], is_opened)


@pytest.mark.parametrize(
    ("before", "after", "opens"),
    [
        ({"urgent": True}, "*", True),
        ({"urgent": True}, {"urgent": False}, True),
        ("*", {"urgent": True}, False),
        ({"urgent": True}, {}, False),
    ],
    ids=["all", "other", "some", "none"],
)
def test_a_rule_counts_as_opened_unless_it_is_known_to_be_narrower(
    before: Any, after: Any, opens: bool
) -> None:
    is_opened, closed = compared({**GRANT, "rows": before}, {**GRANT, "rows": after})

    assert (len(is_opened), len(closed)) == ((1, 0) if opens else (0, 1))


def test_any_operator_includes_each_but_patterns() -> None:
    every = {**GRANT, "filters": ["status.*"]}

    assert compared(GRANT, every) == (["filter status (*)"], [])
    assert compared(every, GRANT) == ([], ["filter status (*)"])
    assert compared(every, {**GRANT, "filters": ["status.*", "status.regex"]}) == (
        ["filter status (regex)"],
        [],
    )


def test_a_new_role_and_a_new_model_are_opened() -> None:
    is_opened, closed = compared({}, GRANT)

    assert "operation list" in is_opened
    assert closed == []


def test_a_change_says_who_what_and_why() -> None:
    before, after = {**GRANT, "ops": []}, GRANT
    found = changes(
        *(matrix_of({"booking": {"clerk": one, "anon": {}}}) for one in (before, after))
    )

    assert str(found[0]) == (
        "+ clerk on booking: operation list  [EXPOSE['booking']['clerk']['ops']: 'list']"
    )


def test_nothing_has_changed() -> None:
    assert compared(GRANT, dict(GRANT)) == ([], [])
