"""The examples would fail where a page is wrong: what the comparison finds."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

import pytest

from tests.docs.comparison import differences, faults
from tests.docs.pages import Block
from tests.docs.worker import run_step

GIVEN = {"id": 1, "price": "0.99", "tags": ["a", "b"], "album": {"title": "Load"}}


def reply(language: str, text: str) -> Block:
    return Block("page.md", 1, language, text)


def answered(body: Any, status: int = 200, **headers: str) -> dict[str, Any]:
    return {"status": status, "headers": headers, "body": json.dumps(body)}


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(GIVEN, id="all of it"),
        pytest.param({**GIVEN, "album": "…"}, id="a value left out"),
        pytest.param({"id": 1, "…": "…"}, id="keys left out"),
        pytest.param({**GIVEN, "tags": ["a", "…"]}, id="items left out"),
    ],
)
def test_a_reply_as_shown_has_no_differences(shown: Any) -> None:
    assert differences(shown, GIVEN) == []


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param({**GIVEN, "id": 2}, id="another value"),
        pytest.param({**GIVEN, "id": True}, id="another type"),
        pytest.param({**GIVEN, "year": 1}, id="a key too many"),
        pytest.param({"id": 1, "price": "0.99", "tags": ["a", "b"]}, id="a key too few"),
        pytest.param({**GIVEN, "year": 1, "…": "…"}, id="a key too many, keys left out"),
        pytest.param({**GIVEN, "tags": ["a"]}, id="an item too few"),
        pytest.param({**GIVEN, "tags": ["a", "b", "c"]}, id="an item too many"),
        pytest.param({**GIVEN, "tags": ["b", "…"]}, id="another item"),
        pytest.param({**GIVEN, "album": {"title": "Reload"}}, id="nested"),
        pytest.param([], id="another kind"),
    ],
)
def test_a_reply_that_is_not_as_shown_has_one(shown: Any) -> None:
    assert len(differences(shown, GIVEN)) == 1


@pytest.mark.parametrize(
    ("shown", "outcome", "found"),
    [
        pytest.param("", answered({}, 404), 1, id="a status that is not shown"),
        pytest.param("HTTP/1.1 404 Not Found\n\n{}", answered({}, 404), 0, id="as shown"),
        pytest.param("HTTP/1.1 404 Not Found\n\n{}", answered({}), 1, id="another status"),
        pytest.param("HTTP/1.1 200 OK\n\n{}", answered({"a": 1}), 1, id="another body"),
        pytest.param("HTTP/1.1 200 OK\n", answered({}), 1, id="a body that is not shown"),
        pytest.param("HTTP/1.1 200 OK\nAllow: GET\n\n{}", answered({}), 1, id="no such header"),
        pytest.param(
            "HTTP/1.1 200 OK\nAllow: …, POST\n\n{}",
            answered({}, allow="GET, POST"),
            0,
            id="a part of a header",
        ),
    ],
)
def test_a_message_is_compared_by_status_headers_and_body(
    shown: str, outcome: dict[str, Any], found: int
) -> None:
    assert len(faults(reply("http", shown) if shown else None, outcome)) == found


def test_lines_are_looked_for_in_their_order() -> None:
    output = {"output": "one\n  two\nthree\n"}

    assert faults(reply("text", "one\nthree\n"), output) == []
    assert faults(reply("text", "three\none\n"), output) == ["one"]


def test_an_exception_is_an_outcome() -> None:
    step = {"kind": "python", "text": "1 / 0", "file": "", "place": "page.md:1"}

    outcome = run_step(step, {}, ExitStack())

    assert "ZeroDivisionError" in outcome["error"]


def test_a_refusal_has_to_be_shown() -> None:
    outcome = {"status": 200, "headers": {}, "body": "{}", "refused": True}

    assert faults(None, outcome)
    assert [] == faults(None, {**outcome, "refused": False})
