"""Fields and lookups of a project that refuse a filter, by whatever they raise."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from django_flex import FlexQuery
from tests.doors.fronts import EVERYTHING
from tests.wild.refusing import Box, BoxPart

REFUSED: list[Any] = [
    ({"few.iexact": "x"}, "few.iexact"),
    ({"few.icontains": "x"}, "few.icontains"),
    ({"few.in": ["x"]}, "few.in"),
    ({"few.isnull": True}, "few.isnull"),
    ({"empty": None}, "empty"),
    ({"few.gt": "x"}, "few.gt"),
    ({"few.range": ["a", "b"]}, "few.range"),
    ({"encrypted": "x"}, "encrypted"),
    ({"encrypted.ne": "x"}, "encrypted.ne"),
    ({"encrypted.contains": "x"}, "encrypted.contains"),
    ({"typed": "x"}, "typed"),
    ({"typed.in": ["t:", "x"]}, "typed.in"),
    ({"or": [{"typed": "x"}, {"id": 1}]}, "typed"),
    ({"not": {"encrypted": "x"}}, "encrypted"),
]
#: Only Django asks for what these need, so the path is that of all filters.
NEGATED: list[Any] = [{"empty.ne": "x"}, {"not": {"empty": "x"}}]


@pytest.fixture(autouse=True)
def exposed(db: None, configure: Callable[..., None]) -> None:
    configure({f"wild.{name}": {"anon": EVERYTHING} for name in ("box", "boxpart")})
    BoxPart.objects.create(box=Box.objects.create())


def ask(model: str, filters: Any) -> tuple[int, Any]:
    result = FlexQuery(model).execute({"filters": filters, "fields": "id"})
    assert "secret" not in json.dumps(result.to_dict())
    return result.status_code, result.to_dict()


@pytest.mark.parametrize(("filters", "path"), REFUSED, ids=json.dumps)
def test_refused_filter_is_an_error_of_its_path(filters: Any, path: str) -> None:
    status, reply = ask("wild.box", filters)
    assert status == 400, reply
    assert reply["path"].startswith("filters.")
    assert reply["path"].endswith(path)


@pytest.mark.parametrize("filters", [one for one, _ in REFUSED], ids=json.dumps)
def test_refused_filter_is_a_400_over_relations(filters: Any) -> None:
    def moved(part: Any) -> Any:
        if isinstance(part, list):
            return [moved(one) if isinstance(one, dict) else one for one in part]
        return {
            key if key in ("or", "not", "id") else f"box.{key}": moved(value)
            if isinstance(value, dict) or key == "or"
            else value
            for key, value in part.items()
        }

    assert ask("wild.boxpart", moved(filters))[0] == 400


@pytest.mark.parametrize("filters", NEGATED, ids=json.dumps)
def test_negation_that_a_field_refuses_is_a_400(filters: Any) -> None:
    status, reply = ask("wild.box", filters)
    assert (400, "filters") == (status, reply["path"])


@pytest.mark.parametrize(
    "filters", [{"few": ""}, {"few.ne": "x"}, {"typed": "t:"}, {"typed.in": ["t:"]}], ids=json.dumps
)
def test_filters_that_a_field_takes_work(filters: Any) -> None:
    assert list(ask("wild.box", filters)[1]["results"]) != []
