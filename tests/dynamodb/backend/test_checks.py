"""What ``manage.py check`` says of grants on tables."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import CheckMessage

from django_flex.backends.dynamodb import DynamoBackend
from django_flex.checks import check_settings

#: Of keys and rules; that a filter reveals what is hidden is told of any model.
OF_KEYS = {f"django_flex.{one}" for one in ("E029", "I007", "W035", "W036")}
BY_LISTENER = {
    "rows": {"listener": {"$user": "username"}},
    "fields": ["pk", "listener", "moment", "title"],
    "filters": ["moment.*", "title"],
    "order_by": ["moment", "-moment", "-listener"],
    "ops": ["get", "list"],
}


def found(settings: Any, **changes: Any) -> list[CheckMessage]:
    grant = {name: one for name, one in (BY_LISTENER | changes).items() if one is not None}
    settings.DJANGO_FLEX = {
        "MIDDLEWARE_PATH": "/api/",
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"play": {"authenticated": grant}},
    }
    return [one for one in check_settings() if one.id in OF_KEYS]


@pytest.fixture(autouse=True)
def _tables(backend: DynamoBackend) -> None:
    """Plays are a table."""


def test_what_a_key_serves_is_no_problem(settings: Any) -> None:
    assert [] == found(settings)
    assert [] == found(settings, rows=None, filters=["listener"])
    assert [] == found(settings, rows=None, filters=["pk.in"])
    assert [] == found(settings, rows=None, filters="*", fields=["listener"])
    assert [] == found(settings, rows=None, filters=[], ops=["get"])


@pytest.mark.parametrize(
    "rows", [None, "*", {"title": "x"}, {"listener.startswith": "a"}, {"not": {"listener": "a"}}]
)
def test_a_list_that_no_key_can_find_is_told(settings: Any, rows: Any) -> None:
    [message] = found(settings, rows=rows)

    assert "django_flex.W035" == message.id
    assert "['filters']" in message.msg
    assert "device, genre, listener" in str(message.hint)


def test_an_order_that_no_key_gives_is_told(settings: Any) -> None:
    [message] = found(settings, order_by=["moment", "-size"], filters=["title"])

    assert ("django_flex.W036", True) == (message.id, "'size'" in message.msg)
    assert "listener, moment, title" in str(message.hint)
    # Rows of whole keys are sorted by anything.
    assert [] == found(settings, order_by=["-size"], filters=["moment"])
    assert [] == found(settings, order_by=["-size"], filters=["pk.in"])


@pytest.mark.parametrize("filters", [["title"], ["pk.in"]], ids=["query", "keys"])
def test_an_order_by_a_list_or_json_is_told(settings: Any, filters: list[str]) -> None:
    """Not even rows of whole keys are sorted by them."""
    messages = found(settings, order_by=["moment", "-tags", "extra"], filters=filters)

    assert ["django_flex.W036"] * 2 == [one.id for one in messages]
    assert [True, True] == [
        f"'{name}'" in one.msg for name, one in zip(("extra", "tags"), messages, strict=True)
    ]


def test_an_index_that_lacks_what_is_shown_is_told(settings: Any) -> None:
    changes = {"rows": None, "filters": ["genre"], "order_by": []}
    [message] = found(settings, **changes)

    assert "django_flex.I007" == message.id
    assert "by_genre lacks title" in message.msg
    assert [] == found(settings, **changes, fields=["pk", "listener", "moment", "genre"])


def test_a_rule_that_is_no_data_is_an_error(settings: Any) -> None:
    [message, *_] = found(settings, rows=lambda user: None)

    assert "django_flex.E029" == message.id


def test_hooks_are_an_error(settings: Any) -> None:
    settings.DJANGO_FLEX = {
        "EXPOSE": {
            "play": {
                "authenticated": BY_LISTENER | {"ops": ["add", "list"]},
                "hooks": {"before_add": lambda **kwargs: None},
            }
        }
    }
    assert "django_flex.E009" in {one.id for one in check_settings()}
