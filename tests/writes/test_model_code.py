"""What a project's own code changes while a row is saved is stored, and is in the reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db.models.signals import pre_save

from django_flex import FlexQuery
from tests.wild.models import Article, Heard, Part, Plain, Singleton, Twice
from tests.writes.conftest import GRANT, ask

NAMES = [
    "article",
    "stamp",
    "heard",
    "base",
    "plain",
    "part",
    "singleton",
    "twice",
    "generated",
    "strict",
]
#: Each with the column that the project's code fills.
FILLED = {"article": "slug", "stamp": "low", "heard": "slug", "base": "slug", "generated": "slug"}


@pytest.fixture(autouse=True)
def exposed(open_to_everybody: None, configure: Callable[..., None]) -> Iterator[None]:
    keyed = {"plain": {"write_fields": ["*", "code"]}}
    configure({f"wild.{name}": {"anon": {**GRANT, **keyed.get(name, {})}} for name in NAMES})

    def fill(instance: Heard, **_: Any) -> None:
        instance.slug = instance.name.lower()

    pre_save.connect(fill, sender=Heard)
    yield
    pre_save.disconnect(fill, sender=Heard)


def added(model: str, **values: Any) -> Any:
    status, row = ask(f"wild.{model}", "add", **values)
    assert status == 201, row
    return row


@pytest.mark.parametrize("model", FILLED)
def test_edit_stores_what_the_model_fills(model: str) -> None:
    column = FILLED[model]
    row = added(model, name="One")
    assert row[column] == "one"

    status, row = ask(f"wild.{model}", "edit", id=row["id"], name="Two")

    assert (200, "two") == (status, row[column])
    assert "two" == ask(f"wild.{model}", "get", id=row["id"])[1][column]


@pytest.mark.parametrize("model", FILLED)
def test_lists_and_filters_store_what_the_model_fills(model: str) -> None:
    keys = [added(model, name=name)["id"] for name in ("One", "Two")]
    items = [{"id": key, "name": f"Row {n}"} for n, key in enumerate(keys)]
    assert ask(f"wild.{model}", "edit", _items=items)[0] == 200
    found = ask(f"wild.{model}", "list", shape="list", order_by="id")[1]["results"]
    assert ["row-0", "row-1"] == [row[FILLED[model]].replace(" ", "-") for row in found]

    status, _ = ask(f"wild.{model}", "bulk_edit", filters={"id.in": keys}, _set={"name": "Same"})

    found = ask(f"wild.{model}", "list", shape="list")[1]["results"]
    assert (200, {"same"}) == (status, {row[FILLED[model]] for row in found})


def test_upsert_stores_what_the_model_fills() -> None:
    added("plain", code="a", name="one")
    items = [{"code": "a", "name": "two"}, {"code": "b", "name": "three"}]
    status, _ = ask("wild.plain", "upsert", _match="code", _items=items)

    assert (200, ["Two", "Three"]) == (status, [row.name for row in Plain.objects.order_by("pk")])


def test_rows_inside_others_store_what_the_model_fills() -> None:
    article = Article.objects.create(name="a")
    parts = [Part(article=article, name=name) for name in ("One", "Two")]
    for part in parts:
        part.save()
    first, second = (part.pk for part in parts)

    change = {"$set": [{"id": first, "name": "New"}, {"name": "Third"}]}
    status, reply = ask("wild.article", "edit", id=article.pk, parts=change)

    assert status == 200, reply
    assert ["new", "third"] == list(Part.objects.order_by("pk").values_list("slug", flat=True))
    assert not Part.objects.filter(pk=second).exists()


def test_other_columns_keep_their_values() -> None:
    row = added("article", name="One", note="mine")
    ask("wild.article", "edit", id=row["id"], name="Two")

    assert "mine" == Article.objects.get().note


def test_save_and_delete_without_arguments() -> None:
    assert "Ada Lovelace" == added("plain", code="a", name=" ada lovelace ")["name"]
    added("plain", code="b", name="x")
    added("plain", code="c", name="x")
    status, row = ask("wild.plain", "edit", id="a", name="bob")
    assert (200, "Bob") == (status, row["name"])

    assert 200 == ask("wild.plain", "delete", id="a")[0]
    assert 200 == ask("wild.plain", "delete", _items=["b"])[0]
    assert 200 == ask("wild.plain", "bulk_delete", filters={"name": "X"})[0]
    assert not Plain.objects.exists()


@pytest.mark.parametrize("many", [False, True], ids=["one", "list"])
def test_key_that_was_sent_takes_over_no_row(many: bool) -> None:
    added("plain", code="a", name="Owner")
    row = {"code": "a", "name": "thief"}
    status, reply = ask("wild.plain", "add", **({"_items": [row]} if many else row))

    assert status in {400, 409}, reply
    assert "Owner" == Plain.objects.get().name


def test_model_may_choose_the_row_that_it_writes() -> None:
    added("singleton", name="one")
    added("singleton", name="two")

    assert ["two"] == list(Singleton.objects.values_list("name", flat=True))


def test_model_may_save_itself_twice() -> None:
    row = added("twice", name="one")

    assert f"N-{row['id']}" == row["number"] == Twice.objects.get().number


OTHERS = ["price", "gap", "serial", "flag", "address", "rank", "colours"]


@pytest.mark.parametrize("column", ["name", "number", "data", "day", *OTHERS])
def test_null_for_a_column_that_may_only_be_blank_names_it(column: str) -> None:
    key = added("strict", name="a")["id"]
    refusals = [
        ask("wild.strict", "add", **{column: None}),
        ask("wild.strict", "edit", id=key, **{column: None}),
        ask("wild.strict", "bulk_edit", filters={"id": key}, _set={column: None}),
    ]
    assert [(400, {column: ["null"]})] * 3 == [(s, body.get("codes")) for s, body in refusals]

    status, body = ask("wild.strict", "add", _items=[{"name": "b"}, {column: None}])

    assert (400, "_items[1]", [column]) == (status, body["path"], list(body["fields"])), body


def test_errors_of_several_columns_come_together() -> None:
    status, body = ask("wild.strict", "add", name=None, network="x", number=None)

    assert (400, {"name", "network", "number"}) == (status, set(body["fields"]))


@pytest.mark.parametrize("operation", ["add", "edit", "delete", "bulk_delete"])
def test_value_error_refuses_without_its_text(operation: str) -> None:
    key = added("strict", name="a")["id"]
    spec: dict[str, Any] = {
        "add": {"name": "refused"},
        "edit": {"id": key, "name": "refused"},
        "delete": {"id": key},
        "bulk_delete": {"filters": {"id": key}},
    }[operation]
    status, body = ask("wild.strict", operation, **spec)

    assert (400, "write.invalid") == (status, body["code"])
    assert "secret" not in str(body)


def test_faults_of_a_model_stay_faults() -> None:
    with pytest.raises(KeyError):
        FlexQuery("wild.strict").execute({"_action": "add", "name": "broken"})
