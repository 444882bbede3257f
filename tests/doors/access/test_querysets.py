"""Querysets and managers of a project decide which rows there are, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Count

from django_flex import FlexQuery
from tests.doors.fronts import EVERYTHING
from tests.wild.models import News, Order, OrderLine

GRANT: dict[str, Any] = {
    **EVERYTHING,
    "ops": ["get", "list", "aggregate", "edit", "bulk_edit"],
    "aggregates": "*",
}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rows() -> None:
    first, second, hidden = (
        News.objects.create(name=name, number=n) for n, name in enumerate(["a", "b", "hidden"])
    )
    for number, news in enumerate([first, first, second, hidden]):
        order = Order(name="same", news=news)
        order.save()
        for amount in (1, 2, 0)[: number + 1]:
            OrderLine.objects.create(order=order, amount=amount)
    Order(name="without lines").save()


def ask(model: str, **query: Any) -> dict[str, Any]:
    shape = {} if query.get("_action") in {"get", "aggregate", "bulk_edit"} else {"shape": "list"}
    result = FlexQuery(f"wild.{model}").execute({**shape, **query})
    assert result.status_code == 200, result.to_dict()
    return result.to_dict()


def expose(configure: Callable[..., None], **entries: Any) -> None:
    names = ["news", "order", "orderline"]
    configure({f"wild.{name}": {"anon": GRANT, **entries.get(name, {})} for name in names})


def test_class_of_querysets_does_not_decide_which_value_stands_where(
    configure: Callable[..., None],
) -> None:
    expose(configure)

    listed = ask("news", fields="id,name,number", order_by="name,-number", count=True)
    assert [("a", 0), ("b", 1)] == [(row["name"], row["number"]) for row in listed["results"]]
    assert 2 == listed["pagination"]["count"]
    for key in (row["id"] for row in listed["results"]):
        assert key == ask("news", _action="get", id=key)["id"]
    nested = ask("order", fields="name,news.name,news.number", order_by="id")["results"]
    assert {"name": "a", "number": 0} == nested[0]["news"]
    inner = ask("news", fields="name,orders.id,orders.name", order_by="id")["results"]
    assert [["same", "same"], ["same"]] == [[o["name"] for o in n["orders"]] for n in inner]
    groups = ask("news", _action="aggregate", group_by="name,number", aggregate="count")["results"]
    assert [("a", 0, 1), ("b", 1, 1)] == [(g["name"], g["number"], g["count"]) for g in groups]
    page = ask("news", fields="name,number", order_by="name", cursor=True, limit=1)
    assert {"name": "a", "number": 0} == {k: page["results"][0][k] for k in ("name", "number")}


def joined(user: object) -> Any:
    return Order._base_manager.filter(lines__amount__gte=1)


def distinct(user: object) -> Any:
    return Order._base_manager.filter(lines__amount__gte=1).distinct()


def annotated(user: object) -> Any:
    return Order._base_manager.annotate(n=Count("lines")).filter(n__gte=1)


@pytest.mark.parametrize("queryset", [None, joined, distinct, annotated])
def test_rows_are_neither_repeated_nor_merged(
    configure: Callable[..., None], queryset: Any
) -> None:
    expose(configure, order={} if queryset is None else {"queryset": queryset})
    wanted = list(Order._base_manager.exclude(name="without lines").values_list("pk", flat=True))

    listed = ask("order", fields="id", order_by="id", count=True, aggregate="count")
    assert wanted == [row["id"] for row in listed["results"]]
    assert (4, 4) == (listed["pagination"]["count"], listed["aggregates"]["count"])
    assert 4 == len(ask("order", fields="name")["results"])
    assert 2 == len(ask("order", fields="name", limit=2, offset=2)["results"])
    inner = ask("news", fields="name,orders.name", order_by="id")["results"]
    assert [2, 1] == [len(row["orders"]) for row in inner]
    assert wanted[0] == ask("order", _action="get", id=wanted[0])["id"]
    walked, page = [], ask("order", fields="id", order_by="name", cursor=True, limit=1)
    while True:
        walked += [row["id"] for row in page["results"]]
        if "next" not in page["pagination"]:
            break
        page = ask("order", **page["pagination"]["next"])
    assert wanted == sorted(walked)

    changed = ask("order", _action="bulk_edit", filters={"id.gte": 0}, _set={"name": "new"})
    assert 4 == changed["affected"]


def united(user: object) -> Any:
    own = Order._base_manager.filter(lines__amount=1)
    return own.union(Order._base_manager.filter(lines__amount=2))


def sliced(user: object) -> Any:
    return Order._base_manager.order_by("pk")[:2]


@pytest.mark.parametrize(
    ("queryset", "expected"),
    [(united, (400, "query.unsupported")), (sliced, (401, "auth.required"))],
)
def test_rows_that_cannot_be_filtered_are_refused(
    configure: Callable[..., None], queryset: Any, expected: tuple[int, str]
) -> None:
    expose(configure, order={"queryset": queryset})
    result = FlexQuery("wild.order").execute({"fields": "name", "filters": {"name": "same"}})

    assert expected == (result.status_code, result.to_dict()["code"])
