"""Rows that point to rows of any model are read by the columns that they point with."""

from __future__ import annotations

from typing import Any

import pytest

from tests.marks.conftest import ALL, Ask, Rows

TYPE = ["app_label", "model"]
COLUMNS = pytest.mark.parametrize(
    ("model", "kind", "key"), [("mark", "content_type", "object_id"), ("sticker", "kind", "key")]
)


def expose(settings: Any, model: str, kind: str, key: str, types: Any) -> list[str]:
    """Expose the columns of a model and some of the types; return the columns."""
    columns = [key, *(f"{kind}.{name}" for name in TYPE)]
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {
            model: {"anon": {**ALL, "fields": ["id", *columns], "filters": columns}},
            "contenttypes.contenttype": {"anon": {"rows": types, "fields": TYPE}},
        },
    }
    return columns


@COLUMNS
def test_the_type_is_read_and_filtered_by_its_names(
    ask: Ask, settings: Any, marked: Rows, model: str, kind: str, key: str
) -> None:
    columns = expose(settings, model, kind, key, "*")
    pk: Any = marked.actor.pk if model == "mark" else str(marked.actor.pk)
    where = {f"{kind}.app_label": "marks", f"{kind}.model": "actor", key: pk}

    answer = ask(model, fields=columns, filters=where)

    assert 200 == answer.status, answer.body
    pointed = {key: pk, kind: {"app_label": "marks", "model": "actor"}}
    assert (3 if model == "mark" else 1) == len(answer.results)
    assert all(row == {"id": row["id"], **pointed} for row in answer.results)
    assert 1 == answer.statements


@COLUMNS
def test_a_type_outside_of_the_rows_is_none_and_finds_nothing(
    ask: Ask, settings: Any, marked: Rows, model: str, kind: str, key: str
) -> None:
    columns = expose(settings, model, kind, key, {"model": "film"})

    listed = ask(model, fields=columns).results
    assert {"film", None} == {row[kind] and row[kind]["model"] for row in listed}
    assert [] == ask(model, fields=columns, filters={f"{kind}.model": "actor"}).results
