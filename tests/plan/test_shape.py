"""Rows into replies, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from django_flex.exceptions import ObjectNotFoundError
from django_flex.plan.json_values import encode, plain
from django_flex.plan.nodes import Branch, Layout, Leaf
from django_flex.plan.results import ResultSet
from django_flex.plan.rows import row_shaper
from django_flex.plan.shape import Page, SingleRow, shape
from django_flex.schema.resources import Attribute


def column(kind: str, storage: Any = None) -> Attribute:
    return Attribute("a", "a", kind, null=True, storage=storage)


def leaf(name: str, index: int, kind: str = "text", **more: Any) -> Leaf:
    return Leaf(name, index, kind, column(kind, more.pop("storage", None)), **more)


class Storage:
    def url(self, name: str) -> str:
        return f"/media/{name}"

    def size(self, name: str) -> int:
        if name == "gone":
            raise FileNotFoundError
        return 3


FILE = Storage()
DOCUMENT = {"a": {"b": 1, "c": None}, "list": [{"x": 1}, 2], "0": "zero"}
CASES: dict[str, tuple[Layout, tuple[Any, ...], dict[str, Any]]] = {
    "values": ((leaf("a", 1), leaf("b", 0)), (1, "x"), {"a": "x", "b": 1}),
    "nan": ((leaf("a", 0, "float"),), (float("nan"),), {"a": None}),
    "infinity": ((leaf("a", 0, "float"),), (float("-inf"),), {"a": None}),
    "null-float": ((leaf("a", 0, "float"),), (None,), {"a": None}),
    "file": (
        (leaf("a", 0, "file", storage=FILE),),
        ("x.txt",),
        {"a": {"url": "/media/x.txt", "name": "x.txt"}},
    ),
    "file-with-its-size": (
        (leaf("a", 0, "file", storage=FILE, picks=(("name",), ("size",))),),
        ("x.txt",),
        {"a": {"name": "x.txt", "size": 3}},
    ),
    "size-of-a-file-by-itself": (
        (leaf("a", 0, "file", storage=FILE, picks=(("size",),), bare=True),),
        ("x.txt",),
        {"a": 3},
    ),
    "file-that-is-gone": (
        (leaf("a", 0, "file", storage=FILE, picks=(("url",), ("size",))),),
        ("gone",),
        {"a": {"url": "/media/gone", "size": None}},
    ),
    "no-file": ((leaf("a", 0, "file", storage=FILE),), ("",), {"a": None}),
    "hidden-value": ((leaf("a", 0, flags=(0,)),), ("secret", False), {"a": None}),
    "hidden-on-the-way": ((leaf("a", 0, flags=(0, 1)),), ("secret", True, None), {"a": None}),
    "visible-value": ((leaf("a", 0, flags=(0, 1)),), ("x", True, 1), {"a": "x"}),
    "branch": ((Branch("r", (leaf("a", 0),)),), ("x",), {"r": {"a": "x"}}),
    "missing-branch": ((Branch("r", (leaf("a", 0),), presence=1),), ("x", None), {"r": None}),
    "present-branch": ((Branch("r", (leaf("a", 0),), presence=1),), ("x", 0), {"r": {"a": "x"}}),
    "hidden-branch": ((Branch("r", (leaf("a", 0),), flags=(0,)),), ("x", False), {"r": None}),
    "unknown-branch": ((Branch("r", (leaf("a", 0),), flags=(0,)),), ("x", None), {"r": None}),
    "branch-of-two-hidden-rows": (
        (Branch("r", (leaf("a", 0),), flags=(0, 1)),),
        ("x", True, False),
        {"r": None},
    ),
    "missing-branch-behind-a-visible-row": (
        (Branch("r", (leaf("a", 0),), presence=1, flags=(0,)),),
        (None, None, True),
        {"r": None},
    ),
    "branch-in-a-hidden-branch": (
        (Branch("r", (Branch("s", (leaf("a", 0),), flags=(1,)),), flags=(0,)),),
        ("x", False, True),
        {"r": None},
    ),
    "json": ((leaf("a", 0, "json"),), (DOCUMENT,), {"a": DOCUMENT}),
    "json-key-under-an-alias": ((leaf("a", 0, "json", keys=("a", "b")),), (DOCUMENT,), {"a": 1}),
    "json-null": ((leaf("a", 0, "json", keys=("a", "c")),), (DOCUMENT,), {"a": None}),
    "json-key-that-is-absent": ((leaf("a", 0, "json", keys=("a", "x")),), (DOCUMENT,), {}),
    "json-key-of-a-text": ((leaf("a", 0, "json", keys=("0", "0")),), (DOCUMENT,), {}),
    "json-index": ((leaf("a", 0, "json", keys=("list", "0", "x")),), (DOCUMENT,), {"a": 1}),
    "json-index-beyond": ((leaf("a", 0, "json", keys=("list", "9")),), (DOCUMENT,), {}),
    "json-digits-as-a-key": ((leaf("a", 0, "json", keys=("0",)),), (DOCUMENT,), {"a": "zero"}),
    "json-parts": (
        (leaf("a", 0, "json", picks=(("a", "b"), ("x",), ("0",))),),
        (DOCUMENT,),
        {"a": {"a": {"b": 1}, "0": "zero"}},
    ),
    "json-part-of-a-part": (
        (leaf("a", 0, "json", picks=(("a", "b"), ("a",), ("a", "b"))),),
        (DOCUMENT,),
        {"a": {"a": {"b": 1, "c": None}}},
    ),
    "json-that-is-null": ((leaf("a", 0, "json", picks=(("a",),)),), (None,), {"a": {}}),
}


@pytest.mark.parametrize(
    ("layout", "row", "expected"), [pytest.param(*case, id=name) for name, case in CASES.items()]
)
def test_row_is_put_where_the_layout_says(
    layout: Layout, row: tuple[Any, ...], expected: dict[str, Any]
) -> None:
    assert row_shaper(layout, len(row) - _flags(layout))(row) == expected


def _flags(layout: Layout) -> int:
    """Return the number of flags at the end of a row."""
    counts = [0]
    for member in layout:
        if isinstance(member, Leaf):
            counts += [flag + 1 for flag in member.flags]
        elif isinstance(member, Branch):
            counts += [*(flag + 1 for flag in member.flags), _flags(member.members)]
    return max(counts)


@pytest.mark.parametrize("name", ["__import__('os')", "a'b\"c", "{}", "\n", "lambda: 0"])
def test_names_are_never_part_of_the_compiled_source(name: str) -> None:
    layout = (leaf(name, 0), Branch(name * 2, (leaf(name, 0),)))
    assert row_shaper(layout, 1)(("x",)) == {name: "x", name * 2: {name: "x"}}


def _plan(**more: Any) -> Any:
    plain = {
        "single": False,
        "offset": 0,
        "limit": 50,
        "order_by": (),
        "searches": False,
        "json_places": frozenset(),
        "keyset": None,
        "cells": (),
        "totals": None,
        "make_object": lambda row: {"status": row[1]},
        "output": SimpleNamespace(has_pages=False, key_width=1),
        "resource": SimpleNamespace(key_name="id"),
    }
    return SimpleNamespace(**{**plain, **more})


def test_rows_of_a_list_are_values_with_their_keys_beside_them() -> None:
    page = shape(_plan(), ResultSet([(2, "b"), (1, "a")]))
    assert isinstance(page, Page)
    assert ([2, 1], [{"status": "b"}, {"status": "a"}]) == (page.keys, page.rows)
    assert (0, 50, False) == (page.paging.offset, page.paging.limit, page.paging.has_more)


def test_combinations_of_values_have_no_keys() -> None:
    page = shape(_plan(cells=("a cell",)), ResultSet([(2, "b")]))
    assert isinstance(page, Page)
    assert page.keys is None


@pytest.mark.parametrize(
    ("more", "expected"),
    [({}, False), ({"order_by": ("a path",)}, True), ({"searches": True}, True)],
    ids=["none", "order-by", "search"],
)
def test_an_order_that_was_asked_for_is_known(more: dict[str, Any], expected: bool) -> None:
    page = shape(_plan(**more), ResultSet([]))
    assert isinstance(page, Page)
    assert expected == page.ordered


def test_get_of_no_row_is_not_found() -> None:
    item = shape(_plan(single=True), ResultSet([(1, "a")]))
    assert isinstance(item, SingleRow)
    assert {"status": "a"} == item.value
    with pytest.raises(ObjectNotFoundError):
        shape(_plan(single=True), ResultSet([]))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(Decimal("10.50"), '"10.50"', id="decimal"),
        pytest.param(float("nan"), "null", id="nan"),
        pytest.param(timedelta(days=1, hours=2), '"P1DT7200S"', id="duration"),
        pytest.param(b"\x00\xff", '"AP8="', id="binary"),
        pytest.param(2**70, str(2**70), id="large-integer"),
        pytest.param("\ud800a", '"\ufffda"', id="half-a-surrogate-pair"),
        pytest.param({"\udfff": ["\ud800"]}, '{"\ufffd":["\ufffd"]}', id="halves-inside"),
        pytest.param(
            {"a": ["\ud83d\ude00", 1, None]}, '{"a":["\U0001f600",1,null]}', id="pair-apart"
        ),
        pytest.param(SimpleNamespace, f'"{SimpleNamespace}"', id="anything-else-as-text"),
    ],
)
def test_values_have_one_form_in_json(value: Any, expected: str) -> None:
    assert encode(value).decode() == expected


def test_plain_values_are_what_a_client_decodes() -> None:
    assert plain({"a": Decimal("1.0"), "b": (1, 2)}) == {"a": "1.0", "b": [1, 2]}


@pytest.mark.parametrize(
    "text", ["a", mark_safe("<b>"), gettext_lazy("Yes")], ids=["text", "safe", "lazy"]
)
def test_value_of_a_custom_field_is_its_text(text: Any) -> None:
    class Block:
        def __str__(self) -> str:
            return str(text)

    assert {"block": str(text), "own": str(text)} == plain({"block": Block(), "own": text})


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [
        ("0E-8", 8, "0.00000000"),
        ("1E-8", 8, "0.00000001"),
        ("-0.0000001", 7, "-0.0000001"),
        ("1E+3", None, "1000"),
        ("12345678901234567890.000000000001", 12, "12345678901234567890.000000000001"),
        ("0.000000", 6, "0.000000"),
    ],
)
def test_decimal_is_never_in_scientific_notation(
    value: str, scale: int | None, expected: str
) -> None:
    place = replace(leaf("a", 0, "decimal"), column=replace(column("decimal"), scale=scale))
    shaped = row_shaper((place,), 1)((Decimal(value),))

    assert Decimal(value) == shaped["a"]
    assert {"a": expected} == plain(shaped)
    assert expected == str(shaped["a"])


def test_missing_decimal_is_null() -> None:
    place = replace(leaf("a", 0, "decimal"), column=replace(column("decimal"), scale=8))

    assert {"a": None} == row_shaper((place,), 1)((None,))


@pytest.mark.parametrize("error", [OSError, NotImplementedError, ValueError, KeyError])
def test_file_without_a_url_is_served_without_it(error: type[Exception]) -> None:
    class Broken(Storage):
        def url(self, name: str) -> str:
            raise error

    shaped = row_shaper((leaf("a", 0, "file", storage=Broken()),), 1)(("f",))

    assert {"url": None, "name": "f"} == shaped["a"]
