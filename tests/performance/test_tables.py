"""The section about DynamoDB says what was measured, or that nothing was."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from tests.performance.__main__ import verdict
from tests.performance.contest import Contest
from tests.performance.sections import tables

UNUSED = cast("Contest", None)


def said(monkeypatch: pytest.MonkeyPatch, found: Any) -> Any:
    monkeypatch.setattr(
        "subprocess.check_output", lambda *_, **__: f"noise\n{json.dumps(found)}\n".encode()
    )
    return [*tables.tables(UNUSED)]


def test_without_dynalite_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    found = said(monkeypatch, {})

    assert [*tables.CASES] == [one.case for one in found]
    assert {tables.MISSING} == {figure.note for one in found for figure in one.figures}


def test_a_part_of_the_time_of_pynamodb_has_a_target(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = {"ours": 6.0, "theirs": 10.0, "ratio": 0.6}
    fast = {"ours": 1.0, "theirs": 10.0, "ratio": 0.1}
    found = said(monkeypatch, {"values": slow, "bytes": fast, "get": fast})

    assert [False, True, True] == [one.holds for one in found]


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (None, "no target was measured"),
        (0.1, "every target that was measured holds: 1"),
        (0.9, "1 targets missed"),
    ],
)
def test_only_what_was_measured_is_said_to_hold(
    monkeypatch: pytest.MonkeyPatch, ratio: float | None, expected: str
) -> None:
    taken = {} if ratio is None else {"get": {"ours": 1.0, "theirs": 2.0, "ratio": ratio}}

    assert expected == verdict(said(monkeypatch, taken))
