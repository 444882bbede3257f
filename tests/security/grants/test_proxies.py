"""The entry of a model holds for its proxies, wherever a relation leads to one."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex import FlexQuery
from tests.clubs.models import Dinner, Jar, Label, Person

ANN, BOB, NOBODY = 1, 2, 3
OPEN = {
    "fields": ["*"],
    "filters": ["*"],
    "order_by": ["*"],
    "aggregates": ["*"],
    "ops": ["get", "list", "aggregate", "add", "edit"],
}
DINNER = {**OPEN, "fields": ["*", "host.name", "guests", "guests.name"]}
ANN_ALONE = {**OPEN, "rows": {"name": "Ann"}}


@pytest.fixture(autouse=True)
def dinners(db: None) -> None:
    """Each hosts the dinner of the same number; Ann and Bob are guests at all of them."""
    for key, name in ((ANN, "Ann"), (BOB, "Bob"), (NOBODY, "Nobody")):
        Person.objects.create(id=key, name=name)
        dinner = Dinner.objects.create(id=key, host_id=key)
        dinner.guests.add(ANN, BOB)


def ask(configure: Any, entries: dict[str, Any], **query: Any) -> Any:
    configure({"dinner": {"anon": DINNER}, **entries})
    return FlexQuery("dinner").execute(query)


#: name: a query, and what it gives where Ann alone is visible
CLAUSES: dict[str, tuple[dict[str, Any], Any]] = {
    "object": (
        {"fields": "host.name"},
        {"1": {"host": {"name": "Ann"}}, "2": {"host": None}, "3": {"host": None}},
    ),
    "list": (
        {"fields": "guests.name", "filters": {"id": 2}},
        {"2": {"guests": [{"name": "Ann"}]}},
    ),
    "filter": ({"fields": "id", "filters": {"host.name": "Bob"}}, {}),
    "quantifier": ({"fields": "id", "filters": {"guests.some": {"name": "Bob"}}}, {}),
    "count": ({"fields": "n:guests.count", "filters": {"id": 1}}, {"1": {"n": 1}}),
}
#: name: the entries beside that of the dinner
ENTRIES: dict[str, dict[str, Any]] = {
    "of-the-model": {"person": {"anon": ANN_ALONE}},
    "of-the-nearest": {"guest": {"anon": ANN_ALONE}, "person": {"anon": OPEN}},
    "of-another-role": {"guest": {"staff": OPEN}, "person": {"anon": ANN_ALONE}},
    "with-a-queryset": {
        "person": {"anon": OPEN, "queryset": lambda _: Person.objects.filter(name="Ann")}
    },
}


@pytest.mark.parametrize("entries", ENTRIES.values(), ids=ENTRIES)
@pytest.mark.parametrize(("query", "expected"), CLAUSES.values(), ids=CLAUSES)
def test_rows_that_an_entry_hides_are_hidden_behind_a_proxy(
    configure: Any, entries: dict[str, Any], query: dict[str, Any], expected: Any
) -> None:
    result = ask(configure, entries, **query)
    assert result.ok, result.error
    assert expected == result.data["results"]


@pytest.mark.parametrize("entries", ENTRIES.values(), ids=ENTRIES)
@pytest.mark.parametrize("name", ["host", "guests"])
def test_a_key_of_a_proxy_points_to_visible_rows_alone(
    configure: Any, entries: dict[str, Any], name: str
) -> None:
    Dinner.objects.all().delete()  # their keys were chosen here, past the sequence
    keys = {"host": BOB, "guests": [BOB]}
    result = ask(configure, entries, _action="add", **{name: keys[name]})
    assert (400, {name: ["2 does not exist."]}) == (result.status_code, result.data["fields"])
    keys = {"host": ANN, "guests": [ANN]}
    assert 201 == ask(configure, entries, _action="add", **{name: keys[name]}).status_code


def test_an_entry_of_the_proxy_itself_comes_before_that_of_its_model(configure: Any) -> None:
    entries = {"dinnerguest": {"anon": OPEN}, "person": {"anon": ANN_ALONE}}
    result = ask(configure, entries, fields="host.name", filters={"id": 2})
    assert {"2": {"host": {"name": "Bob"}}} == result.data["results"]


def test_what_the_manager_of_a_proxy_hides_stays_hidden(configure: Any) -> None:
    Dinner.objects.all().delete()  # their keys were chosen here, past the sequence
    entries = {"person": {"anon": {**OPEN, "rows": {"id.gte": BOB}}}}
    result = ask(configure, entries, _action="add", guests=[NOBODY])
    assert {"guests": ["3 does not exist."]} == result.data["fields"]


def test_what_an_entry_excludes_is_excluded_behind_a_proxy(configure: Any) -> None:
    entries = {"person": {"anon": OPEN, "exclude": ["name"]}}
    configure({"dinner": {"anon": OPEN}, **entries})
    result = FlexQuery("dinner").execute({"fields": "host.name"})
    assert (403, "field.denied") == (result.status_code, result.data["code"])


def test_a_proxy_without_a_manager_of_its_own_costs_no_statement_more(
    configure: Any, django_assert_num_queries: Any
) -> None:
    for key, name in ((1, "seen"), (2, "hidden")):
        Label.objects.create(id=key, name=name)
        Jar.objects.create(id=key, label_id=key)
    rows = {"anon": {**OPEN, "rows": {"name": "seen"}}}
    configure({"jar": {"anon": {**OPEN, "fields": ["*", "label.name"]}}, "clubs.label": rows})
    for _ in range(3):
        with django_assert_num_queries(1):
            result = FlexQuery("jar").execute({"fields": "label.name"})
        assert {"1": {"label": {"name": "seen"}}, "2": {"label": None}} == result.data["results"]
