"""Generic keys as texts that no key of their model can be: UUIDs, numbers and texts behind them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType

from tests.marks.conftest import ALL, Ask, Rows
from tests.marks.models import Mark, Sticker, Studio
from tests.wild.models import Plain

UNREADABLE = ["x7", "", "9" * 30, "1.5", "-", "9f3c", "{}", "é"]


def stuck(model: Any, key: Any, label: str, mark: Mark | None = None) -> Sticker:
    kind = ContentType.objects.get_for_model(model)
    return Sticker.objects.create(label=label, kind=kind, key=str(key), mark=mark)


@pytest.fixture
def targets(marked: Rows) -> dict[str, Any]:
    """A row with a UUID as its key, and one with a text, each with a sticker; and many others."""
    studio, plain = Studio.objects.create(name="pixar"), Plain(code="DE", name="Pixar")
    plain.save()
    Sticker.objects.all().delete()
    for target in (studio, plain):
        for number, key in enumerate(UNREADABLE):
            stuck(type(target), key, f"{target._meta.model_name} {number}")
        stuck(type(target), target.pk, f"{target._meta.model_name} whole")
    return {"studio": ("pixar", studio), "plain": ("Pixar", plain)}


@pytest.mark.parametrize("name", ["studio", "plain"])
def test_rows_behind_them_are_none(
    ask: Ask, expose: Any, targets: dict[str, Any], name: str
) -> None:
    expose(**{"wild.plain": ALL, "studio": ALL, "sticker": ALL})
    said, _ = targets[name]
    own, whole = {"label.startswith": name}, f"{name} whole"
    path = f"on.{name}.name"
    listed = ask("sticker", fields=f"label, {path}", filters=own, shape="list")
    assert 200 == listed.status, listed.body
    shown = {row["label"]: row["on"][name] for row in listed.body["results"]}
    assert {whole: {"name": said}} == {label: one for label, one in shown.items() if one}
    assert len(UNREADABLE) + 1 == len(shown)
    for filters, expected in (
        ({path: said}, [whole]),
        ({f"{path}.ne": said}, None),
        ({f"{path}.in": [said, "other"]}, [whole]),
        ({f"{path}.isnull": False}, [whole]),
    ):
        found = ask("sticker", fields="label", filters={**own, **filters}, shape="list")
        assert 200 == found.status, found.body
        labels = [row["label"] for row in found.body["results"]]
        assert labels == expected if expected else whole not in labels
    ordered = ask("sticker", filters=own, fields="label", order_by=f"{path}.nulls_last", limit=1)
    assert (200, whole) == (ordered.status, ordered.body["results"][0]["label"])


@pytest.mark.parametrize("key", UNREADABLE)
@pytest.mark.parametrize("name", ["studio", "plain"])
def test_a_rule_behind_one_keeps_the_row_that_is_deleted_by_filter(
    ask: Ask, expose: Any, targets: dict[str, Any], name: str, key: str
) -> None:
    said, target = targets[name]
    mark = Mark.objects.get(text="a1")
    stuck(type(target), key, "on the mark", mark)
    by_filter = {"filters": {"text": "a1"}, "_max_affected": 5}
    may = {**ALL, "ops": [*ALL["ops"], "bulk_delete"]}
    rule = {f"on.{name}.name": said}

    expose(**{"wild.plain": ALL, "studio": ALL, "mark": may, "sticker": {**may, "rows": rule}})
    kept = ask("mark", "bulk_delete", **by_filter)
    assert (409, "write.cascade") == (kept.status, kept.body["code"])
    assert Sticker.objects.filter(label="on the mark").exists()

    rule = {"not": rule}
    expose(**{"wild.plain": ALL, "studio": ALL, "mark": may, "sticker": {**may, "rows": rule}})
    gone = ask("mark", "bulk_delete", **by_filter)
    assert (200, 1) == (gone.status, gone.body["affected"]), gone.body
    assert not Sticker.objects.filter(label="on the mark").exists()
