"""A key tells nothing of rows and columns that are hidden."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Q

from django_flex import FlexQuery
from tests.keyed.conftest import exposed
from tests.keyed.models import PlotCell

OPS = ["get", "list", "add", "edit", "delete", "upsert", "bulk_edit", "bulk_delete", "aggregate"]
RULES: dict[str, Any] = {
    "of a part": {"row.gt": 0},
    "of the key": {"not": {"pk": "-1~3"}},
    "as code": lambda user: Q(row__gt=0),
    "of another column": {"owner": "ann"},
}
SEEN = ["1~1", "1~2", "2~1", "2~12"]


def run(**query: Any) -> Any:
    return FlexQuery("keyed.plotcell").execute(query)


@pytest.fixture(params=[pytest.param(rule, id=name) for name, rule in RULES.items()])
def ruled(request: Any, rows: None, settings: Any) -> None:
    exposed(settings, plotcell={"rows": request.param, "ops": OPS})


def test_hidden_rows_are_missing(ruled: None) -> None:
    assert SEEN == list(run(_action="list").to_dict()["results"])
    assert 4 == run(_action="list", count="exact").to_dict()["pagination"]["count"]
    assert 4 == run(_action="aggregate", aggregate="count").to_dict()["results"]["count"]
    assert [] == [*run(_action="list", filters={"pk.in": ["-1~3", "9~9"]}).to_dict()["results"]]
    page = run(_action="list", order_by="-pk", cursor="", limit=4).to_dict()
    assert SEEN[::-1] == list(page["results"])
    assert not page["pagination"]["has_more"]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"_action": "get"}, id="get"),
        pytest.param({"_action": "edit", "crop": "x"}, id="edit"),
        pytest.param({"_action": "delete"}, id="delete"),
        pytest.param({"_action": "edit", "crop": "x", "_if_match": '"x"'}, id="if-match"),
        pytest.param({"_action": "edit", "row": 3}, id="key"),
    ],
)
def test_a_hidden_row_is_as_one_that_is_not_there(ruled: None, query: Any) -> None:
    hidden, missing = run(_id="-1~3", **query), run(_id="-1~4", **query)

    assert hidden.to_dict() == missing.to_dict()
    assert hidden.status_code == missing.status_code
    assert 5 == PlotCell.objects.exclude(crop="x").count()


def test_many_writes_leave_hidden_rows_alone(ruled: None) -> None:
    items = [{"_id": key, "crop": "x"} for key in ("1~1", "-1~3")]
    assert 404 == run(_action="edit", _items=items).status_code
    assert 404 == run(_action="delete", _items=["1~1", "-1~3"]).status_code
    assert 4 == run(_action="bulk_edit", filters={}, _set={"crop": "x"}).to_dict()["affected"]
    assert "oat" == PlotCell.objects.get(pk=(-1, 3)).crop


def test_rows_are_not_written_out_of_sight(ruled: None) -> None:
    reply = run(_action="add", row=-1, column=3, crop="x", owner="bob")
    assert 403 == reply.status_code
    # Whether the key is taken is not told.
    PlotCell.objects.filter(pk=(-1, 3)).delete()
    assert reply.to_dict() == run(_action="add", row=-1, column=3, crop="x", owner="bob").to_dict()
    PlotCell.objects.create(row=-1, column=3, crop="oat", owner="bob")
    assert 5 == PlotCell.objects.count()


@pytest.mark.exhaustive
def test_columns_that_no_wildcard_covers_are_not_in_the_key_either(
    rows: None, settings: Any
) -> None:
    exposed(settings, plotcell={"exclude": ["row"], "ops": ["get"]})
    got = run(_action="get", _id="-1~3").to_dict()
    assert {"column": 3, "crop": "oat", "owner": "bob"} == got
    assert 403 == run(_action="get", _id="-1~3", fields="pk").status_code


def test_a_key_that_is_not_granted_is_as_a_field_that_is_not_there(
    rows: None, settings: Any
) -> None:
    exposed(settings, plotcell={"fields": ["crop"], "ops": ["get"]})
    for key, other in (("pk", "pq"), ("row", "raw")):
        denied, missing = (run(_action="get", _id="-1~3", fields=name) for name in (key, other))
        assert denied.to_dict()["code"] == missing.to_dict()["code"]
        assert 403 == denied.status_code == missing.status_code
