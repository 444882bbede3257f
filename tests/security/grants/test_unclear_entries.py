"""Where it is not clear for which model an entry is, or what it says, nothing leads to the rows."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest
from django.db.models import Model
from django.utils.translation import gettext_lazy

from django_flex import FlexQuery
from django_flex.conf import get_settings
from tests.clubs.models import Board, Jar, Label


class Kinds(Enum):
    LABEL = "clubs.label"


ALL = ["get", "list", "aggregate", "add", "edit", "delete"]
OPEN = {"fields": ["*"], "filters": ["*"], "order_by": ["*"], "aggregates": ["*"], "ops": ALL}
#: What the grants on the models that lead to a label write out.
NAMED = {
    "jar": {
        "fields": ["*", "label", "label.name"],
        "filters": ["*", "label.name", "label.name.icontains"],
        "order_by": ["*", "label.name"],
        "aggregates": ["*", "label.name.max"],
        "search": ["label.name"],
        "write_fields": ["label"],
    },
    "board": {
        "fields": ["*", "labels", "labels.name"],
        "filters": ["*", "labels.name"],
        "aggregates": ["*", "labels.count", "labels.name.max"],
        "write_fields": ["title", "labels"],
    },
}
#: name: the model asked, a query, and the results
READS: dict[str, tuple[str, dict[str, Any], Any]] = {
    "wildcard": ("jar", {"fields": "label.*"}, {"1": {"label": None}}),
    "named": ("jar", {"fields": "label.name"}, {"1": {"label": None}}),
    "filter": ("jar", {"fields": "id", "filters": {"label.name": "hidden"}}, {}),
    "operator": ("jar", {"fields": "id", "filters": {"label.name.icontains": "hid"}}, {}),
    "search": ("jar", {"fields": "id", "search": "hidden"}, {}),
    "aggregate": ("jar", {"_action": "aggregate", "aggregate": "m:label.name.max"}, {"m": None}),
    "group": (
        "jar",
        {"_action": "aggregate", "group_by": "label.name", "aggregate": "count"},
        [{"label": {"name": None}, "count": 1}],
    ),
    "list": ("board", {"fields": "labels.name"}, {"1": {"labels": []}}),
    "keys": ("board", {"fields": "labels"}, {"1": {"labels": []}}),
    "count": ("board", {"fields": "n:labels.count"}, {"1": {"n": 0}}),
    "quantifier": ("board", {"fields": "id", "filters": {"labels.some": {"name": "hidden"}}}, {}),
}
#: Writes of the key of a label.
WRITES: list[tuple[str, dict[str, Any]]] = [
    ("jar", {"_action": "add", "label": 1}),
    ("board", {"_action": "edit", "_id": 1, "labels": [1]}),
]
#: What an entry may say of a label, as far as that can be said at all.
RULES = {"anon": {**OPEN, "rows": {"name": "seen"}}}
#: name: the entries whose meaning is not clear, and the check that says so
UNCLEAR: dict[str, tuple[dict[Any, Any], str]] = {
    "name-of-several": ({"label": RULES}, "E004"),
    "other-role": ({"label": {"staff": OPEN}}, "E004"),
    "entries-for-one": ({"clubs.label": {"staff": OPEN}, "CLUBS.label": RULES}, "E004"),
    "class": ({Label: RULES}, "E009"),
    "plural": ({"clubs.labels": RULES}, "E003"),
    "path-of-the-class": ({"tests.clubs.models.Label": RULES}, "E003"),
    "space": ({"clubs.label ": RULES}, "E003"),
    "bytes": ({b"clubs.label": RULES}, "E009"),
    "bytes-of-no-text": ({b"\xff": RULES}, "E009"),
    "tuple": ({("clubs", "Label"): RULES}, "E009"),
    "tuple-of-a-class": ({(Label,): RULES}, "E009"),
    "number": ({1: RULES}, "E009"),
    "none": ({None: RULES}, "E009"),
    "lazy-text": ({gettext_lazy("clubs.label"): RULES}, "E009"),
    "row": ({Label(id=1): RULES}, "E009"),
    "options": ({Label._meta: RULES}, "E009"),
    "manager": ({Label.objects: RULES}, "E009"),
    "abstract-class": ({Model: RULES}, "E009"),
    "enumeration": ({Kinds.LABEL: RULES}, "E009"),
    "typing-error": ({"clubs.lable": RULES}, "E003"),
    "another-app": ({"club.label": RULES}, "E003"),
    "empty-and-misspelt": ({"lable": {}}, "E003"),
    "nothing-like-it": ({"xyzzy": RULES}, "E003"),
    "no-roles": ({"clubs.label": ["anon"]}, "E009"),
    "grant-for-roles": ({"clubs.label": RULES["anon"]}, "E005"),
}


@pytest.fixture(autouse=True)
def rows(db: None) -> None:
    label = Label.objects.create(id=1, name="hidden")
    Jar.objects.create(id=1, label_id=1)
    Board.objects.create(id=1, title="board").labels.add(label)


def opened(unclear: str) -> dict[Any, Any]:
    entries = {name: {"anon": {**OPEN, **said}} for name, said in NAMED.items()}
    return {**entries, **UNCLEAR[unclear][0]}


@pytest.mark.parametrize("unclear", UNCLEAR)
def test_no_way_leads_to_the_rows_of_an_unclear_entry(unclear: str, configure: Any) -> None:
    configure(opened(unclear))

    for clause, (model, query, expected) in READS.items():
        found = FlexQuery(model).execute(query)
        assert expected == found.data.get("results"), (clause, found.data)

    assert UNCLEAR[unclear][1] in {problem.id for problem in get_settings().problems}


@pytest.mark.parametrize("unclear", UNCLEAR)
def test_nothing_is_pointed_to_the_rows_of_an_unclear_entry(unclear: str, configure: Any) -> None:
    configure(opened(unclear))
    Board.objects.get().labels.clear()

    for model, change in WRITES:
        found = FlexQuery(model).execute(change)
        assert 400 == found.status_code, found.data
        assert "does not exist" in str(found.data)

    assert (1, 0) == (Jar.objects.count(), Label.objects.filter(boards=1).count())


@pytest.mark.parametrize("unclear", UNCLEAR)
def test_an_unclear_entry_is_not_served(unclear: str, configure: Any) -> None:
    configure(opened(unclear))

    models: list[Any] = ["label", "labels", "clubs.label", Label]
    for model in models:
        for query in ({}, {"_action": "get", "_id": 1}):
            assert FlexQuery(model).execute(query).status_code in {401, 403, 404}, model


def test_a_key_that_tells_nothing_closes_no_model_with_an_entry(configure: Any) -> None:
    configure({**opened("nothing-like-it"), "clubs.label": RULES})

    found = FlexQuery("jar").execute({"fields": "label.name"})
    assert {"1": {"label": None}} == found.data["results"]  # by the rule of the entry
    Label.objects.update(name="seen")
    found = FlexQuery("jar").execute({"fields": "label.name"})
    assert {"1": {"label": {"name": "seen"}}} == found.data["results"]


@pytest.mark.parametrize(
    "expose",
    [
        pytest.param([("clubs.label", {"anon": OPEN})], id="pairs"),
        pytest.param("*", id="text"),
        pytest.param({"clubs.label"}, id="set"),
        pytest.param(lambda: {"clubs.label": {"anon": OPEN}}, id="callable"),
    ],
)
def test_what_is_no_dictionary_of_entries_serves_nothing(settings: Any, expose: Any) -> None:
    settings.DJANGO_FLEX = {"EXPOSE": expose, "REQUIRE_AUTHENTICATION": False}
    assert 404 == FlexQuery("clubs.label").execute({}).status_code
    assert any(one.id.startswith("E") for one in get_settings().problems)
