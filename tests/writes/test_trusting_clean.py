"""``clean`` of a model meets values that its fields have refused, or let pass as they came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.wild.refusing import Cleaned, FullyCleaned, Trusting
from tests.writes.conftest import GRANT, ask

MODELS: dict[str, Any] = {"wild.cleaned": Cleaned, "wild.fullycleaned": FullyCleaned}


@pytest.fixture(autouse=True)
def open_models(configure: Callable[..., None]) -> None:
    configure({name: {"anon": {**GRANT, "write_fields": ["*"]}} for name in MODELS})


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"span": "x"}, {"span": ["invalid"]}),
        ({"span": "x", "number": 500}, {"span": ["invalid"]}),
        ({"span": {"a": 1}}, {"span": ["invalid"]}),
        ({"span": [1]}, {"span": ["invalid"]}),
        ({"span": 5}, {"span": ["invalid"]}),
        ({"span": True}, {"span": ["invalid"]}),
        ({"span": ""}, {"span": ["invalid"]}),
        ({"data": None}, {"data": ["null"]}),
        ({"data": None, "span": "1-2"}, {"data": ["null"]}),
        ({"data": [1]}, {"data": ["invalid"]}),
        ({"data": "text"}, {"data": ["invalid"]}),
        ({"span": "3-4", "data": {"most": "x"}}, {"data": ["invalid"]}),
        ({"span": [1], "data": [1]}, {"span": ["invalid"], "data": ["invalid"]}),
        ({"span": "30-40"}, {"span": ["late"]}),
        ({"span": "x", "number": "y"}, {"span": ["invalid"], "number": ["invalid"]}),
    ],
)
def test_values_that_clean_stumbles_over_are_named(
    name: str, sent: dict[str, Any], expected: dict[str, list[str]]
) -> None:
    stored: Trusting = MODELS[name]._default_manager.create(span=range(1, 2))
    for action, key in (("add", {}), ("edit", {"id": stored.pk})):
        status, reply = ask(name, action, **key, **sent)
        assert (400, expected) == (status, reply.get("codes")), (action, reply)


@pytest.mark.parametrize("name", MODELS)
def test_what_is_no_fault_of_a_value_is_not_blamed_on_one(name: str) -> None:
    assert 201 == ask(name, "add", span="1-2", data={"most": 3})[0]
    assert 403 == ask(name, "add", data={"secret": True})[0]
    with pytest.raises(LookupError):
        ask(name, "add", span="1-2", data={"most": 3}, number=500)
