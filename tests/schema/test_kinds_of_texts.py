"""Texts that fields make objects of, which only behave like texts, are texts in every reply."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tests.doors.fronts import AGGREGATING
from tests.wild.worded import Snippet

NAMES = ("marked", "lazy", "wrapped", "own")
GRANT = {**AGGREGATING, "ops": ["get", "list", "add", "edit", "export"], "write_fields": ["*"]}
TEXT = '<b>=1+1</b>, "é"'


@pytest.fixture(autouse=True)
def snippet(db: None, configure: Any) -> Snippet:
    configure({"wild.snippet": {"anon": GRANT}})
    return Snippet.objects.create(**dict.fromkeys(NAMES, TEXT))


def text_of(path: str, **headers: str) -> str:
    reply: Any = Client().get(f"/api/wild.snippet/{path}", headers=headers)
    assert 200 == reply.status_code
    content = b"".join(reply) if reply.streaming else reply.content
    return str(content.decode())


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_text_wherever_it_is_shown(name: str, snippet: Snippet) -> None:
    row = {name: TEXT}
    assert row == json.loads(text_of(f"{snippet.pk}?fields={name}"))
    assert [{"id": snippet.pk, **row}] == json.loads(text_of(f"?fields={name}&shape=list"))[
        "results"
    ]
    line = json.loads(text_of(f"?fields={name}", accept="application/x-ndjson"))
    assert {"id": snippet.pk, **row} == line
    quoted = TEXT.replace('"', '""')
    assert f'{name}\r\n"{quoted}"\r\n' == text_of(f"?fields={name}", accept="text/csv")


@pytest.mark.parametrize("name", NAMES)
def test_a_formula_in_it_is_none_in_a_spreadsheet(name: str) -> None:
    Snippet.objects.update(**{name: "=1+1"})
    assert f"{name}\r\n'=1+1\r\n" == text_of(f"?fields={name}", accept="text/csv")


@pytest.mark.parametrize("name", NAMES)
def test_it_is_written_and_sent_back(name: str, snippet: Snippet) -> None:
    for sent, stored in ((TEXT, TEXT), ("other", "other")):
        reply = Client().patch(f"/api/wild.snippet/{snippet.pk}", {name: sent}, "application/json")
        assert (200, stored) == (reply.status_code, reply.json()[name])
        assert [stored] == [str(one) for one in Snippet.objects.values_list(name, flat=True)]
    reply = Client().post("/api/wild.snippet/", {name: "new"}, "application/json")
    assert (201, "new") == (reply.status_code, reply.json()[name])
