"""Texts of JSON are read as Python's own decoder reads them, but for bytes."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_flex.dynamodb.core.encoding import decoded

NUMBERS = st.integers().map(str)
VALUES = st.recursive(
    st.one_of(
        st.text().map(lambda text: {"S": text}),
        NUMBERS.map(lambda text: {"N": text}),
        st.booleans().map(lambda flag: {"BOOL": flag}),
        st.lists(NUMBERS).map(lambda texts: {"NS": texts}),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda some: {"L": some}),
        st.dictionaries(st.text(), inner, max_size=3).map(lambda some: {"M": some}),
    ),
    max_leaves=8,
)
ITEMS = st.dictionaries(st.text().filter(lambda name: name not in {"B", "BS"}), VALUES, max_size=4)


@given(st.lists(ITEMS, max_size=3), st.booleans())
def test_items_are_read_as_they_are_sent(items: list[Any], ascii_only: bool) -> None:
    text = json.dumps({"Items": items, "Count": len(items)}, ensure_ascii=ascii_only)
    sent = text.encode(errors="surrogatepass")

    assert json.loads(text) == decoded(sent)


@pytest.mark.parametrize(
    "text",
    [
        b'{"Item":{"a":{"S":"\\ud800"}}}',
        b'{"Count":123456789012345678901234567890}',
        b'{"CapacityUnits":1e999}',
        b'\xef\xbb\xbf{"Count":1}',
        b' {"a": 1, "a": 2}\n',
    ],
    ids=["half of a surrogate", "a long number", "infinity", "a mark", "a name twice"],
)
def test_whatever_is_json_to_python_is_read(text: bytes) -> None:
    assert json.loads(text) == decoded(text)


@pytest.mark.parametrize("text", [b"", b"{", b"{}x", b"\xff", b"{'a': 1}"])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decoded(text)


def test_bytes_are_found_beside_any_other_value() -> None:
    sent = {"Item": {"a": {"B": b64encode(b"\xff").decode()}, "b": {"S": "x"}}}

    assert {"Item": {"a": {"B": b"\xff"}, "b": {"S": "x"}}} == decoded(json.dumps(sent).encode())
