"""A generic foreign key tells and takes no more than its columns may, and keeps nothing of a rollback."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType

from tests.marks.conftest import ALL, Ask, Rows
from tests.marks.models import Festival, Mark

WITHOUT_COLUMNS = {**ALL, "exclude": ["content_type", "object_id"]}


@pytest.mark.parametrize(
    "clauses",
    [
        {"fields": "target.film.id"},
        {"fields": "text, target.film.title"},
        {"filters": {"target.film.title": "Brazil"}},
        {"filters": {"target.film.isnull": True}},
        {"order_by": "target.film.title"},
        {"distinct": "target.film.title", "fields": "target.film.title"},
    ],
)
def test_excluded_columns_are_not_told_by_the_way_over_them(
    ask: Ask, expose: Any, marked: Rows, clauses: dict[str, Any]
) -> None:
    expose(mark=WITHOUT_COLUMNS)
    assert 403 == ask("mark", "list", **clauses).status

    expose(mark=ALL)
    assert 200 == ask("mark", "list", **clauses).status


@pytest.mark.parametrize("column", ["content_type", "object_id"])
def test_one_excluded_column_is_enough(ask: Ask, expose: Any, marked: Rows, column: str) -> None:
    expose(mark={**ALL, "exclude": [column]})

    assert 403 == ask("mark", "list", fields="target.film.title").status


@pytest.mark.parametrize("clause", ["order_by", "distinct"])
def test_rows_of_two_models_with_one_key_are_not_one_value(
    ask: Ask, expose: Any, marked: Rows, clause: str
) -> None:
    expose(mark={**ALL, "fields": ["*", "target"]})
    refused = ask("mark", "list", fields="target", **{clause: "target"})

    assert (400, "'target.type', 'target.id'") == (refused.status, refused.body["hint"])


def test_a_type_that_a_dry_run_has_added_is_forgotten_with_it(
    ask: Ask, expose: Any, marked: Rows
) -> None:
    Festival.objects.create(code="cannes", name="Cannes")
    ContentType.objects.filter(app_label="marks", model="festival").delete()
    ContentType.objects.clear_cache()
    sticker = {"type": "marks.festival", "id": "cannes"}
    expose(sticker={**ALL, "fields": ["*", "on"]})

    tried = ask("sticker", "add", label="tried", on=sticker, _dry_run=True)
    assert 201 == tried.status, tried.body
    added = ask("sticker", "add", label="kept", on=sticker, _fields="kind")
    assert 201 == added.status, added.body
    assert ContentType.objects.filter(pk=added.body["kind"], model="festival").exists()
    assert not Mark.objects.filter(content_type=added.body["kind"]).exists()
