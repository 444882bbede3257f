"""Whether a value is taken is said of no row that the caller may not write, in lists neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import pytest
from django.db.models import Model
from django.db.models.signals import pre_save
from django.forms import modelform_factory

from tests.testapp.models import Product
from tests.writes.conftest import GRANT, ask

COLUMNS = ["sku", "name", "size", "supplier", "shelf", "place", "code", "price"]
RULED = {**GRANT, "write_fields": ["*"], "rows": {"supplier": "me"}}


def _check_all(self: Model, **options: Any) -> None:
    Model.full_clean(self, **options)


@contextmanager
def _full_clean() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Product, "full_clean", _check_all)
        yield


@contextmanager
def _receiver() -> Iterator[None]:
    """Let each row be saved by itself, and values be filled that were not sent."""

    def receive(**_options: Any) -> None:
        """Do nothing."""

    pre_save.connect(receive, sender=Product)
    try:
        yield
    finally:
        pre_save.disconnect(receive, sender=Product)


def _form() -> dict[str, Any]:
    return {"form_class": modelform_factory(Product, fields=COLUMNS)}


def _serializer() -> dict[str, Any]:
    serializers = pytest.importorskip("rest_framework.serializers")
    meta = type("Meta", (), {"model": Product, "fields": COLUMNS})
    made = type("ProductSerializer", (serializers.ModelSerializer,), {"Meta": meta})
    return {"serializer_class": made}


CODE: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "plain": nullcontext,
    "full_clean": _full_clean,
    "receiver": _receiver,
}
ENTRIES: dict[str, Callable[[], dict[str, Any]]] = {"form": _form, "serializer": _serializer}
#: What only a row of others has, and what is wrong with a row of the caller's.
TAKEN: dict[str, dict[str, Any]] = {
    "column": {"sku": "old0"},
    "set": {"shelf": 0, "place": 1},
    "constraint": {"code": "0"},
}
WRONG: dict[str, dict[str, Any]] = {"check": {"price": -1}, "taken": {"sku": "old2"}}


@pytest.fixture(params=[*CODE, *ENTRIES])
def way(request: pytest.FixtureRequest, configure: Callable[..., None]) -> Iterator[None]:
    """Each way in which rows are validated and saved; everybody may write those of one supplier."""
    parts = ENTRIES[request.param]() if request.param in ENTRIES else {}
    configure({"product": {"anon": RULED, **parts}})
    for number, supplier in enumerate(("them", "me", "me")):
        Product.objects.create(
            id=number + 1,
            sku=f"old{number}",
            name="Pear",
            supplier=supplier,
            code=str(number),
            shelf=number,
            place=1,
        )
    with CODE.get(request.param, nullcontext)():
        yield


@pytest.mark.one_in(3)
@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("taken", TAKEN)
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 0)])
def test_a_list_tells_no_more_than_a_row(taken: str, wrong: str, order: tuple[int, int]) -> None:
    theirs: dict[str, Any] = {"name": "Fig", "size": "S", "supplier": "them", "price": 1}
    mine: dict[str, Any] = {**theirs, "supplier": "me", **WRONG[wrong]}
    for action, keys in (("add", ({}, {})), ("edit", ({"id": 2}, {"id": 3}))):
        replies: list[tuple[int, dict[str, Any]]] = []
        for values in (TAKEN[taken], {}):
            # A value of both rows would be taken, whatever others have.
            rows: list[dict[str, Any]] = [
                {"sku": f"new{n}", **(mine if own else theirs)} for n, own in enumerate(order)
            ]
            at = order.index(0)
            rows[at] = {**rows[at], **values}
            items = [{**row, **key} for row, key in zip(rows, keys, strict=True)]
            replies.append(ask("product", action, _items=items))

        assert replies[0] == replies[1], (action, order)
        assert replies[0][0] in {400, 403}


def test_a_row_without_a_value_tells_no_more(configure: Callable[..., None]) -> None:
    configure({"product": {"anon": RULED}})
    Product.objects.create(sku="old", name="Pear", supplier="them", code="c")
    with _receiver():
        replies = [
            ask("product", "add", sku="z", supplier="them", code=code) for code in ("c", "free")
        ]

    assert [(403, "row.denied")] * 2 == [(status, reply["code"]) for status, reply in replies]
